"""The values of the gallery."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

Digest = NewType("Digest", str)
"""SHA-256 of a file's bytes, tagged with its kind: `sha256:` and 64 hexadecimal digits."""

PUBLIC_CHANNEL = "website"


class CaseStatus(StrEnum):
    """Whether a case may be shown at all."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class Performer(StrEnum):
    """Who did the work that a stage shows."""

    US = "us"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient's case under its permanent number.

    A case that is held is not released for publication yet.
    """

    number: int
    status: CaseStatus = CaseStatus.OPEN
    limits: str = ""
    region: str = ""
    classification: str = ""
    hair_length: str = ""
    minor: bool = False
    held: bool = False
    tags: tuple[str, ...] = ()
    created_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One point of a case's story.

    `elapsed` is plain words ("immediately", "7 days", "1 year").
    """

    id: int = 0
    case: int
    position: int = 0
    label: str
    procedure: str = ""
    performed_by: Performer = Performer.UNKNOWN
    session: int | None = None
    sessions: int | None = None
    elapsed: str = ""
    in_progress: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """An original sealed in the vault.

    `file` is its name as given at import and is never published.
    """

    id: int = 0
    case: int
    stage_id: int = 0
    stage: str
    stage_position: int = 0
    view: str
    file: str
    digest: Digest
    bytes: int
    width: int
    height: int
    format: str
    taken_at: str = ""
    taken_by: str = ""
    alt: str = ""
    caption: str = ""
    imported_at: datetime | None = None
    first_published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What a patient signed for some or all photos.

    `ends_at_event` is what ends it, if not a day, in the form's own words; people watch for it. `photos` are ids,
    None for all. `channels` are where they may be shown ("website", "social", …). One with `missing` elements permits
    nothing.
    """

    id: int = 0
    case: int
    signed_on: date
    expires_on: date | None = None
    ends_at_event: str = ""
    channels: frozenset[str] = frozenset({PUBLIC_CHANNEL})
    photos: frozenset[int] | None = None
    document: Digest | None = None
    missing: tuple[str, ...] = ()
    recorded_at: datetime | None = None
    withdrawn_at: datetime | None = None


class Section(StrEnum):
    """Parts of a case that are saved each for itself."""

    FACTS = "facts"
    AUTHORS = "authors"
    WORDS = "words"
    PAIRS = "pairs"
    CONSENT = "consent"


class Relation(StrEnum):
    """What who took a picture is to the practice.

    It decides who owns the picture.
    """

    EMPLOYEE = "employee"
    OWNER = "owner"
    CONTRACTOR = "contractor"
    PATIENT = "patient"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Saved:
    """When a section was last saved, never at version 0."""

    version: int = 0
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """The light and the encrypted chart number, for staff only."""

    light: str = ""
    chart: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Who took a picture, with what, and as what."""

    person: str
    relation: Relation
    camera: str = ""
    choices: str = ""
    assignment: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A picture's description for who cannot see it, and its caption."""

    alt: str
    caption: str


class Method(StrEnum):
    """Who decided how a pair is aligned.

    The program, two points that a person clicked, or a person who left it as taken.
    """

    AUTOMATIC = "automatic"
    POINTS = "points"
    AS_TAKEN = "as taken"


@dataclass(frozen=True, slots=True)
class Alignment:
    """A matrix (2 by 3) from a pair's second photo to its first."""

    transform: tuple[tuple[float, float, float], tuple[float, float, float]]
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The answer, if any, to one exact content of a case."""

    id: int
    case: int
    asked: str
    content: str
    asked_by: str
    asked_at: datetime
    answer: str | None
    answered_by: str
    words: str


Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Photographs sorted into stages, for a new case or `case`."""

    id: int
    case: int | None
    stages: tuple[str, ...]
    version: int
    created_by: str
    created_at: datetime
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedPhoto:
    """A photograph of a dropped file, or part of a composite.

    A part has the digest of the whole, and its box there in pixels.
    """

    file: str
    digest: Digest
    composite: Digest | None = None
    box: Box | None = None
    size: int
    file_size: int
    width: int
    height: int
    format: str
    taken_at: str
    camera: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoto(DroppedPhoto):
    """A dropped photograph that no draft has yet."""

    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPhoto(DroppedPhoto):
    """A photograph of a draft and where it was put.

    Stage 1 is the first, 0 means set aside.
    """

    id: int
    draft: int
    stage: int
    view: str
    position: int
    why: str
    sure: float


@dataclass(frozen=True, slots=True)
class Place:
    """The stage and view where a photograph belongs.

    Stage 1 is the first, 0 means set aside. `why` is what a proposal rests on, empty where a person decided; `sure` is
    0 to 1.
    """

    stage: int
    view: str
    why: str = ""
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class Publication:
    """The random name under which a photo of this recipe is public."""

    token: str
    recipe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCopy:
    """A copy seen on another site, and what was decided about it.

    `page` is hostile text, to be shown and never to be followed.
    """

    finding: int
    case: int
    page: str
    decision: str


def subject_of(case: int, stage: str) -> str:
    """Name a photo as a sentence's subject ("Patient 51's after photo")."""
    return f"Patient {case}'s {stage} photo"


def count(number: int, noun: str) -> str:
    """Say how many ("1 photo", "2 photos")."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
