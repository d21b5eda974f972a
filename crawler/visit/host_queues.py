"""Whose turn it is: hosts ordered by when they may be asked next, so that a step costs no look at every host. Pure."""

import heapq
import itertools
from collections.abc import ItemsView
from dataclasses import dataclass, field
from datetime import datetime

Entry = tuple[int, int, str]


@dataclass(slots=True)
class Lane:
    """One host's queue and pace.

    Args:
        queue: A heap of (rank, order, address).
        next_at: When it may be asked next, on the monotonic clock; None until that was worked out.
        flying: Requests that it has not answered yet.
        is_full: Whether it must answer before it is asked again.
        is_listed: Whether it stands in one of the two orders below, so that it stands there once.
    """

    queue: list[Entry] = field(default_factory=list)
    next_at: float | None = None
    flying: int = 0
    is_full: bool = False
    is_listed: bool = False


class Lanes:
    """All hosts of a frontier; those with something to ask stand in a heap by the time they may be asked.

    A host that may not have another request in the air stands in no heap: it comes back when an answer lands.
    """

    def __init__(self) -> None:
        """Begin without hosts."""
        self._lanes: dict[str, Lane] = {}
        self._resting: list[tuple[float, int, str]] = []
        self._parked: list[tuple[datetime, int, str]] = []
        self._order = itertools.count()
        self.flying = 0

    def __getitem__(self, host: str) -> Lane:
        """Give a host's lane."""
        return self._lanes[host]

    def items(self) -> ItemsView[str, Lane]:
        """Give all hosts with their lanes."""
        return self._lanes.items()

    def add(self, host: str, entry: Entry) -> None:
        """Queue an address at its host."""
        lane = self._lanes.setdefault(host, Lane())
        heapq.heappush(lane.queue, entry)
        self._list(host, lane)

    def first(self, now: datetime) -> str | None:
        """Give the host that may be asked soonest, or has waited longest; None when none has anything to ask."""
        while self._parked and self._parked[0][0] <= now:
            host = heapq.heappop(self._parked)[2]
            self._lanes[host].is_listed = False
            self._list(host, self._lanes[host])
        return self._resting[0][2] if self._resting else None

    def leave(self) -> str:
        """Take the first host out, until something is queued for it or an answer lands."""
        host = heapq.heappop(self._resting)[2]
        self._lanes[host].is_listed = False
        return host

    def rest(self, host: str, until: float) -> None:
        """Let the first host, which this is, wait until it may be asked, on the monotonic clock."""
        self.leave()
        self._lanes[host].next_at = until
        self._list(host, self._lanes[host])

    def park(self, host: str, until: datetime) -> None:
        """Leave the first host, which this is, alone until a time of the wall clock."""
        self.leave()
        self._lanes[host].is_listed = True
        heapq.heappush(self._parked, (until, next(self._order), host))

    def fly(self, host: str, next_at: float, *, slots: int) -> None:
        """Note that one of the first host's possible requests is in the air, and when the next one may follow."""
        lane = self._lanes[host]
        lane.flying += 1
        lane.is_full = lane.flying >= slots
        self.flying += 1
        self.rest(host, next_at)

    def land(self, host: str) -> None:
        """Note that an answer came, or will not come any more."""
        lane = self._lanes.setdefault(host, Lane())
        if lane.flying:
            lane.flying -= 1
            self.flying -= 1
        lane.is_full = False
        self._list(host, lane)

    def _list(self, host: str, lane: Lane) -> None:
        if lane.queue and not lane.is_listed and not lane.is_full:
            lane.is_listed = True
            at = float("-inf") if lane.next_at is None else lane.next_at
            heapq.heappush(self._resting, (at, next(self._order), host))
