"""What next and when: pauses, parking, budgets and rhythm, with time as an argument."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http.robots import read
from crawler.model import Address, HostState, Kind, Site, SiteState, Standing
from crawler.reasons import Cause, Reason
from crawler.settings import Plan
from crawler.visit import pace
from crawler.visit.frontier import Frontier
from crawler.visit.host_queues import Turn, Wait
from crawler.visit.outcome import DownloadOutcome, Found
from crawler.visit.revisit import Rank, after_visit, pause_after
from crawler.visit.robots_cache import read_answer

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
SITE = Site(id=1, url="https://a.example/")
PLAN = Plan(delay_s=1.0)


def frontier(
    *addresses: Address, host: HostState | None = None, plan: Plan = PLAN, site: Site = SITE
) -> Frontier:
    """A frontier that knows some addresses, with robots.txt read already."""
    known = host or HostState(host="a.example", robots_status=404, robots_at=NOW)
    state = SiteState(addresses={one.url: one for one in addresses}, hosts={known.host: known})
    return Frontier(site, state, plan, began=NOW, now=NOW)


def page(name: str, **more) -> Address:
    """A page of the site."""
    return Address(url=f"https://a.example/{name}", kind=Kind.PAGE, **more)


def answers(one: Frontier, host: str = "a.example", *, seconds: float = 0.0, **more) -> None:
    """Let a host answer."""
    state = one.hosts.get(host, HostState(host=host))
    turn = Turn(host, page("asked"))
    one.apply(DownloadOutcome(turn=turn, host=pace.after_answer(state, seconds), **more))


def offer(one: Frontier, url: str, kind: Kind = Kind.PAGE, depth: int = 1, **more) -> None:
    """Offer an address to a frontier."""
    one.offer(Found(url, kind, depth, "", **more))


def waits(turn: Turn | Wait | None) -> float:
    """The seconds of a wait."""
    assert isinstance(turn, Wait)
    return turn.seconds


def all_turns(one: Frontier) -> list[str]:
    """Take every turn at once, letting time pass as asked."""
    clock, found = 0.0, []
    while (turn := one.next(clock, NOW + timedelta(seconds=clock))) is not None:
        if isinstance(turn, Wait):
            clock += turn.seconds
            continue
        found.append(turn.address.url)
        answers(one, turn.host)
    return found


def test_robots_comes_first():
    """Nothing is asked of a host whose robots.txt is not known."""
    one = Frontier(SITE, SiteState(), PLAN, began=NOW, now=NOW)

    turn = one.next(0.0, NOW)

    assert isinstance(turn, Turn)
    assert (turn.is_robots, turn.address.url) == (True, "https://a.example/robots.txt")


def test_one_request_at_a_time_and_a_pause_between():
    """While one request is in the air there is no other; after it the pause holds."""
    one = frontier(page("x"), page("y"))

    assert isinstance(one.next(0.0, NOW), Turn)
    assert one.next(0.1, NOW) == Wait(float("inf"))
    answers(one)
    assert waits(one.next(0.4, NOW)) == pytest.approx(0.6)
    assert isinstance(one.next(1.0, NOW), Turn)


def test_a_pause_holds_over_the_end_of_a_slice():
    """The host that was asked 0.2 s ago by the slice before is not asked at once by this one."""
    asked = HostState(host="a.example", robots_status=200, robots="User-agent: *\nCrawl-delay: 5", robots_at=NOW,
                      asked_at=NOW - timedelta(seconds=0.2))  # fmt: skip
    one = frontier(page("x"), host=asked)

    assert waits(one.next(100.0, NOW)) == pytest.approx(4.8)


def test_a_slow_host_is_asked_more_rarely():
    """The pause grows with the time that the host takes, up to half a minute."""
    slow = HostState(host="a.example", robots_status=404, robots_at=NOW, latency_s=4.0)
    one = frontier(page("x"), page("y"), host=slow)

    one.next(0.0, NOW)
    answers(one, seconds=4.0)

    assert waits(one.next(1.0, NOW)) == pytest.approx(7.0)


def test_known_hits_are_visited_first():
    """Where copies were found before is looked at before anything else."""
    one = frontier(page("a"), page("b"), page("hit", rank=0))

    assert all_turns(one)[0] == "https://a.example/hit"


def test_a_parked_host_is_left_alone_and_nothing_is_lost():
    """Parked until later: no turn, and the time to come back is told."""
    until = NOW + timedelta(minutes=5)
    one = frontier(
        page("x"), host=HostState(host="a.example", robots_status=404, robots_at=NOW, parked_until=until)
    )

    assert one.next(0.0, NOW) is None
    assert one.resume_at(NOW) == until


def test_failures_in_a_row_park_the_host():
    """Five answers missing in a row: a pause, which doubles with each further one."""
    one = frontier()
    for _ in range(6):
        silent = pace.after_silence(one.hosts["a.example"], PLAN, began=NOW, now=NOW)
        one.apply(DownloadOutcome(turn=Turn("a.example", page("x")), host=silent))

    assert one.hosts["a.example"].parked_until == NOW + timedelta(seconds=120)


def test_what_was_visited_tonight_is_not_visited_again():
    """Going on with a night visits only what is left."""
    done = page("done", standing=Standing.DONE, fetched_at=NOW, due_at=NOW + timedelta(minutes=1))

    assert all_turns(frontier(done, page("left"))) == ["https://a.example/left", "https://a.example/"]


def test_a_sitemap_that_says_newer_makes_a_page_due():
    """`lastmod` after our last visit brings a page forward that was not due tonight."""
    seen = NOW - timedelta(days=3)
    old = page(
        "old", standing=Standing.DONE, fetched_at=seen, due_at=NOW + timedelta(days=2), digest="sha256:x"
    )
    one = frontier(old)

    offer(one, old.url, changed_at=seen - timedelta(days=1))
    assert old.url not in all_turns(one)
    offer(one, old.url, changed_at=seen + timedelta(days=1))
    assert all_turns(one) == [old.url]


def test_the_quota_of_addresses_is_kept_and_counted():
    """Addresses beyond the quota are counted, not silently dropped."""
    one = frontier(plan=replace(PLAN, site_addresses=3))
    for number in range(10):
        offer(one, f"https://a.example/{number}")

    assert (len(one.addresses), one.dropped) == (3, 8)


@given(st.floats(0, 400))
def test_the_rhythm_follows_how_long_nothing_changed(days):
    """Asked for every night while young, never more rarely than once a week."""
    pause = pause_after(timedelta(days=days), Plan())

    assert timedelta() <= pause <= timedelta(hours=168)
    assert (pause == timedelta()) == (days * 24 * 0.25 < 20)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 9), st.integers(0, 3)), max_size=30))
def test_every_address_gets_exactly_one_turn(found):
    """Whatever is found in whatever order, however often: each address is visited once."""
    one = frontier()
    for name, rank, depth in found:
        offer(one, f"https://a.example/{name}{rank}", depth=depth)

    turns = all_turns(one)

    assert sorted(turns) == sorted(
        {"https://a.example/"} | {f"https://a.example/{name}{rank}" for name, rank, _ in found}
    )


HOSTS = [f"h{number}.example" for number in range(4)]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("next"), st.just(0)),
        st.tuples(st.just("land"), st.integers(0, 30)),
        st.tuples(st.just("later"), st.integers(1, 40)),
        st.tuples(st.just("park"), st.integers(0, 3)),
        st.tuples(st.just("offer"), st.integers(0, 3)),
    ),
    max_size=120,
)


class Watched:
    """A frontier of several image hosts beside what must hold of it, kept by looking at every host."""

    def __init__(self, slots: int) -> None:
        known = {host: HostState(host=host, robots_status=404, robots_at=NOW) for host in HOSTS}
        images = [Address(url=f"https://{host}/{n}.jpg", kind=Kind.IMAGE) for host in HOSTS for n in range(3)]
        state = SiteState(addresses={one.url: one for one in images}, hosts=known)
        site = replace(SITE, url="https://h0.example/", slots=slots)
        self.one, self.slots = Frontier(site, state, PLAN, began=NOW, now=NOW), slots
        self.left = dict.fromkeys(HOSTS, 3) | {"h0.example": 4}
        self.free_at, self.parked = dict.fromkeys(HOSTS, 0.0), dict.fromkeys(HOSTS, 0.0)
        self.flying: list[str] = []
        self.tenths, self.count = 0, 0

    @property
    def clock(self) -> float:
        """Seconds, from whole tenths: sums of fractions would differ from the wall clock's microseconds."""
        return self.tenths / 10

    def ready_at(self, host: str) -> float | None:
        """When a host may be asked, looked up by the rule itself; None while it may not be."""
        if not self.left[host] or self.parked[host] > self.clock:
            return None
        return None if self.flying.count(host) >= self.slots else self.free_at[host]

    def take(self) -> None:
        turn = self.one.next(self.clock, NOW + timedelta(seconds=self.clock))
        times = {host: at for host in HOSTS if (at := self.ready_at(host)) is not None}
        if isinstance(turn, Turn):
            assert times[turn.host] <= self.clock
            assert times[turn.host] == min(times.values())
            self.left[turn.host] -= 1
            self.free_at[turn.host] = self.clock + PLAN.delay_s
            self.flying.append(turn.host)
        elif isinstance(turn, Wait):
            assert turn.seconds == pytest.approx(
                min(times.values()) - self.clock if times else float("inf"), abs=1e-6
            )
        else:
            assert not times
            assert not self.flying

    def step(self, what: str, number: int) -> None:
        host = HOSTS[number % len(HOSTS)]
        if what == "next":
            self.take()
        elif what == "land" and self.flying:
            answers(self.one, self.flying.pop(number % len(self.flying)))
        elif what == "later":
            self.tenths += number
        elif what == "park":
            self.parked[host] = (self.tenths + 15) / 10
            until = NOW + timedelta(seconds=self.parked[host])
            parked = replace(self.one.hosts[host], parked_until=until)
            self.one.apply(DownloadOutcome(turn=Turn("nobody", page("x")), host=parked))
        elif what == "offer":
            self.count += 1
            offer(self.one, f"https://{host}/more{self.count}.jpg", Kind.IMAGE)
            self.left[host] += 1


