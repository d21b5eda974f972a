"""What next and when: pauses, parking, budgets and rhythm, with time as an argument."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Address, HostState, Kind, Site, SiteState, Standing
from crawler.settings import Plan
from crawler.visit.frontier import Frontier, Turn, Wait, pause_after

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
        one.land(turn.host)
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
    one.land("a.example")
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
    one.land("a.example", seconds=4.0)

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
        one.land("a.example", reached=False, now=NOW)

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

    one.offer(old.url, Kind.PAGE, depth=1, parent="", changed_at=seen - timedelta(days=1))
    assert old.url not in all_turns(one)
    one.offer(old.url, Kind.PAGE, depth=1, parent="", changed_at=seen + timedelta(days=1))
    assert all_turns(one) == [old.url]


def test_the_quota_of_addresses_is_kept_and_counted():
    """Addresses beyond the quota are counted, not silently dropped."""
    one = frontier(plan=replace(PLAN, site_addresses=3))
    for number in range(10):
        one.offer(f"https://a.example/{number}", Kind.PAGE, depth=1, parent="")

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
        one.offer(f"https://a.example/{name}{rank}", Kind.PAGE, depth=depth, parent="")

    turns = all_turns(one)

    assert sorted(turns) == sorted(
        {"https://a.example/"} | {f"https://a.example/{name}{rank}" for name, rank, _ in found}
    )
