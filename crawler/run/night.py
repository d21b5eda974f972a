"""One nightly run: hands slices of sites to an executor, writes what comes back, says how it went."""

import errno
import json
import math
import os
import shutil
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from crawler.clock import Clock, SteadyClock, SystemClock
from crawler.desk.wording import is_news
from crawler.errors import AnotherRunActiveError, RunStoppedError
from crawler.http.client import Resolver, system_resolver
from crawler.http.host_locks import HostLocks
from crawler.match import Matcher, basis_of
from crawler.model import Listing, Outcome, RunSummary, Site, SiteReport, SliceResult, VisitCounts
from crawler.run.coverage import blind_spots
from crawler.run.preflight import is_unreachable, offline, outcome_of, require_plausible, set_back
from crawler.run.rejudge import rejudge
from crawler.run.slices import Done
from crawler.run.workers import DIED, Group, WorkerPool, worker_pool
from crawler.settings import Plan, load_plan
from crawler.store.coverage import Coverage
from crawler.store.database import watch
from crawler.store.findings import Findings
from crawler.store.judgements import Judgements
from crawler.store.runs import Lease, Run, Runs
from crawler.store.sites import Sites
from crawler.store.verdict_cache import VerdictCache
from crawler.visit.context import Judge, VisitContext
from crawler.visit.site import Budget
from gallery.settings import DataFolder
from gallery.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Step:
    """What is told while a run goes on: one slice of one site was written down; so many sites are not done yet."""

    site: Site
    result: SliceResult
    waiting: int


Talk = Callable[[Step], None]
_HANGING = 4


