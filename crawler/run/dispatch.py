"""Handing slices of sites to workers and writing down what returns."""

import math
import os
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crawler.clock import Clock
from crawler.model import Listing, Outcome, Site, SliceResult, VisitCounts
from crawler.reasons import Cause, Reason
from crawler.run.slices import Done
from crawler.run.workers import DIED, Group, WorkerPool
from crawler.settings import Plan
from crawler.store.runs import Lease, Run, Runs
from crawler.visit.context import VisitContext
from crawler.visit.site import Budget
from gallery.store.vault import Vault

_HANGING = 4  # slices' time, after which a worker hangs


@dataclass(frozen=True, slots=True)
class SliceWritten:
    """One slice of one site was written down.

    `waiting` is how many sites are not done yet.
    """

    site: Site
    result: SliceResult
    waiting: int


@dataclass(frozen=True, slots=True)
class _Flight:
    """A group of slices under way.

    `since` is of the monotonic clock.
    """

    leases: list[tuple[Site, Lease]]
    since: float


@dataclass(slots=True)
class Dispatcher:
    """Decides which site gets its next slice, and who visits it.

    `limits` and `crashes` are by the site's number: the bound that ended its visit, or what that broke off with.
    """

    run: Run
    runs: Runs
    evidence: Vault
    context: VisitContext
    clock: Clock
    pool: WorkerPool
    told: Callable[[SliceWritten], None]
    stop: Callable[[], bool]
    limits: dict[int, Reason] = field(default_factory=dict)
    crashes: dict[int, str] = field(default_factory=dict)
    _todo: dict[int, Site] = field(default_factory=dict)
    _counts: dict[int, VisitCounts] = field(default_factory=dict)
    _resume: dict[int, datetime] = field(default_factory=dict)
    _died: set[int] = field(default_factory=set)
    _flights: dict[Group, _Flight] = field(default_factory=dict)

    @property
    def _plan(self) -> Plan:
        return self.context.plan

    def visit_all(self, sites: list[Site]) -> None:
        """Visit until all is done, the night over or somebody stops."""
        ends = self.run.started_at + timedelta(hours=self._plan.night_h)
        progress = self.runs.plan(self.run, sites)
        self._counts.update({known.site.id: known.tally for known in progress})
        self._todo.update(
            {known.site.id: known.site for known in progress if known.outcome is Outcome.RUNNING}
        )
        while self._todo or self._flights:
            now = self.clock.now()
            over = now >= ends or self.stop()
            for group in self._groups([] if over else self._ready(now)):
                for site in group:
                    del self._todo[site.id]
                self._submit(group, len(sites))
            if self._flights:
                idle = len(self._flights) < self.pool.workers
                self._land(self._until_next(now) if idle else None)
            elif over or not self._sleep_until_next(now):
                break
        if not self.stop():
            self.limits.update(dict.fromkeys(self._todo, Reason(Cause.NIGHT_OVER, f"{self._plan.night_h:g}")))

    def _ready(self, now: datetime) -> list[Site]:
        return [site for site in self._todo.values() if self._resume.get(site.id, now) <= now]

    def _groups(self, ready: list[Site]) -> Iterable[list[Site]]:
        """Share out what is ready.

        A site that a worker died of goes alone.
        """
        workers = self.pool.workers
        free = workers - len(self._flights)
        if free <= 0 or not ready:
            return
        alone = [site for site in ready if site.id in self._died][:free]
        yield from ([site] for site in alone)
        whole, free = [site for site in ready if site.id not in self._died], free - len(alone)
        size = max(1, min(self._plan.sites_at_once, math.ceil(len(whole) / workers)))
        for start in range(0, min(len(whole), size * free), size):
            yield whole[start : start + size]

    def _submit(self, group: list[Site], planned: int) -> None:
        owner = f"{socket.gethostname()}:{os.getpid()}"
        leases, tasks = [], []
        for site in group:
            lease = self.runs.take_lease(site, owner, self.clock.now(), seconds=self._plan.slice_s * _HANGING)
            leases.append((site, lease))
            tasks.append((site, self.runs.sightings.state(site), self._budget(site, planned)))
        context = replace(self.context, at=self.clock.now())
        future = self.pool.submit(tasks, context, self._plan.sites_at_once)
        self._flights[future] = _Flight(leases, self.clock.monotonic())

    def _budget(self, site: Site, planned: int) -> Budget:
        used, plan = self._counts.get(site.id, VisitCounts()), self._plan
        return Budget(
            requests=max(1, min(plan.slice_requests, plan.site_requests - used.requests)),
            seconds=plan.slice_s if planned > 1 else plan.slice_s / 4,
            bytes=max(1, plan.site_bytes - used.bytes),
        )

    def _land(self, timeout: float | None) -> None:
        """Wait for groups and write them down.

        What was under way when workers died is tried once more, alone.
        """
        patience = self._plan.slice_s if timeout is None else min(self._plan.slice_s, timeout)
        done, _ = wait(self._flights, timeout=patience, return_when=FIRST_COMPLETED)
        done, died = self.pool.collect(done, set(self._flights))
        for future in done:
            flight = self._flights.pop(future)
            if isinstance(future.exception(), BrokenExecutor):
                self._retry_alone([site for site, _ in flight.leases])
            else:
                self._write(flight.leases, future.result())
        oldest = self.clock.monotonic() - self._plan.slice_s * _HANGING
        if not died and any(flight.since < oldest for flight in self._flights.values()):
            self.pool.kill()

    def _retry_alone(self, sites: list[Site]) -> None:
        for site in sites:
            if site.id in self._died:
                self.crashes[site.id] = DIED
            else:
                self._died.add(site.id)
                self._todo[site.id] = site

    def _write(self, leases: list[tuple[Site, Lease]], done: Done) -> None:
        """Write down a group's slices and schedule their sites' next ones."""
        for number, ((site, lease), result) in enumerate(zip(leases, done, strict=True), start=1):
            if isinstance(result, str):
                self.crashes[site.id] = result
                continue
            if site.listing is not Listing.ALLOW:
                for body in result.kept.values():
                    self.evidence.put(body)
            if not self.runs.save(self.run, site, lease, result, self.clock.now()):
                continue
            counts = self._counts[site.id] = self._counts.get(site.id, VisitCounts()) + result.tally
            spent = _spent(self._plan, counts)
            limit = result.limit or spent
            if limit:
                self.limits[site.id] = limit
            if result.more and not spent:
                self._schedule(site, result)
            under_way = sum(len(flight.leases) for flight in self._flights.values()) + len(leases) - number
            self.told(SliceWritten(site, result, len(self._todo) + under_way))

    def _schedule(self, site: Site, result: SliceResult) -> None:
        now = self.clock.now()
        pause = (result.resume_at - now).total_seconds() if result.resume_at else 0.0
        if pause > self._plan.longest_pause_s:
            until = f"{result.resume_at:%Y-%m-%d %H:%M}"
            self.limits[site.id] = Reason(Cause.PAUSED, until)
            return
        self._todo[site.id] = site
        self._resume[site.id] = now + timedelta(seconds=max(0.0, pause))

    def _until_next(self, now: datetime) -> float | None:
        times = [self._resume.get(number, now) for number in self._todo]
        return max(0.05, (min(times) - now).total_seconds()) if times else None

    def _sleep_until_next(self, now: datetime) -> bool:
        seconds = self._until_next(now)
        if seconds is None:
            return False
        self.clock.sleep(min(seconds, 5.0))
        return True


def _spent(plan: Plan, counts: VisitCounts) -> Reason | None:
    """Give the quota of a night that a site has used up."""
    if counts.requests >= plan.site_requests:
        return Reason(Cause.REQUESTS_SPENT, str(plan.site_requests))
    if counts.bytes >= plan.site_bytes:
        return Reason(Cause.BYTES_SPENT, str(plan.site_bytes // 1024**2))
    return None
