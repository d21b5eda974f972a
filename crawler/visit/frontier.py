"""What is asked next, and when. Pure."""

import heapq
import itertools
from dataclasses import replace
from datetime import datetime

from crawler.http.robots import Rules
from crawler.model import Address, HostState, Kind, Site, SiteState, Standing
from crawler.reasons import Cause, Reason
from crawler.settings import Plan
from crawler.urls import host_of, in_scope, origin_of, registrable
from crawler.visit import pace
from crawler.visit.host_queues import HostQueue, HostQueues, Turn, Wait
from crawler.visit.outcome import DownloadOutcome, Found
from crawler.visit.revisit import Rank, is_changed_since, is_due_tonight, retry_at
from crawler.visit.robots_cache import RobotsCache
from crawler.visit.traps import TrapFinder

_RANKS = {Kind.PAGE: Rank.PAGE, Kind.MAP: Rank.SITEMAP}


class Frontier:
    """The addresses of one site during one slice."""

    def __init__(self, site: Site, state: SiteState, plan: Plan, *, began: datetime, now: datetime) -> None:
        """Take up a site where `state` left it.

        Args:
            site: Whose visit this is.
            state: What is known of it.
            plan: Politeness and bounds.
            began: When the night began, since when nothing is visited twice.
            now: The time.
        """
        self.site, self.plan, self.began = site, plan, began
        self.addresses: dict[str, Address] = dict(state.addresses)
        self.hosts: dict[str, HostState] = dict(state.hosts)
        self.robots = RobotsCache(self.hosts, began)
        self.traps = TrapFinder(state.barren, plan)
        self.changed: set[str] = set()
        self.changed_hosts: set[str] = set()
        self.dropped = 0
        self._owner = registrable(host_of(site.url))
        self._others = {
            host
            for host, known in self.hosts.items()
            if known.asked_at and known.asked_at >= began and registrable(host) != self._owner
        }
        self._queues = HostQueues()
        self._count = itertools.count()
        self._later: list[datetime] = []
        for address in self._in_turn(self._due(now)):
            self._enqueue(address)
        self.offer(Found(site.url, Kind.PAGE, 0, ""))

    def _due(self, now: datetime) -> list[Address]:
        due = []
        for address in self.addresses.values():
            if address.url.startswith("data:"):
                continue
            if is_due_tonight(address, self.plan, began=self.began, now=now):
                due.append(address)
            elif (at := retry_at(address, now)) is not None:
                self._later.append(at)
        return due

    def _in_turn(self, due: list[Address]) -> list[Address]:
        """Order what is due, hosts of hits and those left out first.

        Only where there are more hosts than a night may ask. With fewer the order says nothing.
        """
        hosts = {one.url: host_of(one.url) for one in due}
        if len(set(hosts.values())) <= self.plan.site_hosts:
            return due
        hits = {hosts[one.url] for one in due if one.rank == Rank.HIT}
        asked = {host: known.asked_at for host, known in self.hosts.items() if known.asked_at is not None}

        def turn(one: Address) -> tuple[bool, bool, float]:
            host = hosts[one.url]
            last = asked.get(host)
            return host not in hits, last is not None, last.timestamp() if last else 0.0

        return sorted(due, key=turn)

    def _enqueue(self, address: Address, *, first: bool = False) -> None:
        order = -1 if first else next(self._count)
        self._queues.add(host_of(address.url), (address.rank, order, address.url))

    def offer(self, found: Found) -> bool:
        """Take up an address that was found, and tell whether it is new.

        Foreign pages are passed over, traps noted as left alone. A known page that has changed since is due again.
        """
        url, kind, depth, parent, changed_at, rank = found
        known = self.addresses.get(url)
        if known is not None:
            if is_changed_since(known, changed_at, self.began):
                self._put(replace(known, due_at=None))
                self._enqueue(known)
            return False
        if kind is Kind.PAGE and not in_scope(url, self.site.url):
            return False
        if len(self.addresses) >= self.plan.site_addresses:
            self.dropped += 1
            return False
        reason = self._refusal(url, kind, depth)
        address = Address(
            url=url,
            kind=kind,
            standing=Standing.SKIPPED if reason else Standing.WAITING,
            rank=_RANKS.get(kind, Rank.IMAGE) if rank is None else rank,
            depth=depth,
            parent=parent,
            reason=reason,
        )
        self._put(address)
        if not reason:
            self._enqueue(address)
        return True

    def _refusal(self, url: str, kind: Kind, depth: int) -> Reason | None:
        return self.traps.refusal(url, depth) if kind is Kind.PAGE else None

    def _put(self, address: Address) -> None:
        self.addresses[address.url] = address
        self.changed.add(address.url)

    def _put_host(self, state: HostState) -> None:
        self.hosts[state.host] = state
        self.changed_hosts.add(state.host)

    def next(self, monotonic: float, now: datetime) -> Turn | Wait | None:
        """Give the next turn, how long to wait, or None.

        The host that has waited longest comes first; hosts that rest are not looked at.
        """
        while (host := self._queues.first(now)) is not None:
            queue, parked = self._queues[host], self._parked_until(host)
            if parked is not None and parked > now:
                self._queues.park(host, parked)
            elif queue.next_at is None and (rest := self._rest_of_pause(host, now)):
                self._queues.rest(host, monotonic + rest)
            elif queue.next_at is not None and queue.next_at > monotonic:
                return Wait(queue.next_at - monotonic)
            elif (turn := self._turn(host, queue, now)) is None:
                self._queues.leave()
            else:
                slots = self.site.slots if host in self.robots.rules else 1
                self._queues.sent(host, monotonic + turn.pause_s, slots=slots)
                state = self.hosts.get(host, HostState(host=host))
                self._put_host(replace(state, asked_at=now))
                return turn
        return Wait(float("inf")) if self._queues.in_flight else None

    def _parked_until(self, host: str) -> datetime | None:
        return self.hosts[host].parked_until if host in self.hosts else None

    def _delay(self, host: str, rules: Rules | None) -> float:
        wanted = self.plan.delay_s if self.site.delay_s is None else self.site.delay_s
        return pace.delay_s(self.hosts.get(host), rules, wanted)

    def _rest_of_pause(self, host: str, now: datetime) -> float:
        """Give what is left of an earlier slice's pause in seconds."""
        state, rules = self.hosts.get(host), self.robots.get(host, now)
        if state is None or state.asked_at is None or rules is None:
            return 0.0
        gone = (now - state.asked_at).total_seconds()
        return max(0.0, self._delay(host, rules) - gone) if gone >= 0 else 0.0

    def _turn(self, host: str, queue: HostQueue, now: datetime) -> Turn | None:
        reason: Reason | None = None
        if self._is_one_too_many(host):
            reason = Reason(Cause.TOO_MANY_HOSTS, str(self.plan.site_hosts))
        rules = self.robots.get(host, now)
        asked_before = self.hosts[host].asked_at if host in self.hosts else None
        pause = self._delay(host, rules)
        if reason is None and rules is None:
            address = Address(url=f"{origin_of(queue.entries[0][2])}/robots.txt", kind=Kind.PAGE)
            return Turn(host, address, is_robots=True, pause_s=pause, asked_before=asked_before)
        while queue.entries:
            address = self.addresses[heapq.heappop(queue.entries)[2]]
            refused = reason or (rules.refusal(address.url) if rules is not None else None)
            refused = refused or self._refusal(address.url, address.kind, address.depth)
            if refused is None:
                return Turn(host, address, pause_s=pause, asked_before=asked_before)
            self._put(replace(address, standing=Standing.SKIPPED, reason=refused, due_at=now))
        return None

    def _is_one_too_many(self, host: str) -> bool:
        """Tell whether a foreign host is one more than permitted."""
        if host in self._others or registrable(host) == self._owner:
            return False
        if len(self._others) >= self.plan.site_hosts:
            return True
        self._others.add(host)
        return False

    def apply(self, outcome: DownloadOutcome) -> None:
        """Take in what a download means."""
        turn = outcome.turn
        self._learn_host(outcome)
        new = [found for found in outcome.found if self.offer(found)]
        if outcome.is_page:
            images = sum(found.kind is Kind.IMAGE for found in new) + len(outcome.inline)
            self.traps.count(turn.address.url, images)
        for url in outcome.hits:
            if url in self.addresses:
                self._put(replace(self.addresses[url], rank=Rank.HIT))
        for address in (*outcome.inline, *filter(None, (outcome.address,))):
            self._put(address)
        if outcome.twin is not None and self._is_unvisited(outcome.twin.url):
            self._put(outcome.twin)
        if outcome.address is not None and outcome.is_asked_again:
            self._enqueue(outcome.address, first=True)
        if outcome.retry_at is not None:
            self._later.append(outcome.retry_at)
        self._queues.answered(turn.host)

    def _learn_host(self, outcome: DownloadOutcome) -> None:
        if outcome.host is not None:
            self._put_host(outcome.host)
        if outcome.rules is not None:
            self.robots.rules[outcome.turn.host] = outcome.rules

    def _is_unvisited(self, url: str) -> bool:
        known = self.addresses.get(url)
        return known is None or (known.standing is Standing.WAITING and known.fetched_at is None)

    def postpone(self, turn: Turn, until: float) -> None:
        """Take a turn back until a time of the monotonic clock."""
        self._queues[turn.host].next_at = until
        if not turn.is_robots:
            self._enqueue(turn.address, first=True)
        self._put_host(replace(self.hosts[turn.host], asked_at=turn.asked_before))
        self._queues.answered(turn.host)

    def resume_at(self, now: datetime) -> datetime | None:
        """Give when something left over may be tried again, or None."""
        times = [due for due in self._later if due > now]
        for host, queue in self._queues.items():
            if queue.entries:
                times.append(max(self._parked_until(host) or now, now))
        return min(times) if times else None

    def state(self) -> SiteState:
        """Give what is known for the next slice."""
        return SiteState(addresses=self.addresses, hosts=self.hosts, barren=self.traps.barren)
