"""What robots.txt permits (RFC 9309), and what its absence means. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from crawler.reasons import Cause, Reason

PRODUCT = "pairwatch"
MAX_BYTES = 512 * 1024
MAX_AGE = timedelta(hours=24)
MAX_DELAY_S = 300.0
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"U\0", "utf-16-le"), (b"\0U", "utf-16-be"))
_OUR_VERSION = re.compile(
    rf"^([ \t\ufeff]*user-agent[ \t]*:[ \t]*{PRODUCT})[/ \t][^\r\n]*", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host permits.

    `reason` is why there are none to read. Without `parsed`, `everything` is permitted, or nothing.
    """

    reason: Reason | None = None
    parsed: Protego | None = None
    everything: bool = True

    def permits(self, url: str) -> bool:
        """Tell whether our product token may fetch this address."""
        if self.parsed is None:
            return self.everything
        return self.parsed.can_fetch(url, PRODUCT)

    def refusal(self, url: str) -> Reason | None:
        """Say why our product token may not fetch this address, or None."""
        if self.permits(url):
            return None
        return Reason(Cause.ROBOTS_DISALLOWS) if self.reason is None else self.reason

    @property
    def delay_s(self) -> float:
        """Seconds between requests that the host asks for, at most 300."""
        if self.parsed is None:
            return 0.0
        delay = self.parsed.crawl_delay(PRODUCT) or 0.0
        rate = self.parsed.request_rate(PRODUCT)
        if rate is not None and rate.requests > 0:
            delay = max(delay, rate.seconds / rate.requests)
        return min(float(delay), MAX_DELAY_S)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps that robots.txt names."""
        return () if self.parsed is None else tuple(self.parsed.sitemaps)


def read(status: int, body: bytes) -> Rules:
    """Give the rules that an answer for robots.txt makes.

    `status` is after redirects, 0 when no answer came; only the first 512 KiB of the body count.
    Source: RFC 9309, 2.3.1: 2xx is parsed, 4xx means no rules, 5xx and no answer mean "leave it alone";
    429 is treated like 5xx, since who is asked to slow down is not invited.
    """
    if 200 <= status < 300:  # noqa: PLR2004 (the class of status)
        return Rules(parsed=Protego.parse(decoded(body).replace("\0", "")))
    if status == 0:
        return Rules(Reason(Cause.ROBOTS_UNREACHABLE), everything=False)
    if status >= 500 or status == 429:  # noqa: PLR2004
        return Rules(Reason(Cause.ROBOTS_STATUS, str(status)), everything=False)
    return Rules(Reason(Cause.ROBOTS_MISSING, str(status)))


def decoded(body: bytes) -> str:
    """Give the text of a robots.txt as far as it counts.

    A group for a version of ours counts as a group for us.
    """
    body = body[:MAX_BYTES]
    encoding = next((name for mark, name in _MARKS if body.startswith(mark)), "utf-8-sig")
    return _OUR_VERSION.sub(r"\1", body.decode(encoding, "replace"))


def is_fresh(read_at: datetime | None, now: datetime) -> bool:
    """Tell whether rules read within 24 hours may still be used."""
    return read_at is not None and timedelta() <= now - read_at < MAX_AGE
