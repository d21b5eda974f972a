"""What next and when: a site's addresses, its hosts' pace and rules. No I/O; time is an argument."""

import heapq
import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler.http import robots
from crawler.model import Address, HostState, Kind, Site, SiteState, Standing
from crawler.reasons import Cause, Reason
from crawler.settings import Plan
from crawler.urls import host_of, in_scope, is_trap, origin_of, registrable, shape_of
from crawler.visit.host_queues import Lane, Lanes

if TYPE_CHECKING:
    from collections.abc import Mapping

RANK_HIT, RANK_MAP, RANK_IMAGE, RANK_PAGE, RANK_ORIGINAL, RANK_OUTSIDE = 0, 2, 4, 5, 6, 9
SELDOM = timedelta(hours=20)
_NIGHT = timedelta(hours=20)
SHARE_OF_AGE = 0.25
TRIES = 2
BREAKER = 5
PROBES = 9
SLOWEST_S = 30.0
LATENCY_FACTOR = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one slice may use up."""

    requests: int
    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Turn:
    """The next thing to do: ask for an address, or first for its host's robots.txt.

    Args:
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
    """Nothing may be asked yet: come back after so many seconds; infinite while answers are awaited."""

    seconds: float


def pause_after(unchanged: timedelta, plan: Plan) -> timedelta:
    """Give how long an address may be left alone that has not changed for so long.

    A quarter of its age: what changed within the last days is asked for in every run, what stood still for a
    month once a week.
    """
    pause = min(unchanged * SHARE_OF_AGE, timedelta(hours=plan.longest_revisit_h))
    return pause if pause >= SELDOM else timedelta()


