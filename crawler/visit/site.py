"""One slice of the visit of one site. Knows no database."""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from crawler.clock import SteadyClock
from crawler.http.client import Fetcher
from crawler.model import Failure, Judgement, PageSeen, Reading, Site, SiteState, SliceResult, VisitCounts
from crawler.reasons import Cause, Reason
from crawler.visit.context import VisitContext
from crawler.visit.download import Download, Downloader
from crawler.visit.frontier import Frontier
from crawler.visit.host_queues import Turn, Wait
from crawler.visit.outcome import DownloadOutcome, KnownSite, outcome_of_download, outcome_of_robots


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one slice may use up."""

    requests: int
    seconds: float
    bytes: int


def crawl_site(
    site: Site, state: SiteState, budget: Budget, context: VisitContext
) -> tuple[SliceResult, SiteState]:
    """Visit a site within a budget, going on where `state` left it.

    Nothing is written anywhere: what was seen is in the result, what is known in the new state. Running the
    same slice twice gives the same rows, so that a slice lost with its machine is only asked again.
    """
    steady = replace(context, clock=SteadyClock(context.clock, context.at or context.clock.now()))
    with context.fetcher(site) as fetcher:
        visit = _Slice(site, state, budget, steady, fetcher)
        visit.run()
        return visit.result(), visit.frontier.state()


@dataclass(slots=True)
class _Record:
    """What a slice has seen so far."""

    pages: list[PageSeen] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    counts: VisitCounts = field(default_factory=VisitCounts)

    def add(self, outcome: DownloadOutcome) -> None:
        self.pages += outcome.pages
        self.readings += outcome.readings
        self.unchanged += outcome.unchanged
        self.judgements |= {one.digest: one for one in outcome.judgements}
        self.kept |= outcome.kept
        self.failures += outcome.failures
        self.counts += outcome.counts


class _Slice:
    """The loop of a slice, in which one thread decides."""

    def __init__(
        self, site: Site, state: SiteState, budget: Budget, context: VisitContext, fetcher: Fetcher
    ) -> None:
        plan, began, self.clock = context.plan, context.began, context.clock
        self.site, self.budget, self.record = site, budget, _Record()
        self.frontier = Frontier(site, state, plan, began=began, now=self.clock.now())
        self.matched = _matched(state)
        self.downloader = Downloader(
            site, context, fetcher, rules=self.frontier.robots.rules, matched=self.matched
        )
        self.known = KnownSite(site, context, self.frontier.addresses, self.frontier.hosts)
        self.ends_at = self.clock.monotonic() + budget.seconds

    def run(self) -> None:
        """Work until nothing is left for now or the budget is used up."""
        if self.site.slots == 1:
            self._run_alone()
            return
        with ThreadPoolExecutor(self.site.slots) as pool:
            self._run_with(pool)

    def _run_alone(self) -> None:
        while not self._spent():
            turn = self._next()
            if turn is None:
                return
            if isinstance(turn, Turn):
                self._take(self.downloader.download(turn))
            elif not self._pause(turn.seconds):
                return

    def _run_with(self, pool: ThreadPoolExecutor) -> None:
        in_flight: set[Future[Download]] = set()
        while True:
            turn = None if self._spent() else self._next()
            if isinstance(turn, Turn):
                in_flight.add(pool.submit(self.downloader.download, turn))
                if len(in_flight) < self.site.slots * 2:
                    continue
            if not in_flight:
                if turn is None or not self._pause(turn.seconds if isinstance(turn, Wait) else 0.0):
                    return
                continue
            timeout = turn.seconds if isinstance(turn, Wait) and turn.seconds != float("inf") else None
            done, in_flight = wait(in_flight, timeout, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future.result())

    def _next(self) -> Turn | Wait | None:
        return self.frontier.next(self.clock.monotonic(), self.clock.now())

    def _take(self, download: Download) -> None:
        if download.wait_s:
            self.frontier.postpone(download.turn, self.clock.monotonic() + download.wait_s)
            return
        if download.turn.is_robots:
            outcome = outcome_of_robots(download, self.known, self.clock.now())
        else:
            outcome = outcome_of_download(download, self.known, self.clock.now())
        self.matched.update({one.digest: one.upto for one in outcome.judgements})
        self.record.add(outcome)
        self.frontier.apply(outcome)

    def _pause(self, seconds: float) -> bool:
        """Sleep for politeness, and tell whether the slice goes on after it."""
        if seconds > self.ends_at - self.clock.monotonic():
            return False
        self.clock.sleep(seconds)
        return True

    def _spent(self) -> bool:
        counts, budget = self.record.counts, self.budget
        if counts.requests >= budget.requests or counts.bytes >= budget.bytes:
            return True
        return self.clock.monotonic() >= self.ends_at

    def result(self) -> SliceResult:
        """Give what this slice saw and changed."""
        frontier, record = self.frontier, self.record
        resume_at = frontier.resume_at(self.clock.now())
        return SliceResult(
            addresses=tuple(frontier.addresses[url] for url in sorted(frontier.changed)),
            hosts=tuple(frontier.hosts[host] for host in sorted(frontier.changed_hosts)),
            barren=frontier.traps.barren,
            pages=tuple(record.pages),
            readings=tuple(record.readings),
            unchanged=tuple(record.unchanged),
            judgements=tuple(record.judgements.values()),
            kept=record.kept,
            failures=tuple(record.failures),
            tally=record.counts,
            more=resume_at is not None,
            resume_at=resume_at,
            limit=Reason(Cause.ADDRESSES_SPENT, str(frontier.dropped)) if frontier.dropped else None,
        )


def _matched(state: SiteState) -> dict[str, int]:
    return {one.digest: one.matched_upto for one in state.addresses.values() if one.matched_upto}
