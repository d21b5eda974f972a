"""What a slice will report, gathered while it goes on."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from crawler.model import Failure, Judgement, PageSeen, Step, VisitCounts, printable


@dataclass(slots=True)
class Notes:
    """Pages, pictures, failures and counts of one slice."""

    pages: list[PageSeen] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, **counts: int) -> None:
        """Add to the counts."""
        for name, count in counts.items():
            self.counts[name] += count

    @property
    def tally(self) -> VisitCounts:
        """The counts so far."""
        return VisitCounts(**self.counts)

    def failure(self, url: str, step: Step, trouble: str, message: str, now: datetime) -> None:
        """Note what could not be done."""
        self.failures.append(
            Failure(url=url, step=step, trouble=str(trouble), message=printable(message[:500]), at=now)
        )