@given(STEPS, st.integers(1, 3))
def test_the_host_that_waited_longest_is_next_and_none_before_its_time(steps, slots):
    """Whatever happens in between, a step gives what a look at every host would give."""
    watched = Watched(slots)

    for what, number in steps:
        watched.step(what, number)
    for _ in range(60):
        watched.take()
        watched.step("later", 4)
        watched.step("land", 0)

    assert not any(watched.left.values()), "nothing is forgotten"


def test_hosts_that_were_left_out_have_their_turn_the_next_night():
    """Of more hosts than a night may ask, every one is asked within a few nights; those of known hits in each."""
    hosts = [f"h{number}.example" for number in range(10)]
    images = {
        f"https://{host}/1.jpg": Address(url=f"https://{host}/1.jpg", kind=Kind.IMAGE) for host in hosts
    }
    hit = "https://h9.example/1.jpg"
    state = SiteState(addresses=images | {hit: replace(images[hit], rank=0)})
    nights = []
    for number in range(4):
        now = NOW + timedelta(days=number)
        one = Frontier(SITE, state, replace(PLAN, site_hosts=4), began=now, now=now)
        nights.append({turn.host for turn in asked_about(one, now) if turn.host != "a.example"})
        state = one.state()

    assert [len(night) for night in nights] == [4, 4, 4, 4]
    assert set.union(*nights) == set(hosts)
    assert all("h9.example" in night for night in nights)


