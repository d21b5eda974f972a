"""Eighteen ways in which a site can harm, trap or mislead a crawler: each is bounded, and each leaves a row."""

import multiprocessing
import os
import resource
import socket
import struct
import time
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.match import Matcher
from crawler.model import Judgement, Standing
from crawler.reasons import Cause, Reason

MIB = 1024 * 1024
PAGES = "".join(f'<a href="/p{n}.html">x</a>' for n in range(5)) + '<a href="/private/x.html">x</a>'


def in_a_fresh_process(visitor, site) -> tuple[dict[str, str], list[str], float]:
    """Visit in a process of its own; gives troubles by path, verdicts, and by how many MiB its memory grew."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, visitor, site).result()


def _measured(visitor, site) -> tuple[dict[str, str], list[str], float]:
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = visitor.visit(site)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle
    return troubles(result), [look.verdict for look in result.judgements], grown / 1024


def troubles(result) -> dict[str, str]:
    """What went wrong, by path."""
    return {failure.url.split("/", 3)[3]: failure.trouble for failure in result.failures}


@pytest.fixture
def pages(picture):
    """Five pages with an image each, and a private one."""
    return (
        {"/": PAGES, "/private/x.html": "private"}
        | {f"/p{n}.html": f'<img src="/i{n}.jpg">' for n in range(5)}
        | {f"/i{n}.jpg": picture(str(n)) for n in range(5)}
    )


@pytest.mark.parametrize("status", [500, 503, 429])
def test_robots_that_fails_forbids_everything(serve, visitor, pages, answer, status):
    """robots.txt answered 5xx or 429: nothing is fetched, and the row says why (RFC 9309, 2.3.1.4)."""
    served = serve(pages | {"/robots.txt": answer(b"", status)})

    result = visitor.visit(served.site())

    assert served.paths == []
    assert [failure.step for failure in result.failures] == ["robots"]


def test_robots_that_hangs_forbids_everything(serve, visitor, pages):
    """robots.txt that never answers: nothing is fetched, and the wait is bounded."""
    served = serve(pages | {"/robots.txt": lambda _: time.sleep(5)})
    visitor.plan = replace(visitor.plan, request_s=0.5)
    begun = time.monotonic()

    result = visitor.visit(served.site())

    assert served.paths == []
    assert time.monotonic() - begun < 3
    assert troubles(result) == {"robots.txt": "timeout"}


def test_robots_behind_redirects_is_obeyed(serve, visitor, pages, answer):
    """robots.txt is followed over five redirects, and what it says holds."""
    hops = {f"/r{n}": answer(b"", 301, {"Location": f"/r{n + 1}"}) for n in range(1, 5)}
    served = serve(
        pages
        | hops
        | {
            "/robots.txt": answer(b"", 301, {"Location": "/r1"}),
            "/r5": "User-agent: pairwatch\nDisallow: /private/\n",
        }
    )

    visitor.visit(served.site())

    assert "/p4.html" in served.paths
    assert "/private/x.html" not in served.paths
    private = visitor.state.addresses[f"{served.url}/private/x.html"]
    assert (private.standing, private.reason) == (Standing.SKIPPED, Reason(Cause.ROBOTS_DISALLOWS))


def test_crawl_delay_and_request_rate_are_kept(serve, visitor, pages):
    """Crawl-delay in robots.txt spaces the requests, although our own settings would not."""
    served = serve(
        {"/": PAGES, "/p0.html": "x", "/p1.html": "x", "/robots.txt": "User-agent: *\nCrawl-delay: 0.3"}
    )

    visitor.visit(served.site(), requests=5)

    gaps = [after - before for before, after in zip(served.times[1:], served.times[2:], strict=False)]
    assert len(gaps) >= 3
    assert min(gaps) >= 0.28


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_retry_after_parks_the_host_and_loses_nothing(serve, visitor, pages, answer, as_date):
    """429 with Retry-After: no request until then, and afterwards every page and image is there."""
    refused: list[float] = []

    def second(_):
        if not refused:
            refused.append(time.monotonic())
            until = (datetime.now(UTC) + timedelta(seconds=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
            return answer(b"", 429, {"Retry-After": until if as_date else "1"})
        return answer(pages["/p1.html"].encode())

    served = serve(pages | {"/p1.html": second})
    site = served.site()

    result = visitor.visit(site)
    assert result.more
    while result.more:
        time.sleep(max(0.0, (result.resume_at - datetime.now(UTC)).total_seconds()))
        result = visitor.visit(site)

    after = [at for at in served.times if at > refused[0] + 0.01]
    assert min(after) - refused[0] >= 0.95
    assert {f"/i{n}.jpg" for n in range(5)} <= set(served.paths)
    assert len(served.paths) == len(set(served.paths)) + 1


def test_a_slow_drip_ends_at_the_deadline(serve, visitor, answer):
    """A body that comes byte by byte is given up after the whole request's time, and others go on."""

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.1)

    served = serve(
        {"/": '<a href="/drip.html">x</a><a href="/ok.html">x</a>', "/drip.html": drip, "/ok.html": "ok"}
    )
    visitor.plan = replace(visitor.plan, request_s=1.0, retry_s=60)
    begun = time.monotonic()

    result = visitor.visit(served.site())

    assert time.monotonic() - begun < 4
    assert troubles(result)["drip.html"] == "timeout"
    assert "/ok.html" in served.paths