def silently(_step: Step) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class _Night:
    """A run in progress."""

    run: Run
    runs: Runs
    vault: Vault
    context: VisitContext
    talk: Talk
    clock: Clock
    plan: Plan
    stop: Callable[[], bool]
    notes: tuple[str, ...] = ()
    tallies: dict[int, VisitCounts] = field(default_factory=dict)
    quotas: dict[int, str] = field(default_factory=dict)
    crashes: dict[int, str] = field(default_factory=dict)
    resume: dict[int, datetime] = field(default_factory=dict)
    fell: set[int] = field(default_factory=set)
    flying: dict[Group, "_Flight"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Flight:
    """A group of slices in the air, and since when by the monotonic clock."""

    leases: list[tuple[Site, Lease]]
    since: float


def run(  # noqa: PLR0913 (each stands for a part of the world that a test replaces)
    folder: DataFolder,
    *,
    clock: Clock | None = None,
    executor: Executor | None = None,
    talk: Talk = silently,
    resolver: Resolver = system_resolver,
    look: Judge | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> RunSummary:
    """Visit every watched and allowed site once, and give how it went.

    A run that was cut off (power, kill -9) less than a day ago is gone on with; what was written stays, and
    nothing is written twice.

    Args:
        folder: The practice's data folder.
        clock: What tells the time; the computer's unless a test says otherwise.
        executor: Where slices run; processes on this machine unless given (threads, or a cluster's executor).
        talk: Told after every slice.
        resolver: What turns names into addresses.
        look: What looks at pictures; the matcher over our catalogue unless given.
        stop: Asked between slices; once true, what is in the air is written down, and the run stays unfinished
            for the next one to go on with.

    Raises:
        AnotherRunActiveError: A run is going on in this folder.
        RunStoppedError: The disk is full or the database cannot be written; the next run goes on.
        GalleryError: There is no catalogue, or its settings are wrong.
    """
    folder.require()
    clock = clock or SystemClock()
    require_plausible(clock.now())
    plan = load_plan(folder)
    with _locked(folder), _said_plainly(), watch(folder) as db:
        runs = Runs(db)
        steady = SteadyClock(clock, clock.now())
        notes = set_back(runs, steady.now())
        begun = runs.begin(steady.now(), upto=runs.highest_photo())
        context = _context(folder, plan, begun, look or _judge(folder, begun.upto), clock, resolver)
        evidence = Vault(folder.evidence)
        rejudge(Judgements(db), evidence, context.judge, now=steady.now, stop=stop)
        night = _Night(begun, runs, evidence, context, talk, steady, plan, stop, notes)
        sites = Sites(db).listed(Listing.WATCH, Listing.ALLOW)
        with worker_pool(executor, plan.workers) as pool:
            _visit_all(night, sites, pool)
        return _finish(night, Coverage(db), sites, Findings(db))


def _emptied(folder: Path) -> Path:
    """Give an empty folder for this night's locks."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    return folder


def _context(
    folder: DataFolder, plan: Plan, begun: Run, judge: Judge, clock: Clock, resolver: Resolver
) -> VisitContext:
    return VisitContext(
        plan=plan,
        began=begun.started_at,
        judge=judge,
        upto=begun.upto,
        clock=clock,
        resolver=resolver,
        host_locks=HostLocks(_emptied(folder.root / "crawl.slots")),
    )


def _judge(folder: DataFolder, upto: int) -> Judge:
    """Give what looks at pictures; the index is made whole here once, so that no worker spends its slice on it."""
    basis = ""
    if upto:
        from gallery.services.lookup import Lookup  # noqa: PLC0415 (heavy, and needed where there is something to compare)

        Lookup(folder).index()
        basis = basis_of(folder)
    return Matcher(folder.root, upto, VerdictCache(folder.database, upto, basis), basis)


@contextmanager
def _locked(folder: DataFolder) -> Iterator[None]:
    lock = FileLock(folder.root / "crawl.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AnotherRunActiveError(
            f"another crawl of {folder.root} is going on",
            hint="wait until it is done; a crawl that was killed lets go of its lock at once",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn a full disk or a locked database into one sentence; everything before it is written down."""
    hint = "make room or close what holds the database; the next crawl goes on where this one stopped"
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunStoppedError(
            f"the run stopped: the database cannot be written ({error})", hint=hint
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO):
            raise
        raise RunStoppedError(f"the run stopped: {error.strerror} ({error.filename})", hint=hint) from error


def _visit_all(night: _Night, sites: list[Site], pool: WorkerPool) -> None:
    workers, flying = pool.workers, night.flying
    ends = night.run.started_at + timedelta(hours=night.plan.night_h)
    plan = night.runs.plan(night.run, sites)
    night.tallies.update({known.site.id: known.tally for known in plan})
    todo = {known.site.id: known.site for known in plan if known.outcome is Outcome.RUNNING}
    while todo or flying:
        now = night.clock.now()
        over = now >= ends or night.stop()
        ready = _ready(night, todo, now, over=over)
        for group in _groups(ready, workers - len(flying), workers, night.plan.sites_at_once, night.fell):
            for site in group:
                del todo[site.id]
            _submit(night, group, pool, len(sites))
        if flying:
            _land(night, pool, todo, _until_next(night, todo, now) if len(flying) < workers else None)
        elif over or not _sleep_until_next(night, todo, now):
            break
    if not night.stop():
        ended = f"the night ended after {night.plan.night_h:g} hours, before the visit of this site did"
        night.quotas.update(dict.fromkeys(todo, ended))


def _ready(night: _Night, todo: dict[int, Site], now: datetime, *, over: bool) -> list[Site]:
    return [] if over else [site for site in todo.values() if night.resume.get(site.id, now) <= now]


def _groups(ready: list[Site], free: int, workers: int, at_once: int, fell: set[int]) -> Iterable[list[Site]]:
    if free <= 0 or not ready:
        return
    alone = [site for site in ready if site.id in fell][:free]
    yield from ([site] for site in alone)
    whole, free = [site for site in ready if site.id not in fell], free - len(alone)
    size = max(1, min(at_once, math.ceil(len(whole) / workers)))
    for start in range(0, min(len(whole), size * free), size):
        yield whole[start : start + size]


def _land(night: _Night, pool: WorkerPool, todo: dict[int, Site], timeout: float | None) -> None:
    """Wait for groups and write them down; what was in the air when workers fell is tried once more, alone."""
    patience = min(night.plan.slice_s, timeout if timeout is not None else night.plan.slice_s)
    done, _ = wait(night.flying, timeout=patience, return_when=FIRST_COMPLETED)
    done, fell = pool.collect(done, set(night.flying))
    for future in done:
        flight = night.flying.pop(future)
        if isinstance(future.exception(), BrokenExecutor):
            _fell(night, [site for site, _ in flight.leases], todo)
        else:
            _collect(night, flight.leases, future.result(), todo)
    oldest = night.clock.monotonic() - night.plan.slice_s * _HANGING
    if not fell and any(flight.since < oldest for flight in night.flying.values()):
        pool.kill()


def _fell(night: _Night, sites: list[Site], todo: dict[int, Site]) -> None:
    for site in sites:
        if site.id in night.fell:
            night.crashes[site.id] = DIED
        else:
            night.fell.add(site.id)
            todo[site.id] = site


def _submit(night: _Night, group: list[Site], pool: WorkerPool, planned: int) -> None:
    owner = f"{socket.gethostname()}:{os.getpid()}"
    leases, tasks = [], []
    for site in group:
        lease = night.runs.take_lease(site, owner, night.clock.now(), seconds=night.plan.slice_s * 4)
        leases.append((site, lease))
        tasks.append((site, night.runs.sightings.state(site), _budget(night, site, planned)))
    future = pool.submit(tasks, replace(night.context, at=night.clock.now()), night.plan.sites_at_once)
    night.flying[future] = _Flight(leases, night.clock.monotonic())


def _budget(night: _Night, site: Site, planned: int) -> Budget:
    used, plan = night.tallies.get(site.id, VisitCounts()), night.plan
    seconds = plan.slice_s if planned > 1 else plan.slice_s / 4
    return Budget(
        requests=max(1, min(plan.slice_requests, plan.site_requests - used.requests)),
        seconds=seconds,
        bytes=max(1, plan.site_bytes - used.bytes),
    )


def _collect(night: _Night, leases: list[tuple[Site, Lease]], done: Done, todo: dict[int, Site]) -> None:
    """Write down a group's slices, and decide for each site whether it goes on."""
    for number, ((site, lease), result) in enumerate(zip(leases, done, strict=True), start=1):
        if isinstance(result, str):
            night.crashes[site.id] = result
            continue
        if site.listing is not Listing.ALLOW:
            for body in result.kept.values():
                night.vault.put(body)
        if not night.runs.save(night.run, site, lease, result, night.clock.now()):
            continue
        tally = night.tallies.get(site.id, VisitCounts()) + result.tally
        night.tallies[site.id] = tally
        quota = result.quota or _over_quota(night.plan, tally)
        if quota:
            night.quotas[site.id] = quota
        if result.more and not _over_quota(night.plan, tally):
            _schedule(night, site, result, todo)
        in_the_air = sum(len(flight.leases) for flight in night.flying.values()) + len(leases) - number
        night.talk(Step(site, result, len(todo) + in_the_air))


def _over_quota(plan: Plan, tally: VisitCounts) -> str:
    if tally.requests >= plan.site_requests:
        return f"the quota of {plan.site_requests} requests a night was reached"
    if tally.bytes >= plan.site_bytes:
        return f"the quota of {plan.site_bytes // 1024**2} MiB a night was reached"
    return ""


def _schedule(night: _Night, site: Site, result: SliceResult, todo: dict[int, Site]) -> None:
    now = night.clock.now()
    pause = (result.resume_at - now).total_seconds() if result.resume_at else 0.0
    if pause > night.plan.longest_pause_s:
        until = f"{result.resume_at:%Y-%m-%d %H:%M}" if result.resume_at else "later"
        night.quotas[site.id] = f"left alone until {until} UTC (it asked for a pause, or does not answer)"
        return
    todo[site.id] = site
    night.resume[site.id] = now + timedelta(seconds=max(0.0, pause))


def _until_next(night: _Night, todo: dict[int, Site], now: datetime) -> float | None:
    times = [night.resume.get(number, now) for number in todo]
    return max(0.05, (min(times) - now).total_seconds()) if times else None


def _sleep_until_next(night: _Night, todo: dict[int, Site], now: datetime) -> bool:
    seconds = _until_next(night, todo, now)
    if seconds is None:
        return False
    night.clock.sleep(min(seconds, 5.0))
    return True


def _finish(night: _Night, nights: Coverage, sites: list[Site], findings: Findings) -> RunSummary:
    stopped = night.stop()
    news = Counter(one.site_url for one in findings.all(run_id=night.run.id) if is_news(one))
    reports = tuple(
        replace(_report(night, nights, site, close=not stopped), new_findings=news[site.url])
        for site in sites
    )
    summary = RunSummary(
        id=night.run.id,
        started_at=night.run.started_at,
        finished_at=night.clock.now(),
        outcome=Outcome.RUNNING if stopped else outcome_of(reports),
        resumed=night.run.resumed,
        sites=reports,
        tally=sum((report.tally for report in reports), VisitCounts()),
        new_findings=sum(report.new_findings for report in reports),
        allowed_sightings=sum(report.allowed_sightings for report in reports),
        photos=night.runs.photos(),
        notes=(*night.notes, *offline(reports)),
    )
    if not stopped:
        night.runs.end(night.run, summary.outcome, summary_json(summary), summary.finished_at)
    return summary


def _report(night: _Night, nights: Coverage, site: Site, *, close: bool) -> SiteReport:
    seen = nights.of(night.run, site)
    quota = night.quotas.get(site.id, "")
    blind = blind_spots(site, seen, quota=quota, crash=night.crashes.get(site.id, ""))
    outcome = Outcome.PARTIAL if blind.missed else Outcome.DONE
    if close:
        night.runs.end_site(night.run, site, outcome, blind.sentences, quota)
    return SiteReport(
        url=site.url,
        listing=site.listing,
        outcome=outcome,
        tally=replace(seen.tally, skipped=seen.skipped),
        allowed_sightings=seen.allowed_sightings,
        blind=blind.sentences,
        unreachable=is_unreachable(seen),
    )


def summary_json(summary: RunSummary) -> dict[str, object]:
    """Give a run's summary as `pairwatch crawl --json` prints it and the database keeps it."""
    plain = json.loads(json.dumps(asdict(summary), default=_plain))
    return dict(plain)


def _plain(value: object) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