def asked_about(one, now):
    """Take every turn there is, all robots.txt missing, nothing due later."""
    clock = 0.0
    while (turn := one.next(clock, now)) is not None:
        if isinstance(turn, Wait):
            clock += turn.seconds
            continue
        if turn.is_robots:
            rules, host = read_answer(one.hosts[turn.host], 404, b"", now)
            one.apply(DownloadOutcome(turn=turn, host=host, rules=rules))
        else:
            done = after_visit(turn.address, one.plan, now, changed=True)
            one.apply(DownloadOutcome(turn=turn, host=one.hosts[turn.host], address=done))
        yield turn


def test_a_step_does_not_look_at_hosts_that_rest(monkeypatch):
    """A page with pictures from thousands of hosts does not slow every single request down."""
    known = [HostState(host=f"h{n}.example", robots_status=404, robots_at=NOW) for n in range(3000)]
    images = [Address(url=f"https://{host.host}/1.jpg", kind=Kind.IMAGE) for host in known]
    state = SiteState(addresses={one.url: one for one in images}, hosts={host.host: host for host in known})
    one = Frontier(SITE, state, replace(PLAN, site_hosts=5000), began=NOW, now=NOW)
    looks = []
    usual = Frontier._parked_until

    def counted(self, host):
        looks.append(host)
        return usual(self, host)

    monkeypatch.setattr(Frontier, "_parked_until", counted)

    for _ in range(1000):
        assert isinstance(one.next(0.0, NOW), Turn)

    assert len(looks) <= 2 * 1000


