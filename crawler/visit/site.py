"""One slice of one site: crawl_site(site, state, budget) → (result, state). Knows no database."""

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

from crawler.clock import SteadyClock
from crawler.http.client import Fetcher
from crawler.model import Site, SiteState, SliceResult
from crawler.visit.download import Asker, Kit, Visit, limits_of
from crawler.visit.frontier import Budget, Frontier, Turn, Wait
from crawler.visit.harvest import Harvest
from crawler.visit.notes import Notes
from crawler.visit.outcome import Settler


def crawl_site(site: Site, state: SiteState, budget: Budget, kit: Kit) -> tuple[SliceResult, SiteState]:
    """Visit a site within a budget, going on where `state` left it.

    Nothing is written anywhere: what was seen is in the result, what is known in the new state. Running the
    same slice twice gives the same rows, so that a slice lost with its machine is only asked again.
    """
    kit = replace(kit, clock=SteadyClock(kit.clock, kit.at or kit.clock.now()))
    with Fetcher(
        kit.plan.agent,
        kit.plan.contact,
        limits=limits_of(kit.plan),
        allowance=site.allowance,
        resolver=kit.resolver,
        slots=kit.slots,
    ) as fetcher:
        walk = _Walk(site, state, budget, kit, fetcher)
        walk.run()
        return walk.result(), walk.frontier.state()


class _Walk:
    """The loop of a slice: one thread decides, one or more ask."""

    def __init__(self, site: Site, state: SiteState, budget: Budget, kit: Kit, fetcher: Fetcher) -> None:
        self.site, self.budget, self.clock = site, budget, kit.clock
        self.frontier = Frontier(site, state, kit.plan, began=kit.began, now=kit.clock.now())
        self.notes = Notes()
        matched = {
            address.digest: address.matched_upto
            for address in state.addresses.values()
            if address.matched_upto
        }
        self.asker = Asker(site, kit, fetcher, rules=self.frontier.rules, matched=matched)
        harvest = Harvest(site, kit, self.frontier, self.notes, matched)
        self.settler = Settler(site, kit, self.frontier, self.notes, harvest)
        self.ends_at = kit.clock.monotonic() + budget.seconds

    def run(self) -> None:
        """Work until nothing is left for now or the budget is used up."""
        if self.site.slots == 1:
            self._run_alone()
            return
        with ThreadPoolExecutor(self.site.slots) as pool:
            self._run_with(pool)

    def _run_alone(self) -> None:
        while not self._spent():
            turn = self.frontier.next(self.clock.monotonic(), self.clock.now())
            if turn is None:
                return
            if isinstance(turn, Wait):
                if not self._pause(turn.seconds):
                    return
                continue
            self.settler.take(self.asker.take(turn))

    def _run_with(self, pool: ThreadPoolExecutor) -> None:
        flying: set[Future[Visit]] = set()
        while True:
            turn = None if self._spent() else self.frontier.next(self.clock.monotonic(), self.clock.now())
            if isinstance(turn, Turn):
                flying.add(pool.submit(self.asker.take, turn))
                if len(flying) < self.site.slots * 2:
                    continue
            if not flying:
                if turn is None or not self._pause(turn.seconds if isinstance(turn, Wait) else 0.0):
                    return
                continue
            timeout = turn.seconds if isinstance(turn, Wait) and turn.seconds != float("inf") else None
            done, flying = wait(flying, timeout, return_when=FIRST_COMPLETED)
            for future in done:
                self.settler.take(future.result())

    def _pause(self, seconds: float) -> bool:
        """Sleep for politeness; false when the slice would be over first."""
        if seconds > self.ends_at - self.clock.monotonic():
            return False
        self.clock.sleep(seconds)
        return True

    def _spent(self) -> bool:
        counts = self.notes.counts
        return (
            counts["requests"] >= self.budget.requests
            or counts["bytes"] >= self.budget.bytes
            or self.clock.monotonic() >= self.ends_at
        )

    def result(self) -> SliceResult:
        """Give what this slice saw and changed."""
        frontier, notes = self.frontier, self.notes
        resume_at = frontier.resume_at(self.clock.now())
        return SliceResult(
            addresses=tuple(frontier.addresses[url] for url in sorted(frontier.changed)),
            hosts=tuple(frontier.hosts[host] for host in sorted(frontier.changed_hosts)),
            barren=dict(frontier.state().barren),
            pages=tuple(notes.pages),
            unchanged=tuple(notes.unchanged),
            judgements=tuple(notes.judgements.values()),
            kept=notes.kept,
            failures=tuple(notes.failures),
            tally=notes.tally,
            more=resume_at is not None,
            resume_at=resume_at,
            quota=f"{frontier.dropped} addresses beyond the site's quota were left out"
            if frontier.dropped
            else "",
        )
