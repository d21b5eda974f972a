"""What robots.txt permits, and what its absence means (RFC 9309)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http.robots import is_fresh, read

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = "https://example.org/private/x.html"


@pytest.mark.parametrize(
    ("status", "permitted"),
    [
        (404, True),
        (401, True),
        (403, True),
        (410, True),
        (500, False),
        (503, False),
        (429, False),
        (0, False),
    ],
)
def test_status_rules(status, permitted):
    """4xx means no rules; 5xx, 429 and no answer mean: leave everything alone."""
    assert read(status, b"User-agent: *\nDisallow: /").permits(PAGE) is permitted


def test_our_group_wins_and_the_longest_rule_counts():
    """Rules for `pairwatch` go before those for everybody; the longest match decides; a BOM does no harm."""
    rules = read(
        200,
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n\nUser-agent: PairWatch\nDisallow: /private/\nAllow: /private/x",
    )

    assert rules.permits(PAGE)
    assert rules.permits("https://example.org/")
    assert not rules.permits("https://example.org/private/y")


def test_rules_beyond_half_a_megabyte_are_not_read():
    """The first 512 KiB count, so that a huge file costs nothing."""
    rules = read(200, b"User-agent: *\n" + b"# x\n" * 200_000 + b"Disallow: /")

    assert rules.permits(PAGE)


def test_delays_and_sitemaps():
    """Crawl-delay and Request-rate are kept, up to 300 seconds; sitemaps are named."""
    rules = read(200, b"User-agent: *\nCrawl-delay: 2\nRequest-rate: 1/5\nSitemap: https://example.org/s.xml")

    assert (rules.delay_s, rules.sitemaps) == (5.0, ("https://example.org/s.xml",))
    assert read(200, b"User-agent: *\nCrawl-delay: 999999").delay_s == 300.0


def test_rules_age():
    """Rules may be used for 24 hours; after a clock was set back they are read again."""
    assert is_fresh(NOW - timedelta(hours=23), NOW)
    assert not is_fresh(NOW - timedelta(hours=25), NOW)
    assert not is_fresh(NOW + timedelta(hours=1), NOW)
    assert not is_fresh(None, NOW)


@given(st.binary(max_size=300))
def test_no_file_breaks_it(body):
    """Whatever bytes come: rules, never an error."""
    rules = read(200, body)

    assert rules.permits(PAGE) in (True, False)
    assert 0 <= rules.delay_s <= 300