def taken(one: Frontier, clock: float = 0.0) -> Turn:
    """The turn that there is now."""
    turn = one.next(clock, NOW + timedelta(seconds=clock))
    assert isinstance(turn, Turn)
    return turn


def test_a_turn_that_was_taken_back_comes_first_and_not_before_its_time():
    """An address whose host is asked by somebody else is asked later, ahead of others, as if it never had been."""
    asked = NOW - timedelta(hours=1)
    host = HostState(host="a.example", robots_status=404, robots_at=NOW, asked_at=asked)
    one = frontier(page("x"), page("y"), host=host)
    turn = taken(one)
    assert (turn.asked_before, turn.is_robots) == (asked, False)
    assert one.hosts["a.example"].asked_at == NOW

    one.postpone(turn, 7.0)

    assert one.hosts["a.example"].asked_at == asked
    assert "a.example" in one.changed_hosts
    assert waits(one.next(3.0, NOW)) == pytest.approx(4.0)
    assert taken(one, 7.0).address.url == turn.address.url


def test_a_robots_turn_that_was_taken_back_is_asked_again_and_once():
    """robots.txt is no address of the site: taken back, it is asked anew, and nothing is queued for it."""
    one = Frontier(SITE, SiteState(), PLAN, began=NOW, now=NOW)
    turn = taken(one)

    one.postpone(turn, 2.0)

    assert taken(one, 2.0).address.url == "https://a.example/robots.txt"
    assert "https://a.example/robots.txt" not in one.addresses


def test_foreign_hosts_beyond_the_bound_are_left_alone_with_the_reason():
    """A night asks so many hosts beside the site's own, and names the bound at each picture that is left."""
    own = HostState(host="www.example.org", robots_status=404, robots_at=NOW)
    site = Site(id=1, url="https://www.example.org/")
    one = frontier(host=own, site=site, plan=replace(PLAN, site_hosts=2))
    for number in range(4):
        offer(one, f"https://cdn{number}.example/a.jpg", Kind.IMAGE)
    offer(one, "https://img.example.org/a.jpg", Kind.IMAGE)
    asked, clock = set(), 0.0
    while (turn := one.next(clock, NOW + timedelta(seconds=clock))) is not None:
        if isinstance(turn, Wait):
            clock += turn.seconds
            continue
        asked.add(turn.host)
        answers(one, turn.host, rules=read(404, b"") if turn.is_robots else None)

    left = {url: known for url, known in one.addresses.items() if known.standing is Standing.SKIPPED}
    assert len(asked - {"www.example.org", "img.example.org"}) == 2
    assert "img.example.org" in asked
    assert len(left) == 2
    for known in left.values():
        assert known.reason == Reason(Cause.TOO_MANY_HOSTS, "2")
        assert known.due_at is not None
    assert left.keys() <= one.changed


def test_an_address_is_taken_up_once_as_what_it_is():
    """Kind, depth and the naming page are kept; a second mention says it is known."""
    one = frontier()
    found = Found("https://cdn.example/a.jpg", Kind.IMAGE, 3, "https://a.example/page")

    assert one.offer(found)
    assert not one.offer(found._replace(depth=9, parent="https://a.example/other"))

    known = one.addresses["https://cdn.example/a.jpg"]
    assert known == Address(
        url="https://cdn.example/a.jpg",
        kind=Kind.IMAGE,
        standing=Standing.WAITING,
        rank=Rank.IMAGE,
        depth=3,
        parent="https://a.example/page",
    )
    assert "https://cdn.example/a.jpg" in one.changed


