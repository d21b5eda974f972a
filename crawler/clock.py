"""Clocks, which everything else takes as an argument."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What tells the time and lets it pass."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The computer's clocks."""

    def now(self) -> datetime:
        """Give the time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(max(0.0, seconds))


class SteadyClock:
    """The time of one run, wherever the computer's clock is set meanwhile."""

    def __init__(self, clock: Clock, start: datetime) -> None:
        """Begin at `start` and go on by the monotonic clock."""
        self._clock, self._start, self._since = clock, start, clock.monotonic()

    def now(self) -> datetime:
        """Give the time in UTC, which never jumps."""
        return self._start + timedelta(seconds=self._clock.monotonic() - self._since)

    def monotonic(self) -> float:
        """Give seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.sleep(seconds)