class Frontier:
    """The addresses of one site during one slice."""

    def __init__(self, site: Site, state: SiteState, plan: Plan, *, began: datetime, now: datetime) -> None:
        """Take up a site where `state` left it.

        Args:
            site: Whose visit this is.
            state: What is known of it.
            plan: Politeness and bounds.
            began: When the night began: what was visited since then is not visited again.
            now: The time.
        """
        self.site, self.plan, self.began = site, plan, began
        self.addresses: dict[str, Address] = dict(state.addresses)
        self.hosts: dict[str, HostState] = dict(state.hosts)
        self.barren: dict[str, int] = dict(state.barren)
        self.rules: dict[str, robots.Rules] = {}
        self.changed: set[str] = set()
        self.changed_hosts: set[str] = set()
        own = registrable(host_of(site.url))
        self._others = {
            host
            for host, known in self.hosts.items()
            if known.asked_at and known.asked_at >= began and registrable(host) != own
        }
        self.dropped = 0
        self._lanes = Lanes()
        self._count = itertools.count()
        self._later: list[datetime] = []
        for address in self._in_turn([one for one in self.addresses.values() if self._is_due(one, now)]):
            self._enqueue(address)
        self.offer(site.url, Kind.PAGE, depth=0, parent="")

    def _in_turn(self, due: list[Address]) -> list[Address]:
        """Order what is due so that hosts which the last nights left out come first, and those of hits before them.

        Only where there are more hosts than a night may ask; with fewer the order says nothing.
        """
        hosts = {one.url: host_of(one.url) for one in due}
        if len(set(hosts.values())) <= self.plan.site_hosts:
            return due
        hits = {hosts[one.url] for one in due if one.rank == RANK_HIT}
        asked = {host: known.asked_at for host, known in self.hosts.items() if known.asked_at is not None}

        def turn(one: Address) -> tuple[bool, bool, float]:
            host = hosts[one.url]
            last = asked.get(host)
            return host not in hits, last is not None, last.timestamp() if last else 0.0

        return sorted(due, key=turn)

    def _is_due(self, address: Address, now: datetime) -> bool:
        if address.url.startswith("data:"):
            return False
        if address.due_at is None or address.due_at <= self.began:
            return True
        if (
            address.due_at > now + timedelta(hours=self.plan.longest_revisit_h)
            and address.rank < RANK_OUTSIDE
        ):
            return True  # the clock was wrong when this was written
        if 0 < address.tries <= TRIES:
            if address.due_at <= now:
                return True
            self._later.append(address.due_at)
        return False

    def _enqueue(self, address: Address) -> None:
        self._lanes.add(host_of(address.url), (address.rank, next(self._count), address.url))

    def offer(
        self, url: str, kind: Kind, *, depth: int, parent: str, changed_at: datetime | None = None
    ) -> bool:
        """Take up an address that was found; true when it is new. Traps and foreign pages are left alone.

        Args:
            url: Canonical.
            kind: What it is expected to be.
            depth: Clicks from the start.
            parent: The page it was found on.
            changed_at: When the site says it last changed (sitemaps); makes a known page due again.
        """
        known = self.addresses.get(url)
        if known is not None:
            newer = changed_at and known.fetched_at and changed_at > known.fetched_at
            if newer and known.due_at and known.due_at > self.began and known.fetched_at < self.began:  # type: ignore[operator]
                self.put(replace(known, due_at=None))
                self._enqueue(self.addresses[url])
            return False
        if kind is Kind.PAGE and not in_scope(url, self.site.url):
            return False
        if len(self.addresses) >= self.plan.site_addresses:
            self.dropped += 1
            return False
        reason = self._why_not(url, kind, depth)
        standing = Standing.SKIPPED if reason else Standing.WAITING
        rank = {Kind.PAGE: RANK_PAGE, Kind.MAP: RANK_MAP}.get(kind, RANK_IMAGE)
        self.put(
            Address(
                url=url, kind=kind, standing=standing, rank=rank, depth=depth, parent=parent, reason=reason
            )
        )
        if not reason:
            self._enqueue(self.addresses[url])
        return True

    def _why_not(self, url: str, kind: Kind, depth: int) -> Reason | None:
        if kind is not Kind.PAGE:
            return None
        if depth > self.plan.depth:
            return Reason(Cause.TOO_DEEP, str(self.plan.depth))
        trap = is_trap(url)
        if trap:
            return trap
        if self.barren.get(shape_of(url), 0) >= self.plan.barren:
            return Reason(Cause.TRAP_BARREN, str(self.plan.barren))
        return None

    def put(self, address: Address) -> None:
        """Write down what is now known of an address."""
        self.addresses[address.url] = address
        self.changed.add(address.url)

    def next(self, monotonic: float, now: datetime) -> Turn | Wait | None:
        """Give what to do next, how long to wait, or None when nothing is left for now.

        The host that has waited longest comes first; hosts that rest are not looked at.
        """
        while (host := self._lanes.first(now)) is not None:
            lane, parked = self._lanes[host], self._parked_until(host)
            if parked is not None and parked > now:
                self._lanes.park(host, parked)
            elif lane.next_at is None and (rest := self._rest_of_pause(host, now)):
                self._lanes.rest(host, monotonic + rest)
            elif lane.next_at is not None and lane.next_at > monotonic:
                return Wait(lane.next_at - monotonic)
            elif (turn := self._turn(host, lane, now)) is None:
                self._lanes.leave()
            else:
                pause = self._delay(host)
                self._lanes.fly(host, monotonic + pause, slots=self._slots(host))
                state = self.hosts.get(host, HostState(host=host))
                self._put_host(replace(state, asked_at=now))
                return replace(turn, pause_s=pause, asked_before=state.asked_at)
        return Wait(float("inf")) if self._lanes.flying else None

    def _parked_until(self, host: str) -> datetime | None:
        return self.hosts[host].parked_until if host in self.hosts else None

    def _rest_of_pause(self, host: str, now: datetime) -> float:
        """Give how many seconds are left of the pause that began with the last slice's last request."""
        state = self.hosts.get(host)
        if state is None or state.asked_at is None or not self._known_rules(host, now):
            return 0.0
        gone = (now - state.asked_at).total_seconds()
        return max(0.0, self._delay(host) - gone) if gone >= 0 else 0.0

    def _slots(self, host: str) -> int:
        return self.site.slots if host in self.rules else 1

    def _turn(self, host: str, lane: Lane, now: datetime) -> Turn | None:
        if self._is_one_too_many(host):
            while lane.queue:
                beyond = Reason(Cause.TOO_MANY_HOSTS, str(self.plan.site_hosts))
                self._skip(self.addresses[heapq.heappop(lane.queue)[2]], beyond, now)
            return None
        if host not in self.rules and not self._known_rules(host, now):
            url = f"{origin_of(lane.queue[0][2])}/robots.txt"
            return Turn(host, Address(url=url, kind=Kind.PAGE), is_robots=True)
        rules = self.rules[host]
        while lane.queue:
            address = self.addresses[heapq.heappop(lane.queue)[2]]
            reason = rules.refusal(address.url) or self._why_not(address.url, address.kind, address.depth)
            if reason is None:
                return Turn(host, address)
            self._skip(address, reason, now)
        return None

    def _is_one_too_many(self, host: str) -> bool:
        """Tell whether a host of somebody else is one more than a night may ask: a page can name any number."""
        if host in self._others or registrable(host) == registrable(host_of(self.site.url)):
            return False
        if len(self._others) >= self.plan.site_hosts:
            return True
        self._others.add(host)
        return False

    def _skip(self, address: Address, reason: Reason, now: datetime) -> None:
        self.put(replace(address, standing=Standing.SKIPPED, reason=reason, due_at=now))

    def _known_rules(self, host: str, now: datetime) -> bool:
        state = self.hosts.get(host)
        if state is None:
            return False
        read_tonight = state.robots_at is not None and self.began <= state.robots_at <= now
        asked_in_vain = state.asked_at is not None and self.began <= state.asked_at <= now
        if not read_tonight and not asked_in_vain:
            return False
        self.rules[host] = robots.read(state.robots_status, state.robots.encode())
        return True

    def _delay(self, host: str) -> float:
        wanted = self.plan.delay_s if self.site.delay_s is None else self.site.delay_s
        rules = self.rules.get(host)
        asked = rules.delay_s if rules is not None else 0.0
        state = self.hosts.get(host)
        slow = state.latency_s * LATENCY_FACTOR if state is not None and wanted > 0 else 0.0
        return max(wanted, asked, min(slow, SLOWEST_S))

    def settle_robots(self, host: str, status: int, body: bytes, now: datetime) -> None:
        """Take in the answer to a request for robots.txt; rules of the last 24 hours outlive a failure."""
        state = self.hosts.get(host, HostState(host=host))
        rules = robots.read(status, body)
        unreachable = rules.parsed is None and not rules.everything
        if unreachable and robots.is_fresh(state.robots_at, now):
            rules = robots.read(state.robots_status, state.robots.encode())
        elif not unreachable:
            text = body[: robots.MAX_BYTES].decode("utf-8-sig", "replace") if rules.parsed else ""
            state = replace(state, robots=text, robots_status=status, robots_at=now)
        else:
            state = replace(state, robots="", robots_status=status, robots_at=None)
        self.rules[host] = rules
        self._put_host(state)
        self.land(host)

    def land(
        self, host: str, *, seconds: float = 0.0, reached: bool = True, now: datetime | None = None
    ) -> None:
        """Note that an answer came (or not), and how long it took; failures in a row park the host.

        One that answered tonight is asked again after 1, 2, 4, 8 and then every 15 minutes, for 90 minutes in all,
        so that an hour without network is outlived; then, and otherwise at once, it is left for the next night.
        """
        self._lanes.land(host)
        state = self.hosts.get(host, HostState(host=host))
        latency = seconds if not state.latency_s else 0.8 * state.latency_s + 0.2 * seconds
        failures, parked = 0 if reached else state.failures + 1, state.parked_until
        if failures >= BREAKER and now is not None:
            pause = min(60.0 * 2 ** min(failures - BREAKER, 10), self.plan.longest_pause_s)
            answered = state.robots_at is not None and state.robots_at >= self.began
            last = failures >= BREAKER + PROBES or not answered
            parked = now + (_NIGHT if last else timedelta(seconds=pause))
        latency = round(latency, 4) if seconds else state.latency_s
        self._put_host(replace(state, latency_s=latency, failures=failures, parked_until=parked))

    def is_dark(self, host: str) -> bool:
        """Tell whether a host has not answered so often that the fault is not an address's own."""
        return host in self.hosts and self.hosts[host].failures >= BREAKER

    def park(self, host: str, until: datetime) -> None:
        """Leave a host alone until a time; its addresses stay where they are."""
        state = self.hosts.get(host, HostState(host=host))
        self._put_host(replace(state, parked_until=until))

    def again(self, address: Address) -> None:
        """Put an address back at the front: its host asked for a pause, so nothing is lost."""
        self.put(address)
        self._lanes.add(host_of(address.url), (address.rank, -1, address.url))

    def postpone(self, turn: Turn, until: float) -> None:
        """Take a turn back: another site asks this host now, or just did; not before `until`, monotonic."""
        self._lanes[turn.host].next_at = until
        if not turn.is_robots:
            self._lanes.add(turn.host, (turn.address.rank, -1, turn.address.url))
        self._put_host(replace(self.hosts[turn.host], asked_at=turn.asked_before))
        self._lanes.land(turn.host)

    def retry(self, address: Address, now: datetime) -> Address:
        """Give a failed address its next time: soon for the first tries, then the next night."""
        tries = address.tries + 1
        if tries <= TRIES:
            due = now + timedelta(seconds=self.plan.retry_s * 4 ** (tries - 1))
            self._later.append(due)
        else:
            due = now
        return replace(address, tries=tries, due_at=due, standing=Standing.FAILED)

    def _put_host(self, state: HostState) -> None:
        self.hosts[state.host] = state
        self.changed_hosts.add(state.host)

    def visited(self, address: Address, now: datetime, *, changed: bool, **learned: Any) -> None:  # noqa: ANN401 (fields of Address)
        """Write down a visit that went well, and when to come back: sooner where things change or hits are.

        Args:
            address: As it was asked for.
            now: The time.
            changed: Whether its bytes are others than before.
            learned: Fields of the address that are others now.
        """
        changed_at = now if changed or address.changed_at is None else address.changed_at
        often = learned.get("rank", address.rank) == RANK_HIT or address.depth <= 1
        pause = timedelta() if often else pause_after(now - changed_at, self.plan)
        times = {"changed_at": changed_at, "fetched_at": now, "due_at": now + pause, "tries": 0}
        self.put(replace(address, **(learned | times)))

    def shape(self, url: str, *, new_images: int) -> None:
        """Count pages of one shape that show nothing new."""
        shape = shape_of(url)
        if new_images:
            self.barren.pop(shape, None)
        else:
            self.barren[shape] = self.barren.get(shape, 0) + 1

    @property
    def has_queued(self) -> bool:
        """Whether addresses are still waiting for their turn."""
        return any(lane.queue for _, lane in self._lanes.items())

    def resume_at(self, now: datetime) -> datetime | None:
        """Give the time at which something left over may be tried again; None when nothing is left over."""
        times = [due for due in self._later if due > now]
        for host, lane in self._lanes.items():
            if lane.queue:
                times.append(max(self._parked_until(host) or now, now))
        return min(times) if times else None

    def state(self) -> SiteState:
        """Give what is now known, for the next slice."""
        barren: Mapping[str, int] = {shape: count for shape, count in self.barren.items() if count > 1}
        return SiteState(addresses=self.addresses, hosts=self.hosts, barren=barren)