@pytest.mark.parametrize(
    ("kind", "rank", "kept"),
    [
        (Kind.PAGE, None, Rank.PAGE),
        (Kind.MAP, None, Rank.SITEMAP),
        (Kind.IMAGE, None, Rank.IMAGE),
        (Kind.STYLE, None, Rank.IMAGE),
        (Kind.IMAGE, Rank.ORIGINAL, Rank.ORIGINAL),
        (Kind.PAGE, Rank.HIT, Rank.HIT),
    ],
)
def test_the_order_of_visits_follows_what_an_address_is(kind, rank, kept):
    """Sitemaps come before pictures, pictures before pages, and a finder may say otherwise."""
    one = frontier()
    offer(one, "https://a.example/x", kind, rank=rank)

    assert one.addresses["https://a.example/x"].rank == kept


def test_foreign_pages_are_passed_over_and_foreign_pictures_are_not():
    """A site's visit reads its own pages, and asks for what they show wherever that lies."""
    one = frontier()
    offer(one, "https://other.example/page")
    offer(one, "https://other.example/a.jpg", Kind.IMAGE)

    assert "https://other.example/page" not in one.addresses
    assert "https://other.example/a.jpg" in one.addresses
    assert one.dropped == 0


def test_where_redirects_end_is_noted_unless_it_was_visited():
    """The end of a redirect is taken as visited when nobody has been there, and keeps its own past otherwise."""
    waiting, seen = page("waiting"), page("seen", standing=Standing.DONE, fetched_at=NOW)
    failed = page("failed", fetched_at=NOW - timedelta(days=1))
    one = frontier(waiting, seen, failed)
    for name in ("new", "waiting", "seen", "failed"):
        answers(one, twin=page(name, standing=Standing.DONE, status=200))

    statuses = {
        name: one.addresses[f"https://a.example/{name}"].status
        for name in ("new", "waiting", "seen", "failed")
    }
    assert statuses == {"new": 200, "waiting": 200, "seen": 0, "failed": 0}


def test_pages_that_show_a_copy_are_hits_from_then_on():
    """What shows a copy is visited first the next night; a page that is not known is not made up."""
    one = frontier(page("shows"))

    answers(one, hits=("https://a.example/shows", "https://a.example/unknown"))

    assert one.addresses["https://a.example/shows"].rank == Rank.HIT
    assert "https://a.example/unknown" not in one.addresses


def test_an_address_that_is_asked_again_comes_before_others():
    """What was not done goes back to the front of its host's queue."""
    one = frontier(page("x"), page("y"))
    turn = taken(one)
    again = replace(turn.address, tries=1)

    one.apply(DownloadOutcome(turn=turn, address=again, is_asked_again=True))

    assert one.addresses[turn.address.url].tries == 1
    assert taken(one, 10.0).address == again


def test_the_time_to_come_back_is_the_earliest_of_all():
    """A failed address, a parked host and what is left now each have a time; the earliest that is to come counts."""
    soon, later = NOW + timedelta(minutes=3), NOW + timedelta(minutes=9)
    parked = HostState(host="a.example", robots_status=404, robots_at=NOW, parked_until=later)
    one = frontier(page("x"), host=parked)
    assert one.resume_at(NOW) == later

    answers(one, retry_at=soon)
    assert one.resume_at(NOW) == soon
    assert one.resume_at(soon) == later
    assert one.resume_at(later + timedelta(seconds=5)) == later + timedelta(seconds=5)

    done = frontier(page("", standing=Standing.DONE, fetched_at=NOW, due_at=later))
    assert done.resume_at(NOW) is None


def test_a_slice_hands_on_what_it_knows():
    """Addresses, hosts and barren shapes go to the next slice; pictures inside a page have no turn."""
    inline = Address(url="data:image/png;sha256,1", kind=Kind.IMAGE, standing=Standing.WAITING)
    one = frontier(page("x"), inline)

    assert "data:image/png;sha256,1" not in all_turns(one)
    state = one.state()
    assert state.addresses.keys() == {"https://a.example/x", "https://a.example/", inline.url}
    assert state.hosts.keys() == {"a.example"}
