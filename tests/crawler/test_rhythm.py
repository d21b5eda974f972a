"""How often an address is visited, how fast a host is asked, and which pages lead nowhere, to the second."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.http.robots import read
from crawler.model import Address, HostState, Kind, Standing
from crawler.reasons import Cause, Reason
from crawler.settings import Plan
from crawler.visit.pace import after_answer, after_silence, delay_s, is_dark
from crawler.visit.revisit import (
    Rank,
    after_failure,
    after_visit,
    is_changed_since,
    is_due_tonight,
    pause_after,
    retry_at,
)
from crawler.visit.traps import TrapFinder, endless, shape_of

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAN = Plan()
DEEP = Address(url="https://a.example/x", kind=Kind.PAGE, depth=2, tries=2)
HOST = HostState(host="a.example", robots_status=404, robots_at=NOW)
SLOW = read(200, b"User-agent: *\nCrawl-delay: 9")


def test_a_quarter_of_its_age_within_bounds():
    """Nothing under 20 hours is worth a pause, and none is longer than the settings permit."""
    assert pause_after(80 * HOUR, PLAN) == 20 * HOUR
    assert pause_after(79 * HOUR, PLAN) == timedelta()
    assert pause_after(400 * DAY, PLAN) == 168 * HOUR


def test_what_changed_is_due_at_once_and_what_stood_still_later():
    """A visit counts from its own time; an address of a hit or near the start never rests."""
    old = replace(DEEP, changed_at=NOW - 8 * DAY)

    assert after_visit(old, PLAN, NOW, changed=True) == replace(
        DEEP, changed_at=NOW, fetched_at=NOW, due_at=NOW, tries=0
    )
    assert after_visit(old, PLAN, NOW, changed=False) == replace(
        DEEP, changed_at=NOW - 8 * DAY, fetched_at=NOW, due_at=NOW + 2 * DAY, tries=0
    )
    assert after_visit(DEEP, PLAN, NOW, changed=False).changed_at == NOW
    for often in (replace(old, rank=Rank.HIT), replace(old, depth=1)):
        assert after_visit(often, PLAN, NOW, changed=False).due_at == NOW
    assert after_visit(replace(old, rank=1), PLAN, NOW, changed=False).due_at == NOW + 2 * DAY


@pytest.mark.parametrize(("tries", "seconds"), [(0, 3), (1, 12), (2, 0), (5, 0)])
def test_failures_are_tried_again_soon_and_then_the_next_night(tries, seconds):
    """The first retry after the settings' seconds, the second after four times as many."""
    failed = after_failure(replace(DEEP, tries=tries), PLAN, NOW)
    due_at = NOW + timedelta(seconds=seconds)

    assert failed == replace(DEEP, tries=tries + 1, standing=Standing.FAILED, due_at=due_at)
    assert retry_at(failed, NOW) == (due_at if seconds else None)


@pytest.mark.parametrize(
    ("due_at", "tries", "rank", "is_due"),
    [
        (None, 0, 5, True),
        (NOW, 0, 5, True),
        (NOW + HOUR, 0, 5, False),
        (NOW + HOUR, 1, 5, True),
        (NOW + HOUR, 2, 5, True),
        (NOW + HOUR, 3, 5, False),
        (NOW + 3 * HOUR, 1, 5, False),
        (NOW + 170 * HOUR, 0, 5, False),
        (NOW + 171 * HOUR, 0, 5, True),
        (NOW + 171 * HOUR, 0, 9, False),
    ],
)
def test_what_is_due_in_a_night(due_at, tries, rank, is_due):
    """What was due when it began, what is tried again, and what a wrong clock put off for too long."""
    one = replace(DEEP, due_at=due_at, tries=tries, rank=rank)

    assert is_due_tonight(one, PLAN, began=NOW, now=NOW + 2 * HOUR) is is_due


