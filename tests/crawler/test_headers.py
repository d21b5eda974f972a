"""Header values are hostile: whatever bytes a server sends in them, a visit reads on."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http import headers

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
BEYOND = "Fri, 31 Dec 9999 23:59:59 -2300"
ODD = ["1\x1f", "\xb2", "9" * 5000, "1\r\n 2", '"a\r\n b"', "\x85", BEYOND, "Mon, 01 Jan 0001 00:00:00 +2300"]
ODD += [
    "//[",
    "http://a.example:99999/",
    "http://[::1",
    "\xd0\xb6.html",
    "text/html;charset=\x00",
    "-1",
    "1e3",
]
HOSTILE = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")), st.text(max_size=40), st.sampled_from(ODD)
)
NAMES = ["Retry-After", "Content-Type", "Content-Length", "Last-Modified", "ETag", "Location", "Set-Cookie"]
NAMES += ["Content-Encoding", "Link", "\x00", ""]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), HOSTILE), max_size=12)


@given(PAIRS)
def test_no_value_is_more_than_it_may_be(pairs):
    """Every reader gives a value of its kind or none at all, and never an error."""
    read = headers.received(pairs)
    until, length = headers.retry_after(read, NOW), headers.content_length(read)
    target = headers.location(read, "http://example.org/a/b")

    assert until is None or NOW <= until <= NOW + timedelta(days=1)
    assert length is None or 0 <= length < 10**18
    assert target is None or target.startswith(("http://", "https://"))
    assert headers.media_type(read) == headers.media_type(read).strip().lower()
    assert all(len(value) <= headers.MAX_VALUE and not CONTROL.search(value) for value in read.values())


@given(HOSTILE, HOSTILE)
def test_what_is_sent_back_is_one_line_of_latin_1(etag, last_modified):
    """A validator that a server gave, or an older folder holds, never breaks the request that sends it back."""
    sent = headers.conditional(etag, last_modified)

    assert set(sent) <= {"If-None-Match", "If-Modified-Since"}
    assert all(value and not CONTROL.search(value) and value.encode("latin-1") for value in sent.values())


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), (" 7 ", 7), ("1\x1f", 1), ("99999999", 86400), ("0", 0)]
)
def test_a_pause_is_read_as_far_as_it_can_be(value, seconds):
    """Control characters around a number change nothing, and nobody parks a host for more than a day."""
    read = headers.received([("Retry-After", value)])

    assert headers.retry_after(read, NOW) == NOW + timedelta(seconds=seconds)


def test_the_values_that_a_visit_uses():
    """Names do not depend on case, a folded value is one line, and a path in UTF-8 is read as such."""
    pairs = [("CONTENT-type", "Image/PNG ; x=1"), ("content-LENGTH", "17"), ("ETag", '"a\r\n b"')]
    read = headers.received([*pairs, ("Location", "/ü".encode().decode("latin-1"))])

    assert headers.media_type(read) == "image/png"
    assert headers.content_length(read) == 17
    assert headers.conditional(read["etag"], "") == {"If-None-Match": '"a b"'}
    assert headers.location(read, "http://example.org/a/b") == "http://example.org/%C3%BC"


@pytest.mark.parametrize(
    "hostile",
    [
        {"ETag": '"\x1f\xff"', "Last-Modified": "\x85\x1f"},
        {"Content-Type": "text/html; charset=\x1f"},
        {"Link": "<\x1f", "Set-Cookie": "\xff=\x1f;"},
        {"Content-Encoding": "\x1f"},
    ],
)
@pytest.mark.parametrize("sent_on", [{}, {"Location": "http://[\x1f"}])
def test_a_hostile_value_ends_no_visit(serve, visitor, picture, answer, sent_on, hostile):
    """The page that bears it is a row at most, the pages beside it are read, and so they are the next night."""
    served = serve({
        "/": '<a href="/bad.html">x</a><a href="/good.html">x</a>',
        "/bad.html": answer(b"<p>bad", 302 if sent_on else 200, hostile | sent_on),
        "/good.html": '<img src="/i.jpg">',
        "/i.jpg": picture("i"),
    })  # fmt: skip

    for _ in range(2):
        served.asked.clear()
        visitor.visit(served.site())
        assert {"/bad.html", "/good.html", "/i.jpg"} <= set(served.paths)
        visitor.next_night()


def test_a_hostile_pause_loses_nothing(serve, visitor, picture, answer):
    """A pause whose number ends in a control character is kept, and then everything is read."""
    refused = [answer(b"", 429, {"Retry-After": "1\x1f"})]
    page = answer(b'<img src="/i.jpg">')
    served = serve({"/": lambda _: refused.pop() if refused else page, "/i.jpg": picture("i")})

    first = visitor.visit(served.site())
    time.sleep(max(0.0, (first.resume_at - datetime.now(UTC)).total_seconds()))
    visitor.visit(served.site())

    assert served.paths == ["/", "/", "/i.jpg"]


def test_ten_redirects_are_followed_and_no_more(serve, visitor, answer):
    """The tenth hop's page is read; a chain of eleven ends as a row that names its beginning."""

    def chain(name, hops):
        inner = {f"/{name}{n}": answer(b"", 302, {"Location": f"/{name}{n + 1}"}) for n in range(hops)}
        return inner | {f"/{name}{hops}": "<p>the end</p>"}

    served = serve(
        {"/": '<a href="/ten0">x</a><a href="/eleven0">x</a>'} | chain("ten", 10) | chain("eleven", 11)
    )
    visitor.plan = replace(visitor.plan, retry_s=60.0)

    result = visitor.visit(served.site())

    assert {f"/ten{n}" for n in range(11)} <= set(served.paths)
    assert "/eleven10" in served.paths
    assert "/eleven11" not in served.paths
    assert {one.url for one in result.failures if one.trouble == "broken-answer"} == {f"{served.url}/eleven0"}
