"""Why an address was left alone or gave nothing, as values."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Each reason that there is, as rows spell it."""

    REFUSED = "refused-address"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TOO_LARGE = "too-large"
    BROKEN = "broken-answer"
    TLS = "tls"
    STATUS = "status"
    GONE = "gone"
    EMPTY = "empty"
    NO_PICTURE = "no-picture"
    UNREADABLE = "unreadable"
    UNREADABLE_PAGE = "unreadable-page"
    ROBOTS_DISALLOWS = "robots-disallows"
    ROBOTS_UNREACHABLE = "robots-unreachable"
    ROBOTS_STATUS = "robots-status"
    ROBOTS_MISSING = "robots-missing"
    TRAP_PATH = "trap-path"
    TRAP_QUERY = "trap-query"
    TRAP_BARREN = "trap-barren"
    TOO_DEEP = "too-deep"
    TOO_MANY_HOSTS = "too-many-hosts"
    OUTSIDE = "outside"
    MOVED = "moved"
    MOVED_AWAY = "moved-away"
    SCRIPT_BUILT = "script-built"
    REQUESTS_SPENT = "requests-spent"
    BYTES_SPENT = "bytes-spent"
    ADDRESSES_SPENT = "addresses-spent"
    PAUSED = "paused"
    NIGHT_OVER = "night-over"
    OTHER = "other"


ROBOTS = frozenset((Cause.ROBOTS_DISALLOWS, Cause.ROBOTS_UNREACHABLE, Cause.ROBOTS_STATUS))
BOUNDS = frozenset(
    (Cause.TOO_DEEP, Cause.TRAP_PATH, Cause.TRAP_QUERY, Cause.TRAP_BARREN, Cause.TOO_MANY_HOSTS)
)
SILENT = frozenset((Cause.UNREACHABLE, Cause.TIMEOUT))
NO_ANSWER = SILENT | {Cause.REFUSED, Cause.TOO_LARGE, Cause.BROKEN, Cause.TLS}

_SENTENCES = {
    Cause.ROBOTS_DISALLOWS: "robots.txt disallows it",
    Cause.ROBOTS_UNREACHABLE: "robots.txt could not be reached: everything is left alone",
    Cause.ROBOTS_STATUS: "robots.txt answered {detail}: everything is left alone",
    Cause.ROBOTS_MISSING: "there is no robots.txt (status {detail}): everything is permitted",
    Cause.TRAP_PATH: "trap: a path that repeats itself",
    Cause.TRAP_QUERY: "trap: more than {detail} parameters",
    Cause.TRAP_BARREN: "trap: {detail} pages of this shape in a row showed nothing new",
    Cause.TOO_DEEP: "deeper than {detail} clicks",
    Cause.TOO_MANY_HOSTS: "beyond {detail} other hosts in one night",
    Cause.OUTSIDE: "outside this site",
    Cause.MOVED_AWAY: "moved to {detail}, a domain of somebody else: not followed",
    Cause.MOVED: "moved to {detail}",
    Cause.GONE: "status {detail}",
    Cause.STATUS: "{url} answered {detail}",
    Cause.EMPTY: "{url} answered with no bytes",
    Cause.NO_PICTURE: "{url} is no picture but {detail}",
    Cause.UNREADABLE: "{url} could not be read ({detail})",
    Cause.UNREADABLE_PAGE: "{url} could not be read ({detail})",
    Cause.REQUESTS_SPENT: "the quota of {detail} requests a night was reached",
    Cause.BYTES_SPENT: "the quota of {detail} MiB a night was reached",
    Cause.ADDRESSES_SPENT: "{detail} addresses beyond the site's quota were left out",
    Cause.PAUSED: "left alone until {detail} UTC (it asked for a pause, or does not answer)",
    Cause.NIGHT_OVER: "the night ended after {detail} hours, before the visit of this site did",
    Cause.SCRIPT_BUILT: "built by scripts",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A cause with its parameter.

    `detail` is its number, status, address or the operating system's own words; "" for none.
    """

    cause: Cause
    detail: str = ""

    def sentence(self, url: str = "") -> str:
        """Word it for people.

        `url` is the address that it is about.
        """
        return _SENTENCES.get(self.cause, "{detail}").format(detail=self.detail, url=url)

    @property
    def trouble(self) -> str:
        """The cause in one word, with its HTTP status if any."""
        return f"status-{self.detail}" if self.cause in (Cause.STATUS, Cause.GONE) else str(self.cause)

    def to_text(self) -> str:
        """Spell it as a row keeps it."""
        return f"{self.cause}:{self.detail}"


def reason_of(text: str) -> Reason | None:
    """Read a reason from a row of this or an older version.

    None for an empty text.
    """
    cause, colon, detail = text.partition(":")
    if not text:
        return None
    if colon and cause in _SPELLED:
        return Reason(_SPELLED[cause], detail)
    for known, pattern in _FORMER:
        found = pattern.fullmatch(text)
        if found:
            return Reason(known, found.groupdict().get("detail", ""))
    return Reason(Cause.OTHER, text)


def _pattern(cause: Cause, sentence: str) -> re.Pattern[str]:
    detail = r"(?P<detail>\d+)" if cause in _NUMBERED else "(?P<detail>.+)"
    escaped = re.escape(sentence).replace(r"\{detail\}", detail).replace(r"\{url\}", r"\S+")
    return re.compile(escaped, re.DOTALL)


_SPELLED = {str(cause): cause for cause in Cause}
_NUMBERED = frozenset((Cause.STATUS, Cause.GONE, Cause.ROBOTS_STATUS, Cause.ROBOTS_MISSING))
_FORMER = (
    *((cause, _pattern(cause, sentence)) for cause, sentence in _SENTENCES.items()),
    (Cause.TOO_LARGE, re.compile(r"(?P<detail>.+ is larger than .+)", re.DOTALL)),
)
