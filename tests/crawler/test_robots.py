"""What robots.txt permits, and what its absence means (RFC 9309)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http.robots import is_fresh, read
from crawler.reasons import Cause, Reason

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = "https://example.org/private/x.html"


@pytest.mark.parametrize(
    ("status", "permitted"),
    [
        (200, False),
        (299, False),
        (300, True),
        (404, True),
        (401, True),
        (403, True),
        (410, True),
        (499, True),
        (500, False),
        (503, False),
        (429, False),
        (0, False),
    ],
)
def test_status_rules(status, permitted):
    """2xx is read, 4xx means no rules; 5xx, 429 and no answer mean: leave everything alone."""
    assert read(status, b"User-agent: *\nDisallow: /").permits(PAGE) is permitted


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, Reason(Cause.ROBOTS_DISALLOWS)),
        (404, None),
        (429, Reason(Cause.ROBOTS_STATUS, "429")),
        (503, Reason(Cause.ROBOTS_STATUS, "503")),
        (0, Reason(Cause.ROBOTS_UNREACHABLE)),
    ],
)
def test_a_refusal_says_why(status, reason):
    """An address is left alone by the file's own rule, its status or its silence, and each is named."""
    assert read(status, b"User-agent: *\nDisallow: /").refusal(PAGE) == reason


def test_an_absent_file_is_noted():
    """A site without robots.txt permits everything, and the status that said so is kept."""
    rules = read(404, b"not found: Disallow: /")

    assert rules.reason == Reason(Cause.ROBOTS_MISSING, "404")
    assert (rules.delay_s, rules.sitemaps, rules.refusal(PAGE)) == (0.0, (), None)


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
    """The first 512 KiB count to the last byte, so that a huge file costs nothing."""
    begun = b"User-agent: *\nDisallow: /private\n#"
    padded = begun + b"x" * (512 * 1024 - len(begun) - 12)
    elsewhere = "https://example.org/other"

    assert not read(200, padded + b"\nDisallow: /").permits(elsewhere)
    assert read(200, padded + b"x\nDisallow: /").permits(elsewhere)
    assert not read(200, padded + b"x\nDisallow: /").permits(PAGE)


def test_delays_and_sitemaps():
    """Crawl-delay and Request-rate are kept, up to 300 seconds; sitemaps are named."""
    rules = read(200, b"User-agent: *\nCrawl-delay: 2\nRequest-rate: 1/5\nSitemap: https://example.org/s.xml")

    assert (rules.delay_s, rules.sitemaps) == (5.0, ("https://example.org/s.xml",))
    assert read(200, b"User-agent: *\nCrawl-delay: 2\nRequest-rate: 4/6").delay_s == 2.0
    assert read(200, b"User-agent: *\nRequest-rate: 4/6").delay_s == 1.5
    assert read(200, b"User-agent: *\nDisallow:").delay_s == 0.0
    assert read(200, b"User-agent: pairwatch\nCrawl-delay: 7\nUser-agent: *\nCrawl-delay: 1").delay_s == 7.0
    assert read(200, b"User-agent: *\nCrawl-delay: 999999").delay_s == 300.0


def test_rules_age():
    """Rules may be used for 24 hours; after a clock was set back they are read again."""
    assert is_fresh(NOW, NOW)
    assert is_fresh(NOW - timedelta(hours=24) + timedelta(seconds=1), NOW)
    assert not is_fresh(NOW - timedelta(hours=24), NOW)
    assert not is_fresh(NOW + timedelta(seconds=1), NOW)
    assert not is_fresh(None, NOW)


@given(st.binary(max_size=300))
def test_no_file_breaks_it(body):
    """Whatever bytes come: rules, never an error."""
    rules = read(200, body)

    assert rules.permits(PAGE) in (True, False)
    assert 0 <= rules.delay_s <= 300