def test_a_sitemaps_time_brings_a_visit_forward():
    """Only where it is later than our last visit, that was before tonight, and the next is after it."""
    seen = replace(DEEP, fetched_at=NOW - DAY, due_at=NOW + DAY)

    assert is_changed_since(seen, NOW - HOUR, NOW)
    assert not is_changed_since(seen, NOW - DAY, NOW)
    assert not is_changed_since(seen, None, NOW)
    assert not is_changed_since(replace(seen, fetched_at=None), NOW, NOW)
    assert not is_changed_since(replace(seen, due_at=None), NOW, NOW)
    assert not is_changed_since(replace(seen, due_at=NOW), NOW - HOUR, NOW)
    assert not is_changed_since(replace(seen, fetched_at=NOW), NOW + HOUR, NOW)


def test_the_pause_is_the_longest_that_anybody_wants():
    """Ours, that of robots.txt, or twice what the host takes, up to half a minute; none where we want none."""
    assert delay_s(None, None, 1.0) == 1.0
    assert delay_s(HOST, SLOW, 1.0) == 9.0
    assert delay_s(replace(HOST, latency_s=2.0), None, 1.0) == 4.0
    assert delay_s(replace(HOST, latency_s=99.0), None, 1.0) == 30.0
    assert delay_s(replace(HOST, latency_s=2.0), None, 0.0) == 0.0


def test_the_time_that_a_host_takes_is_smoothed():
    """The first answer counts whole, each further one a fifth; one without a time changes nothing."""
    silent = replace(HOST, failures=3)

    assert after_answer(silent, 2.0) == replace(HOST, latency_s=2.0)
    assert after_answer(replace(silent, latency_s=1.0), 2.0) == replace(HOST, latency_s=1.2)
    assert after_answer(replace(silent, latency_s=1.0), 0.0) == replace(HOST, latency_s=1.0)


@pytest.mark.parametrize(
    ("failures", "robots_at", "pause"),
    [
        (3, NOW, None),
        (4, NOW, 60),
        (5, NOW, 120),
        (8, NOW, 900),
        (12, NOW, 900),
        (13, NOW, 72_000),
        (4, None, 72_000),
        (4, NOW - DAY, 72_000),
    ],
)
def test_silence_parks_a_host(failures, robots_at, pause):
    """From the fifth failure on for ever longer, then until the next night; at once where it never answered."""
    host = replace(HOST, failures=failures, robots_at=robots_at)
    after = after_silence(host, PLAN, began=NOW, now=NOW + HOUR)

    parked = None if pause is None else NOW + HOUR + timedelta(seconds=pause)
    assert after == replace(host, failures=failures + 1, parked_until=parked)
    assert is_dark(after) == (pause is not None)


def test_pages_of_one_shape_without_news_are_a_trap():
    """As many in a row as the settings permit; a new image starts the count anew."""
    finder = TrapFinder({}, Plan(barren=2))
    one, other = "https://a.example/day/1?x=1", "https://a.example/day/2?x=2"

    finder.count(one, 0)
    assert finder.refusal(other, 1) is None
    assert finder.barren == {}
    finder.count(other, 0)
    assert finder.barren == {shape_of(one): 2}
    assert finder.refusal(one, 1) == Reason(Cause.TRAP_BARREN, "2")
    finder.count(one, 1)
    assert finder.refusal(one, 1) is None
    assert TrapFinder({shape_of(one): 2}, Plan(barren=2)).refusal(other, 1) == Reason(Cause.TRAP_BARREN, "2")


def test_depth_and_endless_addresses_are_bounds():
    """So many clicks, a path segment three times, eight ampersands; one less is a page like any other."""
    finder = TrapFinder({}, Plan(depth=3))

    assert finder.refusal("https://a.example/", 4) == Reason(Cause.TOO_DEEP, "3")
    assert finder.refusal("https://a.example/", 3) is None
    assert endless("https://a.example/a/b/a/b/a") == Reason(Cause.TRAP_PATH)
    assert endless("https://a.example/a//b//a//") is None
    assert endless("https://a.example/?" + "&".join("abcdefghi")) == Reason(Cause.TRAP_QUERY, "8")
    assert endless("https://a.example/?" + "&".join("abcdefgh")) is None
    assert shape_of("https://a.example/s/2026/a1b2c3d4?z=&b=1&b=2") == "a.example/s/#/#?b,z"
