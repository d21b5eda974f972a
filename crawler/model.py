"""The crawler's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from crawler.errors import RefusedError
from crawler.presence import FileState, Presence
from crawler.reasons import Reason
from watermark.matching.verdict import Verdict

UNREADABLE, TOO_LARGE = "unreadable", "too-large"


class Listing(StrEnum):
    """Why a site is known.

    Watched, allowed to show our photos, named by a tip, or visited no more.
    """

    WATCH = "watch"
    ALLOW = "allow"
    TIP = "tip"
    REMOVED = "removed"


class Kind(StrEnum):
    """What an address is expected to be, until its bytes decide."""

    PAGE = "page"
    IMAGE = "image"
    STYLE = "style"
    MAP = "map"


class Standing(StrEnum):
    """What came of the last visit of an address."""

    WAITING = "waiting"
    DONE = "done"
    GONE = "gone"
    FAILED = "failed"
    SKIPPED = "skipped"


class Step(StrEnum):
    """Where a failure happened."""

    ROBOTS = "robots"
    FETCH = "fetch"
    READ = "read"
    MATCH = "match"


class Decision(StrEnum):
    """What a person decided about a finding.

    `open` takes a decision back.
    """

    OPEN = "open"
    INFRINGEMENT = "infringement"
    LICENSED = "licensed"
    DISMISSED = "dismissed"
    UNSURE = "unsure"


class Absence(StrEnum):
    """What proves that a picture is not there."""

    NOT_YET = "not-yet"
    PAGE_WITHOUT = "page-without"
    PAGE_GONE = "page-gone"
    FILE_GONE = "file-gone"
    OTHER_BYTES = "other-bytes"


class Outcome(StrEnum):
    """How the visit of a site, or a whole run, ended."""

    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site under watch or on the allow-list.

    A visit starts at `url`, which is canonical. `allowance` holds pairs of address and port ("127.0.0.1:8001") that
    may be reached although they are private. `delay_s` is the least number of seconds between two requests to one
    host; None takes the settings' value. `slots` counts requests at the same time to one host, 1 unless the site is
    ours or a test.
    """

    id: int = 0
    url: str
    listing: Listing = Listing.WATCH
    note: str = ""
    allowance: frozenset[str] = frozenset()
    delay_s: float | None = None
    slots: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What is known of one URL of a site.

    Args:
        url: Canonical.
        kind: What the bytes were, or are expected to be.
        rank: The lower, the sooner (known hits first).
        depth: Clicks from the site's start.
        final: Where redirects ended; validators belong to that address.
        digest: SHA-256 of the last body, or "".
        matched_upto: The highest photo id that the image was compared with; 0 = never.
        due_at: Not to be visited before this time (UTC).
        changed_at: When the bytes were last seen to be others; the longer ago, the rarer the visits.
        tries: Failures in a row.
        reason: Of a failure, or of being left alone.
        parent: The page that it was first seen on.
    """

    url: str
    kind: Kind
    standing: Standing = Standing.WAITING
    rank: int = 5
    depth: int = 0
    status: int = 0
    etag: str = ""
    last_modified: str = ""
    final: str = ""
    digest: str = ""
    matched_upto: int = 0
    fetched_at: datetime | None = None
    due_at: datetime | None = None
    changed_at: datetime | None = None
    tries: int = 0
    reason: Reason | None = None
    parent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What is known of one host.

    Args:
        host: "example.org" or "example.org:8080".
        robots: The text as read; "" when there was none.
        robots_status: HTTP status, or 0 when it could not be reached.
        robots_at: When robots.txt was last read well.
        parked_until: Not before this time: Retry-After, or too many failures in a row.
        latency_s: Typical seconds per answer.
        failures: Network failures in a row.
        asked_at: When the last request was sent, so that a pause holds over the end of a slice.
    """

    host: str
    robots: str = ""
    robots_status: int = 0
    robots_at: datetime | None = None
    parked_until: datetime | None = None
    latency_s: float = 0.0
    failures: int = 0
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteState:
    """All that the next visit of a site needs to know."""

    addresses: Mapping[str, Address] = field(default_factory=dict)
    hosts: Mapping[str, HostState] = field(default_factory=dict)
    barren: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLink:
    """An image that a page shows or links.

    `url` is canonical; for an image inside the page itself, `data:` and its SHA-256, with its bytes in `body`.
    `element` is the tag ("img", "a", "style", …); `via` the attribute or rule that named it ("srcset", "css",
    "json-ld", "original", …); `claim` the words that follow it, up to the next picture or heading.
    """

    url: str
    element: str
    via: str
    alt: str = ""
    caption: str = ""
    heading: str = ""
    claim: str = ""
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen:
    """What one visit of a page showed.

    `is_whole` when the page itself was read, not only named elsewhere.

    `source` is the document that named the images, such as a style sheet; "" for the page itself.
    """

    url: str
    title: str
    images: tuple[ImageLink, ...]
    signals: tuple[str, ...] = ()
    is_whole: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one address answered, by the wall clock of that very answer.

    Args:
        final: Where redirects ended, or "".
        digest: Of the bytes that were proven there, by 200 or 304; "" where none were.
        is_read: Whether what it names is known: markup that was read, now or when it was last another.
        sent: Not later than the request went out.
        received: Not earlier than the answer was whole.
    """

    url: str
    final: str
    status: int
    digest: str
    is_read: bool
    sent: datetime
    received: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What matching said about one picture's bytes.

    Args:
        digest: `sha256:` of the bytes.
        verdict: copy, same-scene, possible, cannot-tell, none; or "unreadable", "too-large".
        upto: The highest photo id that it was compared with.
        answer: The whole answer as JSON, for the report.
        also: Further photos of ours in the same picture, with their probabilities.
        trouble: Why the bytes could not be looked at, or "".
        look: How the picture looks, as text, where something of ours is in it: the same picture saved again
            looks nearly the same.
        carries_our_mark: Our mark is in the picture, whatever else is.
        basis: What it rests on beside the photos, as JSON; see `JudgementRecord`.
    """

    digest: str
    verdict: str
    upto: int
    photo: int | None = None
    probability: float = 0.0
    explanation: str = ""
    answer: str = "{}"
    width: int = 0
    height: int = 0
    trouble: str = ""
    also: tuple[tuple[int, float], ...] = ()
    look: str = ""
    carries_our_mark: bool = False
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that could not be done."""

    url: str
    step: Step
    trouble: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitCounts:
    """How much a visit did."""

    pages: int = 0
    images: int = 0
    unchanged: int = 0
    bytes: int = 0
    requests: int = 0
    skipped: int = 0
    failed: int = 0

    def __add__(self, other: "VisitCounts") -> "VisitCounts":
        """Sum two visits."""
        return VisitCounts(**{name: getattr(self, name) + getattr(other, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What downloads showed, to be written down."""

    pages: tuple[PageSeen, ...] = ()
    readings: tuple[Reading, ...] = ()
    unchanged: tuple[str, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    kept: Mapping[str, bytes] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceResult(Seen):
    """What one slice of a site's visit changed and saw."""

    addresses: tuple[Address, ...] = ()
    hosts: tuple[HostState, ...] = ()
    barren: Mapping[str, int] = field(default_factory=dict)
    tally: VisitCounts = VisitCounts()
    more: bool = False
    resume_at: datetime | None = None
    limit: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecord:
    """What one person decided at one time."""

    decision: Decision
    by: str
    at: datetime
    note: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSighting:
    """What a person says to have seen, apart from what the machine saw."""

    url: str
    seen_at: datetime
    by: str
    recorded_at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRecord:
    """What the machine said of a finding at one time.

    `matcher` is its version, "" where an older version of pairwatch did not write it down; `marks` are those that it
    knew as ours. `answer` is empty where it speaks of another photo of ours first.
    """

    at: datetime
    matcher: str
    marks: tuple[str, ...]
    settings: Mapping[str, object]
    upto: int
    verdict: Verdict
    probability: float
    explanation: str
    answer: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the machine says of an image at a site.

    Where `photo_id` is None it is none of our catalogued photos, but carries our mark: nothing is said of a copy then.

    Args:
        judgements: Every one, the newest first.
        sightings: Every page, element and wording in which the image was seen, the newest first.
        first_seen: First proven present, or as an older version wrote it down.
        last_seen: Last proven present, or as an older version wrote it down.
        name: The file name of our photo, as given at import; it may name a patient, so it never leaves the house.
        view: Which view our photo shows.
        original: The digest of our photo's original.
        also: What else of ours is in the same picture, as in a collage or an animation.
        numbers: Its number, and those of older findings that are one with it.
        decisions: All that people decided, the newest first.
        waits: Whether joined findings were decided differently, and nobody has decided since.
        listing: Of its site.
        presence: The spans of the whole site; None where nothing was recorded by answers.
        pages: The spans of each page.
        recorded: "by-answer", "old" for what an older version wrote down, or "both".
        persons: What people say to have seen of the same photo there.
    """

    id: int
    site_url: str
    page_url: str
    image_url: str
    photo_id: int | None
    name: str
    case: int | None
    stage: str
    digest: str
    judgements: tuple[JudgementRecord, ...]
    first_seen: datetime
    last_seen: datetime
    decision: Decision = Decision.OPEN
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    sightings: tuple["Sighting", ...] = ()
    view: str = ""
    original: str = ""
    also: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()
    waits: bool = False
    listing: Listing = Listing.WATCH
    presence: Presence | None = None
    pages: tuple[Presence, ...] = ()
    recorded: str = "by-answer"
    persons: tuple[PersonSighting, ...] = ()

    def __post_init__(self) -> None:
        """Refuse to be called an infringement by anybody but a named person.

        Raises:
            RefusedError: The decision and the type disagree, or nobody is named for it.
        """
        confirmed = self.decision is Decision.INFRINGEMENT
        named = bool(self.decided_by) and self.decided_at is not None
        if isinstance(self, Infringement) is not confirmed or (confirmed and not named):
            raise RefusedError(
                f"finding {self.id} is {self.decision}, not confirmed by a person",
                hint="a person decides: pairwatch review ID infringement --by NAME",
            )

    @property
    def verdict(self) -> Verdict:
        """What the machine says today."""
        return self.judgements[0].verdict

    @property
    def state(self) -> str:
        """Whether it is open, decided, settled by the allow-list, or waits for a person."""
        if self.waits:
            return "conflict"
        if self.decision is not Decision.OPEN:
            return "decided"
        return "allowed" if self.listing is Listing.ALLOW else "open"

    @property
    def file(self) -> FileState:
        """Whether its file is named by a page, only served, gone, or unknown."""
        return self.presence.file if self.presence else FileState.UNKNOWN

    @property
    def probability(self) -> float:
        """How sure it is of that."""
        return self.judgements[0].probability

    @property
    def explanation(self) -> str:
        """Why, in its own sentences."""
        return self.judgements[0].explanation

    @property
    def answer(self) -> Mapping[str, Any]:
        """The matcher's whole answer of today."""
        return self.judgements[0].answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Infringement(Finding):
    """A finding that a person has confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """These bytes, at this address, on this page, in these words.

    Args:
        named_by: The document that names the image: the page, its style sheet, a sitemap or a redirect.
        first_seen: When the answers of the first time were whole.
        last_seen: When the answers of the last time were whole.
        page_sent: When the page was asked for the first time; None in rows of older versions.
        recorded: "by-answer", or "old" for what an older version wrote down.
    """

    page_url: str
    element: str
    via: str
    alt: str
    caption: str
    heading: str
    first_seen: datetime
    last_seen: datetime
    claim: str = ""
    image_url: str = ""
    digest: str = ""
    page_final: str = ""
    image_final: str = ""
    named_by: str = ""
    page_status: int | None = None
    page_sent: datetime | None = None
    page_received: datetime | None = None
    image_status: int | None = None
    image_sent: datetime | None = None
    image_received: datetime | None = None
    recorded: str = "by-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """How the night went at one site.

    `blind` says, in sentences, why silence there does not mean clean.

    `unreachable` says that nothing could be read there because nobody answered.
    """

    url: str
    listing: Listing
    outcome: Outcome
    tally: VisitCounts
    new_findings: int = 0
    allowed_sightings: int = 0
    blind: tuple[str, ...] = ()
    unreachable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How one nightly run went.

    `photos` is how many of ours there were to compare with.

    `notes` are sentences about the night as a whole, each a reason to look.
    """

    id: int
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    resumed: bool
    sites: tuple[SiteReport, ...]
    tally: VisitCounts
    new_findings: int
    allowed_sightings: int
    photos: int = 0
    notes: tuple[str, ...] = ()

    @property
    def failing(self) -> tuple[SiteReport, ...]:
        """The sites that could not be visited as planned."""
        return tuple(site for site in self.sites if site.outcome is not Outcome.DONE)


def printable(text: str) -> str:
    """Give a text on one line without control characters.

    A site's words steer no terminal and forge no line of a mail.
    """
    return "".join(letter if letter.isprintable() else " " for letter in text)
