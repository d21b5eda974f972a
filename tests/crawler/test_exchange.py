"""What is kept of an answer is every byte that was sent and received."""

import gzip
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.http.client import Fetcher, Limits
from crawler.http.exchange import Exchange
from crawler.visit.spool import Spool
from tests.crawler.conftest import Answer


def _fetcher(served):
    return Fetcher("pairwatch/test", "", limits=Limits(), allowance=frozenset({f"127.0.0.1:{served.port}"}))


def test_gzip_and_headers_are_kept_as_received(serve):
    """The kept bytes are what the server wrote, the read ones are decoded, and times and peer are of this answer."""
    packed = gzip.compress(b"<p>our client</p>")
    served = serve(
        {"/": Answer(packed, headers={"Content-Encoding": "gzip", "X-Odd": "a  b", "Set-Cookie": "a=1"})}
    )
    before = datetime.now(UTC)
    with _fetcher(served) as fetcher:
        reply, again = fetcher.get(f"{served.url}/"), fetcher.get(f"{served.url}/")
    kept = reply.exchange
    assert reply.body == b"<p>our client</p>"
    assert kept.body == packed
    assert kept.head.startswith(b"HTTP/1.1 200 X\r\n")
    assert b"X-Odd: a  b\r\n" in kept.head
    assert kept.request.startswith(b"GET / HTTP/1.1\r\n")
    assert kept.request.endswith(b"\r\n\r\n")
    assert kept.peer == f"127.0.0.1:{served.port}"
    assert kept.resolved == ("127.0.0.1",)
    assert before <= kept.sent_at <= kept.received_at <= datetime.now(UTC)
    assert kept.is_whole
    assert again.exchange.answer == kept.answer
    assert again.exchange.resolved == (), "an open connection asks no name again"


def test_chunks_are_kept_with_their_framing(serve):
    """A chunked answer is kept with its chunk sizes, and read without them."""

    def chunked(handler):
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"
        )

    served = serve({"/": chunked})
    with _fetcher(served) as fetcher:
        reply = fetcher.get(f"{served.url}/")
    assert reply.body == b"abcdefg"
    assert reply.exchange.body == b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n"


def test_an_answer_that_is_cut_says_so(serve):
    """Of a page that is too large the beginning is kept, and marked as not whole."""
    served = serve({"/": b"<p>" + b"x" * 3_000_000})
    with _fetcher(served) as fetcher:
        reply = fetcher.get(f"{served.url}/", max_bytes=1_000_000)
    assert reply.cut
    assert not reply.exchange.is_whole
    assert len(reply.exchange.answer) < 1_600_000


@given(
    request=st.binary(max_size=50),
    answer=st.binary(max_size=80),
    chain=st.lists(st.binary(max_size=9), max_size=2),
)
def test_an_exchange_survives_being_written(request, answer, chain):
    """Written and read back it is the same; cut anywhere it is refused."""
    now = datetime(2026, 11, 1, 2, 3, 4, 567000, tzinfo=UTC)
    one = Exchange(
        url="https://a.example/",
        request=request,
        answer=answer,
        sent_at=now,
        received_at=now,
        certificates=tuple(chain),
    )
    data = one.to_bytes()
    back = Exchange.from_bytes(data)
    assert (back.request, back.answer, back.certificates) == (request, answer, tuple(chain))
    with pytest.raises(ValueError, match=r".*"):
        Exchange.from_bytes(data[:-1])


def _exchange(url, body):
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return Exchange(
        url=url, request=b"", answer=b"HTTP/1.1 200 OK\r\n\r\n" + body, sent_at=now, received_at=now
    )


def test_the_spool_keeps_hits_and_the_newest_pages(tmp_path):
    """Pages give way to newer ones within the bound; a picture of ours never does, and half a file is nothing."""
    spool = Spool(tmp_path, most=2500)
    spool.put(1, "hit", (_exchange("hit", b"h" * 5000),), is_hit=True)
    for name in "abcd":
        spool.put(1, name, (_exchange("/from", b"-"), _exchange(name, name.encode() * 700)), is_hit=False)
    assert spool.get(1, "hit")[0].body == b"h" * 5000
    assert spool.get(1, "a") == ()
    assert [one.url for one in spool.get(1, "d")] == ["/from", "d"]
    assert spool.get(2, "d") == ()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[:-1])
    assert spool.get(1, "d") == ()
    assert spool.get(1, "hit") == ()
