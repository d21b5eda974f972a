"""Reasons as values: what any version wrote is understood, and worded only where it is printed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.reasons import Cause, Reason, reason_of
from crawler.run.night import run
from crawler.run.status import policing_log
from crawler.store.database import open_watch
from gallery.store.database import transaction

URL = "https://a.example/x"
FORMER = [
    ("robots.txt disallows it", Cause.ROBOTS_DISALLOWS),
    ("robots.txt could not be reached: everything is left alone", Cause.ROBOTS_UNREACHABLE),
    ("robots.txt answered 503: everything is left alone", Cause.ROBOTS_STATUS),
    ("trap: a path that repeats itself", Cause.TRAP_PATH),
    ("trap: more than 8 parameters", Cause.TRAP_QUERY),
    ("trap: 150 pages of this shape in a row showed nothing new", Cause.TRAP_BARREN),
    ("deeper than 25 clicks", Cause.TOO_DEEP),
    ("beyond 200 other hosts in one night", Cause.TOO_MANY_HOSTS),
    ("outside this site", Cause.OUTSIDE),
    ("moved to https://b.example/", Cause.MOVED),
    ("moved to https://b.example/, a domain of somebody else: not followed", Cause.MOVED_AWAY),
    ("status 404", Cause.GONE),
    (f"{URL} answered 403", Cause.STATUS),
    (f"{URL} answered with no bytes", Cause.EMPTY),
    (f"{URL} is no picture but text/html", Cause.NO_PICTURE),
    (f"{URL} could not be read (ValueError: x)", Cause.UNREADABLE),
    (f"{URL} is larger than 32 MiB", Cause.TOO_LARGE),
    ("the answer is larger than 32 MiB", Cause.TOO_LARGE),
    ("built by scripts", Cause.SCRIPT_BUILT),
    (f"{URL} answered too slowly", Cause.OTHER),
]


@pytest.mark.parametrize(("text", "cause"), FORMER)
def test_a_row_of_an_older_version_is_understood_and_worded_as_it_was(text, cause):
    """Each sentence that an older version kept gives its cause, and is printed as it was."""
    reason = reason_of(text)

    assert (reason.cause, reason.sentence(URL)) == (cause, text)


@given(st.sampled_from(Cause), st.text(max_size=30))
def test_what_is_written_is_read_again(cause, detail):
    """Whatever its parameter holds, a reason comes back from its row as it was."""
    assert reason_of(Reason(cause, detail).to_text()) == Reason(cause, detail)


@given(st.text(max_size=60))
def test_no_row_is_beyond_reading(text):
    """Any text in a row is a reason with that text, and none is an error."""
    reason = reason_of(text)

    assert reason is None if not text else reason is not None


def test_old_and_new_rows_of_one_reason_are_counted_together(serve, watch, hands, picture, blind):
    """The night after an upgrade adds what the version before left alone to what this one leaves alone."""
    links = '<a href="/private/a.html">a</a><a href="/private/b.html">b</a>'
    served = serve(
        {
            "/": f'{links}<img src="/a.jpg">',
            "/a.jpg": picture("a"),
            "/robots.txt": "User-agent: *\nDisallow: /private/",
        }
    )
    folder = watch(served.site())
    run(folder, executor=hands, look=blind)
    db = open_watch(folder.database)
    with transaction(db):
        db.execute("update urls set why = 'robots.txt disallows it' where url like '%/a.html'")
    kept = db.execute("select why from urls where url like '%/private/%' order by url").fetchall()
    db.close()

    summary = run(folder, executor=hands, look=blind)

    log = policing_log(folder)
    assert kept == [("robots.txt disallows it",), ("robots-disallows:",)]
    assert [one["why"] for one in log[0]["left_alone"]] == ["robots.txt disallows it"] * 2
    assert "robots.txt forbids 2 addresses, which were left alone" in summary.sites[0].blind
