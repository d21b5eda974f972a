"""The values of the gallery: cases, their stages, the photographs in them, and what patients agreed to."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

Digest = NewType("Digest", str)
"""SHA-256 of a file's bytes, tagged with its kind: `sha256:` and 64 hexadecimal digits."""

PUBLIC_CHANNEL = "website"


class CaseStatus(StrEnum):
    """Whether a case may be shown at all; a number is never reused, even after withdrawal."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"


class Performer(StrEnum):
    """Who did the work that a stage shows: nobody may pass as ours who was treated elsewhere."""

    US = "us"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A patient's case under its permanent number ("Patient 51"); one held is not released yet."""

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
    """One point of a case's story; `elapsed` is plain words ("immediately", "7 days", "1 year")."""

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
    """An original sealed in the vault; `file` is its name as given at import and is never published."""

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
    """What a patient signed; no photos means every photo of the case, also those added later.

    Args:
        ends_at_event: What ends it, if not a day, in the form's own words; people watch for it.
        photos: The ids of the photos it covers, or None for all.
        channels: Where they may be shown ("website", "social", …).
        missing: Elements that the form lacks, in plain words; such a consent permits nothing.
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
    """What the person who took a picture is to the practice: it decides who owns the picture."""

    EMPLOYEE = "employee"
    OWNER = "owner"
    CONTRACTOR = "contractor"
    PATIENT = "patient"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Saved:
    """When a section was last saved; version 0 means never."""

    version: int = 0
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """Facts of a case that only staff see: the light, and the chart number as it is encrypted."""

    light: str = ""
    chart: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Who took a picture, what they are to the practice, with what, and what they chose."""

    person: str
    relation: Relation
    camera: str = ""
    choices: str = ""
    assignment: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What a picture shows for readers who cannot see it, and the line under it."""

    alt: str
    caption: str


class Method(StrEnum):
    """Who decided how a pair lies: the program, two points that a person clicked, or a person who left it as taken."""

    AUTOMATIC = "automatic"
    POINTS = "points"
    AS_TAKEN = "as taken"


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the second photo of a pair is laid over the first: a 2 by 3 matrix, found or clicked."""

    transform: tuple[tuple[float, float, float], tuple[float, float, float]]
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A doctor's or patient's answer to one exact content of a case; no answer yet is None."""

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
    """Photographs and the stages they are sorted into; `case` is set when they are for one there is."""

    id: int
    case: int | None
    stages: tuple[str, ...]
    version: int
    created_by: str
    created_at: datetime
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhoto:
    """A photograph of a dropped file; part of an old composite has the digest of the whole, and a box."""

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
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPhoto:
    """A photograph of a draft and where it was put: stage 1 is the first, 0 means set aside."""

    id: int
    draft: int
    file: str
    digest: Digest
    composite: Digest | None
    box: Box | None
    size: int
    file_size: int
    width: int
    height: int
    format: str
    taken_at: str
    camera: str
    stage: int
    view: str
    position: int
    why: str
    sure: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photograph belongs: the number of its stage (0: set aside), and its view.

    Args:
        why: What a proposal rests on, in plain words; empty where a person decided.
        sure: 0 to 1.
    """

    stage: int
    view: str
    why: str = ""
    sure: float = 1.0


@dataclass(frozen=True, slots=True)
class Publication:
    """How a photo is public: under a random name, which stands for files of this recipe and no other."""

    token: str
    recipe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCopy:
    """A copy of a case's photo that was seen on another site, and what the legal desk decided about it.

    Args:
        page: The address it was seen at; hostile text, to be shown and never to be followed.
    """

    finding: int
    case: int
    page: str
    decision: str


def subject_of(case: int, stage: str) -> str:
    """Name a photo as a sentence's subject: `Patient 51's after photo`."""
    return f"Patient {case}'s {stage} photo"


def count(number: int, noun: str) -> str:
    """Say how many: `1 photo`, `2 photos`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
