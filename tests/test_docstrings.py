"""Docstrings begin with one plain line."""

from tests.docstrings import measure, sources, summaries

MEDIAN_WORDS = 10
JOINED = 0.10


def test_summaries_are_short_and_say_one_thing():
    """Half of all summaries have at most ten words, and at most one in ten joins statements by : or ;."""
    found = measure(list(summaries(sources())))

    assert found.count > 1500
    assert found.words <= MEDIAN_WORDS
    assert found.joined <= JOINED
