"""Whose turn it is, found without a look at every host. Pure."""

import heapq
import itertools
from collections.abc import ItemsView
from dataclasses import dataclass, field
from datetime import datetime

from crawler.model import Address

Entry = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Turn:
    """The next request to make.

    Args:
        host: Whom it goes to.
        address: What to ask for, or its host's robots.txt.
        is_robots: Whether it is robots.txt.
        pause_s: Seconds that lie between two requests to this host, whichever site needs them.
        asked_before: When the host was last asked before this.
    """

    host: str
    address: Address
    is_robots: bool = False
    pause_s: float = 0.0
    asked_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds in which nothing may be asked, infinite while answers are awaited."""

    seconds: float


@dataclass(slots=True)
class HostQueue:
    """One host's queue and pace.

    Args:
        entries: A heap of (rank, order, address).
        next_at: When it may be asked next, on the monotonic clock; None until that was worked out.
        in_flight: Requests that it has not answered yet.
        is_full: Whether it must answer before it is asked again.
        is_listed: Whether it stands in one of the two orders below, so that it stands there once.
    """

    entries: list[Entry] = field(default_factory=list)
    next_at: float | None = None
    in_flight: int = 0
    is_full: bool = False
    is_listed: bool = False


class HostQueues:
    """All hosts of a frontier, in a heap by the time they may be asked.

    A host that may not have another request under way stands in no heap. It comes back with an answer.
    """

    def __init__(self) -> None:
        """Begin without hosts."""
        self._queues: dict[str, HostQueue] = {}
        self._resting: list[tuple[float, int, str]] = []
        self._parked: list[tuple[datetime, int, str]] = []
        self._order = itertools.count()
        self.in_flight = 0

    def __getitem__(self, host: str) -> HostQueue:
        """Give a host's queue."""
        return self._queues[host]

    def items(self) -> ItemsView[str, HostQueue]:
        """Give all hosts with their queues."""
        return self._queues.items()

    def add(self, host: str, entry: Entry) -> None:
        """Queue an address at its host."""
        queue = self._queues.setdefault(host, HostQueue())
        heapq.heappush(queue.entries, entry)
        self._list(host, queue)

    def first(self, now: datetime) -> str | None:
        """Give the host that has waited longest, or None."""
        while self._parked and self._parked[0][0] <= now:
            host = heapq.heappop(self._parked)[2]
            self._queues[host].is_listed = False
            self._list(host, self._queues[host])
        return self._resting[0][2] if self._resting else None

    def leave(self) -> str:
        """Take the first host out until something is queued for it."""
        host = heapq.heappop(self._resting)[2]
        self._queues[host].is_listed = False
        return host

    def rest(self, host: str, until: float) -> None:
        """Let this first host wait until a time of the monotonic clock."""
        self.leave()
        self._queues[host].next_at = until
        self._list(host, self._queues[host])

    def park(self, host: str, until: datetime) -> None:
        """Leave this first host alone until a time of the wall clock."""
        self.leave()
        self._queues[host].is_listed = True
        heapq.heappush(self._parked, (until, next(self._order), host))

    def sent(self, host: str, next_at: float, *, slots: int) -> None:
        """Note a request to the first host, and when the next one may follow."""
        queue = self._queues[host]
        queue.in_flight += 1
        queue.is_full = queue.in_flight >= slots
        self.in_flight += 1
        self.rest(host, next_at)

    def answered(self, host: str) -> None:
        """Note that an answer came, or will not come any more."""
        queue = self._queues.setdefault(host, HostQueue())
        if queue.in_flight:
            queue.in_flight -= 1
            self.in_flight -= 1
        queue.is_full = False
        self._list(host, queue)

    def _list(self, host: str, queue: HostQueue) -> None:
        if queue.entries and not queue.is_listed and not queue.is_full:
            queue.is_listed = True
            at = float("-inf") if queue.next_at is None else queue.next_at
            heapq.heappush(self._resting, (at, next(self._order), host))
