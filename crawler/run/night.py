"""One nightly run from its lock to its summary."""

import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from crawler.clock import Clock, SteadyClock, SystemClock
from crawler.desk.inbox import is_news
from crawler.http.client import Resolver, system_resolver
from crawler.http.host_locks import HostLocks
from crawler.match import Matcher, basis_of
from crawler.model import Finding, Listing, RunSummary, Site
from crawler.run.capturing import capture_findings
from crawler.run.dispatch import Dispatcher, SliceWritten
from crawler.run.lock import exclusive, stopping_plainly
from crawler.run.preflight import require_plausible, set_back, without_browser
from crawler.run.rejudge import rejudge
from crawler.run.summary import report_on, summarise, summary_json
from crawler.run.workers import worker_pool
from crawler.settings import Plan, load_plan
from crawler.store.captures import Captures
from crawler.store.coverage import Coverage
from crawler.store.database import watch
from crawler.store.findings import Findings
from crawler.store.judgements import Judgements
from crawler.store.runs import Run, Runs
from crawler.store.sites import Sites
from crawler.store.verdict_cache import VerdictCache
from crawler.visit.context import Judge, VisitContext
from crawler.visit.spool import Spool
from gallery.settings import DataFolder
from gallery.store.vault import Vault


def run(  # noqa: PLR0913 (each stands for a part of the world that a test replaces)
    folder: DataFolder,
    *,
    clock: Clock | None = None,
    executor: Executor | None = None,
    talk: Callable[[SliceWritten], None] = lambda _slice: None,
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
    """
    folder.require()
    clock = clock or SystemClock()
    require_plausible(clock.now())
    plan = load_plan(folder)
    with exclusive(folder), stopping_plainly(), watch(folder) as db:
        runs, evidence = Runs(db), Vault(folder.evidence)
        steady = SteadyClock(clock, clock.now())
        notes = set_back(runs, steady.now()) + without_browser(plan)
        begun = runs.begin(steady.now(), upto=runs.highest_photo())
        if not begun.resumed:
            _emptied(folder.root / "crawl.spool")
        context = _context(folder, plan, begun, look or _judge(folder, begun.upto), clock, resolver)
        rejudge(Judgements(db), evidence, context.judge, now=steady.now, stop=stop)
        sites = Sites(db).listed(Listing.WATCH, Listing.ALLOW)
        with worker_pool(executor, plan.workers) as pool:
            dispatcher = Dispatcher(begun, runs, evidence, context, steady, pool, talk, stop)
            dispatcher.visit_all(sites)
        notes += _captured(dispatcher, sites, Findings(db).all(), Captures(db))
        return _finish(dispatcher, sites, Coverage(db), Findings(db), notes)


def _captured(
    done: Dispatcher, sites: list[Site], findings: list[Finding], captures: Captures
) -> tuple[str, ...]:
    """Keep the evidence of what was found, and say where it is not whole."""
    incomplete = capture_findings(
        done.run,
        sites,
        findings,
        captures=captures,
        vault=done.evidence,
        context=done.context,
        clock=done.clock,
        stop=done.stop,
    )
    if not incomplete:
        return ()
    return (f"{incomplete} captures of evidence are incomplete and tried again in the next run",)


def _finish(
    done: Dispatcher, sites: list[Site], coverage: Coverage, findings: Findings, notes: tuple[str, ...]
) -> RunSummary:
    """Sum a run up, and close it unless it was stopped."""
    run, runs, stopped = done.run, done.runs, done.stop()
    runs.conclude(run, sites)
    news = Counter(one.site_url for one in findings.all(run_id=run.id) if is_news(one))
    reports = []
    for site in sites:
        limit, crash = done.limits.get(site.id), done.crashes.get(site.id, "")
        report = report_on(
            site, coverage.of(run, site), limit=limit, crash=crash, new_findings=news[site.url]
        )
        reports.append(report)
        if not stopped:
            runs.end_site(run, site, report.outcome, report.blind, limit)
    summary = summarise(
        run, reports, notes=notes, photos=runs.photos(), now=done.clock.now(), stopped=stopped
    )
    if not stopped:
        runs.end(run, summary.outcome, summary_json(summary), summary.finished_at)
        if done.context.spool is not None:
            shutil.rmtree(done.context.spool.folder, ignore_errors=True)
    return summary


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
        spool=Spool(folder.root / "crawl.spool"),
    )


def _judge(folder: DataFolder, upto: int) -> Judge:
    """Give what judges pictures.

    The index is made whole here once, so that no worker spends its slice on it.
    """
    basis = ""
    if upto:
        from gallery.services.lookup import Lookup  # noqa: PLC0415 (heavy, and needed where there is something to compare)

        lookup = Lookup(folder)
        lookup.index()
        basis = basis_of(folder, lookup)
    return Matcher(folder.root, upto, VerdictCache(folder.database, upto, basis), basis)