def test_headers_that_drip_end_at_the_deadline(serve, visitor):
    """Headers sent byte by byte never time out on a socket; the watchdog ends them."""

    def drip(handler):
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.1)

    served = serve({"/": drip})
    visitor.plan = replace(visitor.plan, request_s=1.0, retry_s=60)
    begun = time.monotonic()

    result = visitor.visit(served.site())

    assert time.monotonic() - begun < 3
    assert troubles(result)[""] == "timeout"


def _endless(handler):
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nConnection: close\r\n\r\n\xff\xd8\xff"
    )
    while True:
        handler.wfile.write(b"x" * MIB)


def _bomb(handler, answer):
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(squeezer.compress(b"\0" * MIB) for _ in range(256)) + squeezer.flush()
    return answer(body, 200, {"Content-Encoding": "gzip"})


@pytest.mark.slow
def test_endless_bodies_and_gzip_bombs_are_cut(serve, visitor, answer):
    """An image without end and 256 MiB in 250 KB of gzip: cut at the limit, with little memory, and a row each."""
    bomb = _bomb(None, answer)
    served = serve(
        {
            "/": '<img src="/endless.jpg"><a href="/bomb.html">x</a>',
            "/endless.jpg": _endless,
            "/bomb.html": bomb,
        }
    )
    visitor.plan = replace(visitor.plan, request_s=10.0)

    wrong, _, grown = in_a_fresh_process(visitor, served.site())

    assert wrong == {"endless.jpg": "too-large", "bomb.html": "read in part"}
    assert grown < 200


