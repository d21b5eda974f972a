"""What a slice will report, gathered while it goes on; and how long a host asks to be left alone."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.model import Failure, Looked, PageSeen, Step, Tally, printable


@dataclass(slots=True)
class Notes:
    """Pages, pictures, failures and counts of one slice."""

    pages: list[PageSeen] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    looks: dict[str, Looked] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, **counts: int) -> None:
        """Add to the counts."""
        for name, count in counts.items():
            self.counts[name] += count

    @property
    def tally(self) -> Tally:
        """The counts so far."""
        return Tally(**self.counts)

    def failure(self, url: str, step: Step, trouble: str, message: str, now: datetime) -> None:
        """Note what could not be done."""
        self.failures.append(
            Failure(url=url, step=step, trouble=str(trouble), message=printable(message[:500]), at=now)
        )


def retry_after(value: str, now: datetime) -> datetime | None:
    """Read a Retry-After header: seconds or an HTTP date, at most a day; None when it says neither."""
    latest = now + timedelta(days=1)
    if re.fullmatch(r"\d{1,8}", value.strip(), re.ASCII):
        return min(now + timedelta(seconds=int(value)), latest)
    try:
        found = parsedate_to_datetime(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(found, now + timedelta(seconds=1)), latest)