@pytest.mark.slow
@pytest.mark.parametrize("stuff", [b"<p>", b'<img src="/b.jpg" a=1>', b"<!-- -->"])
def test_of_a_page_of_100_mb_the_beginning_is_read(serve, visitor, picture, stuff):
    """A page that is far too long: its beginning is read, time and memory are bounded, a row says so."""

    def huge(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n<img src=/a.jpg>")
        for _ in range(100):
            handler.wfile.write(stuff * (MIB // len(stuff)))

    served = serve({"/": huge, "/a.jpg": picture("a"), "/b.jpg": picture("b")})

    wrong, seen, grown = in_a_fresh_process(visitor, served.site())

    assert wrong == {"": "read in part"}
    assert seen
    assert grown < 200


def test_a_picture_of_12_mb_behind_a_link_is_looked_at(serve, visitor, picture, answer):
    """What a page's bound would cut is a picture by its header, so the bound of pictures holds."""
    large = answer(picture("a") + b"\0" * 12 * MIB, 200, {"Content-Type": "image/jpeg"})
    served = serve({"/": '<a href="/download?id=5">large</a>', "/download": large})

    result = visitor.visit(served.site())

    assert (result.tally.images, troubles(result)) == (1, {})


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * ((width // 8 + 1) * height), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _nothing_known(_digest: str) -> Judgement | None:
    return None


@pytest.mark.slow
def test_a_pixel_bomb_is_refused_by_its_header(serve, visitor, tmp_path):
    """169 million pixels in 20 KB: never decoded, no hash recorded, a row instead."""
    served = serve({"/": '<img src="/bomb.png">', "/bomb.png": _png(13000, 13000)})
    visitor.look = Matcher(tmp_path, 1, _nothing_known)

    wrong, verdicts, grown = in_a_fresh_process(visitor, served.site())

    assert (wrong, verdicts) == ({"bomb.png": "unreadable"}, ["too-large"])
    assert grown < 200


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.3:{port}/", "http://0x7f000003:{port}/", "http://2130706435:{port}/", "http://[::1]:{port}/",
        "http://[::ffff:127.0.0.3]:{port}/", "http://169.254.169.254/latest/meta-data/", "file:///etc/hostname",
        "http://inside.test:{port}/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["image", "redirect"])
def test_private_addresses_are_never_connected_to(serve, visitor, answer, picture, target, how):
    """Private, loopback, link-local and metadata addresses, in every spelling, by link, redirect or name: no hit."""
    inside = serve({"*": picture("inside")}, host="127.0.0.3")
    target = target.format(port=inside.port)
    served = serve({"/": f'<img src="{target}x.jpg">' if how == "image" else '<img src="/go.jpg">',
                    "/go.jpg": answer(b"", 302, {"Location": f"{target}x.jpg"})})  # fmt: skip
    visitor.extra = {"resolver": _resolver}

    result = visitor.visit(served.site())

    assert inside.asked == []
    assert "refused-address" in troubles(result).values() or not target.startswith("http:")


def _resolver(host: str, port: int) -> list[tuple[Any, ...]]:
    place = "127.0.0.3" if host.endswith(".test") else host
    return socket.getaddrinfo(place, port, type=socket.SOCK_STREAM)


def test_a_name_that_turns_private_gets_no_connection(serve, visitor, picture):
    """DNS rebinding: the address that was checked is the one connected to; a second look-up does not happen."""
    inside = serve({"*": picture("inside")}, host="127.0.0.3")
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[tuple[Any, ...]]:
        if host != "rebind.test":
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        looked_up.append(host)
        place = "192.0.2.1" if len(looked_up) % 2 else "127.0.0.3"
        return socket.getaddrinfo(place, port, type=socket.SOCK_STREAM)

    served = serve({"/": f'<img src="http://rebind.test:{inside.port}/x.jpg">'})
    visitor.extra = {"resolver": rebinding}

    visitor.visit(served.site())

    assert inside.asked == []


def test_calendar_session_and_repeating_traps_end(serve, visitor, answer):
    """Endless calendars, session ids and repeating paths: the visit ends by itself, and the reason is kept."""

    def endless(handler):
        number, here = len(served.asked), handler.path.split("?")[0].rstrip("/")
        return answer(
            f'<a href="/cal?day={number}&amp;next=1">n</a><a href="/s/{os.urandom(8).hex()}/p.html">s</a>'
            f'<a href="{here}/a/b/">r</a><a href="/cal?day={number + 1}">m</a>'.encode()
        )

    served = serve({"*": endless, "/robots.txt": ""})
    visitor.plan = replace(visitor.plan, barren=30)

    result = visitor.visit(served.site(), requests=3000, seconds=20)

    assert result.more is False
    assert len(served.asked) < 1000
    causes = {one.reason.cause for one in visitor.state.addresses.values() if one.reason}
    assert causes & {Cause.TRAP_PATH, Cause.TRAP_QUERY, Cause.TRAP_BARREN}


def test_pictures_are_known_by_their_bytes(serve, visitor, picture, answer):
    """Pictures sent as octet-stream, as HTML, or without an ending are pictures; a web page sent as JPEG is none."""
    kinds = {"/a": "application/octet-stream", "/b.php": "text/html", "/c": "text/plain"}
    routes = {path: answer(picture(path), 200, {"Content-Type": kind}) for path, kind in kinds.items()}
    markup = "".join(f'<img src="{path}">' for path in (*kinds, "/login.jpg"))
    served = serve(routes | {"/": markup, "/login.jpg": answer(b"<html>please log in</html>")})

    result = visitor.visit(served.site())

    assert result.tally.images == 3
    assert troubles(result) == {"login.jpg": "no-picture"}


def test_a_truncated_picture_is_a_row_and_asked_again(serve, visitor, picture):
    """A body shorter than announced is no picture yet: a row, and another try."""
    served = serve({"/": '<img src="/cut.jpg">', "/cut.jpg": _cut})

    result = visitor.visit(served.site())

    assert troubles(result)["cut.jpg"] == "broken-answer"
    assert result.more


def _cut(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n\xff\xd8\xff only this")


def test_a_windows_1251_page_is_asked_for_as_browsers_do(serve, visitor, picture, answer):
    """The path of a Cyrillic image goes out as UTF-8, its query in the page's encoding."""
    page = '<meta charset="windows-1251"><img src="/до.jpg?n=до">'.encode("windows-1251")
    served = serve({"/": answer(page, 200, {"Content-Type": "text/html"}), "/%D0%B4%D0%BE.jpg": picture("x")})

    visitor.visit(served.site())

    assert "/%D0%B4%D0%BE.jpg?n=%E4%EE" in served.paths


def test_redirect_circles_end(serve, visitor, answer):
    """A circle and a chain of redirects end as rows after at most ten hops."""
    chain = {f"/c{n}": answer(b"", 302, {"Location": f"/c{n + 1}"}) for n in range(50)}
    served = serve(
        chain
        | {"/": '<a href="/loop">x</a><a href="/c0">x</a>', "/loop": answer(b"", 301, {"Location": "/loop"})}
    )

    result = visitor.visit(served.site())

    assert troubles(result) == {"loop": "broken-answer", "c0": "broken-answer"}
    assert len(served.asked) < 60


def test_a_second_visit_is_conditional(serve, visitor, pages):
    """The second night asks only conditionally; 304 means no page is read and no picture looked at."""
    served = serve(pages)
    site = served.site()
    visitor.visit(site)
    looked: list[str] = []
    visitor.look = lambda _body, name: looked.append(name)
    served.asked.clear()
    visitor.next_night()

    result = visitor.visit(site)

    assert (result.tally.pages, result.tally.images, looked) == (0, 0, [])
    assert result.tally.unchanged == len(served.paths) >= 10
    assert all("if-none-match" in headers for path, headers in served.asked if path in served.paths)


def test_both_addresses_of_an_image_sitemap_are_visited(serve, visitor, picture):
    """A sitemap named in robots.txt gives its pages and its images."""
    served = serve({"/": "", "/only.html": "x", "/only.jpg": picture("x")})
    served.routes["/robots.txt"] = f"User-agent: *\nSitemap: {served.url}/map.xml"
    served.routes["/map.xml"] = (
        '<urlset xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
        f"<url><loc>{served.url}/only.html</loc><image:image><image:loc>{served.url}/only.jpg</image:loc></image:image></url></urlset>"
    )

    result = visitor.visit(served.site())

    assert {"/only.html", "/only.jpg"} <= set(served.paths)
    assert any(page.url.endswith("/only.html") and page.images for page in result.pages)


def test_a_picture_that_breaks_the_matcher_costs_itself_alone(serve, visitor, picture, blind):
    """Whatever a picture does to the matcher: a row, asked for again the next night, and the others are looked at."""

    def breaks(body: bytes, name: str) -> Judgement:
        if name == "bad.jpg":
            raise MemoryError(name)
        looked: Judgement = blind(body, name)
        return looked

    routes = {
        "/": '<img src="/bad.jpg"><img src="/good.jpg">',
        "/bad.jpg": picture("bad"),
        "/good.jpg": picture("good"),
    }
    served = serve(routes)
    visitor.look = breaks

    result = visitor.visit(served.site())

    assert troubles(result) == {"bad.jpg": "unreadable"}
    assert len(result.judgements) == 1
    visitor.next_night()
    visitor.look = blind
    assert len(visitor.visit(served.site()).judgements) == 1


def test_our_name_and_contact_are_honest(serve, visitor, pages):
    """Every request says who we are and whom to write to; no cookie is ever sent."""
    served = serve(pages)

    visitor.visit(served.site())

    assert all(
        "pairwatch" in headers["user-agent"] and "example.org/contact" in headers["user-agent"]
        for _, headers in served.asked
    )
    assert not any("cookie" in headers or "authorization" in headers for _, headers in served.asked)


def test_an_untrusted_certificate_is_a_row(serve, visitor):
    """TLS is verified; a server that only speaks plain text on the TLS port is a row, and nothing is sent."""
    served = serve({"/": "secret"})

    result = visitor.visit(replace(served.site(), url=f"https://127.0.0.1:{served.port}/"))

    assert served.asked == []
    assert result.failures
