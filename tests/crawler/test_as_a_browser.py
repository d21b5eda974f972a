"""Pictures that a browser shows and a simpler visitor loses."""

from dataclasses import replace
from datetime import timedelta

import brotli
import pytest

from crawler.extract.page import extract_page
from crawler.extract.sniff import Content, sniff
from crawler.http import robots
from crawler.reasons import BOUNDS

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def test_pictures_of_a_server_that_asks_what_is_wanted(serve, visitor, picture, answer):
    """Who sends pictures only to who accepts them, or to its own pages, sends them to us."""

    def negotiated(request):
        wants = request.headers.get("Accept", "")
        is_wanted = wants.startswith("image/") and "image/webp" in wants and "image/avif" in wants
        return answer(picture(request.path)) if is_wanted else answer(b"<html>a viewer</html>")

    def guarded(request):
        page = f"http://{request.headers['Host']}/cases/index.html"
        return answer(picture(request.path)) if request.headers.get("Referer") == page else answer(b"no", 403)

    routes: dict = {f"/wanted/{n}.jpg": negotiated for n in range(3)} | {
        f"/own/{n}.jpg": guarded for n in range(3)
    }
    routes["/"] = '<a href="/cases/index.html">cases</a>'
    routes["/cases/index.html"] = "".join(f'<img src="{path}">' for path in routes if path.endswith(".jpg"))

    result = visitor.visit(serve(routes).site())

    assert (result.tally.images, result.failures) == (6, ())


def test_another_host_learns_no_more_than_the_origin(serve, visitor, picture):
    """As browsers do, a picture's host is told which site shows it, not on which page."""
    other = serve({"/a.jpg": picture("a")})
    served = serve({"/": f'<img src="{other.url}/a.jpg">', "/robots.txt": ""})
    site = served.site(allowance=frozenset({f"127.0.0.1:{served.port}", f"127.0.0.1:{other.port}"}))

    visitor.visit(site)

    assert [head.get("referer") for path, head in other.asked if path == "/a.jpg"] == [f"{served.url}/"]


@pytest.mark.parametrize(
    "start",
    [
        "<!doctype html><html><body><feedback-button></feedback-button>",
        "<!-- <rss version='2.0'> old feed --><html><body>",
        "<!doctype html><html><!-- <rdf:RDF><Work/></rdf:RDF> --><body>",
        "<html><head><title>&lt;feed&gt;</title><script>var x = '<urlset'</script></head><body>",
        "<?xml version='1.0'?><!DOCTYPE html><html><!-- <sitemapindex --><body>",
        "<feed-list><p>",
        "<rss-reader>",
        "<RDFa-viewer>",
        "<feed>",
        "<svg><symbol/></svg><p>",
    ],
)
def test_words_that_look_like_a_feed_hide_no_page(serve, visitor, picture, start):
    """A page is a page whatever words stand in it; only its root element could make it a feed."""
    served = serve({
        "/": f'{start}<img src="/a.jpg"><a href="/next">n</a>',
        "/next": '<img src="/b.jpg">',
        "/a.jpg": picture("a"),
        "/b.jpg": picture("b"),
    })  # fmt: skip

    result = visitor.visit(served.site())

    assert (result.tally.pages, result.tally.images) == (2, 2)


@pytest.mark.parametrize(
    "start",
    [
        "<?xml version='1.0'?><rss version='2.0'>",
        "<!-- made by a machine: {long} --><RSS>",
        "<?xml version='1.0'?><?xml-stylesheet href='/a.xsl'?><a:feed xmlns:a='http://www.w3.org/2005/Atom'>",
        "<!DOCTYPE rdf:RDF [<!ENTITY x 'y'>]><rdf:RDF xmlns='http://purl.org/rss/1.0/'>",
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>",
    ],
)
@pytest.mark.parametrize("kind", ["text/xml", "text/html", ""])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_feed_is_known_by_its_root_element(start, kind, encoding):
    """Feeds and sitemaps are known whatever comes before their root, in whatever encoding and type."""
    assert sniff(start.replace("{long}", "x" * 3000).encode(encoding), kind) is Content.SITEMAP


def test_a_picture_counts_under_whatever_status_browsers_show_it(serve, visitor, picture, answer):
    """Browsers show a picture that came as 203, or 404 and 403 from a careless script; so it is looked at."""
    odd = {
        "/203.jpg": 203,
        "/404.jpg": 404,
        "/410.php": 410,
        "/403.jpg": 403,
        "/200.jpg": 200,
        "/202.jpg": 202,
    }
    routes: dict = {path: answer(picture(path), status) for path, status in odd.items()}
    routes |= {
        "/": "".join(f'<img src="{path}">' for path in odd) + '<a href="/more">m</a><img src="/none.jpg">'
    }
    routes |= {"/more": answer(b'<img src="/b.jpg">', 203), "/b.jpg": picture("b")}

    result = visitor.visit(serve(routes).site())

    assert result.tally.images == 7
    assert [row.url.rpartition("/")[2] for row in result.failures] == ["none.jpg"]


@pytest.mark.parametrize(
    "name",
    ["image.php?x=a.jpg", "wiki/File:a.jpg", "view/a.jpg", "show.php?file=b.png&page=2", "a.jpg/info.gif"],
)
def test_a_link_that_looks_like_a_picture_but_is_a_page(serve, visitor, picture, name):
    """What a link leads to is followed as a page if it is one; what an `<img>` names and is none is a row."""
    served = serve({
        "/": f'<a href="/{name}">open</a><img src="/dead.jpg">',
        f"/{name}": '<img src="/inside.jpg"><a href="/further">f</a>',
        "/further": '<img src="/b.jpg">',
        "/inside.jpg": picture("a"),
        "/b.jpg": picture("b"),
        "/dead.jpg": "<html>a start page</html>",
    })  # fmt: skip

    for _ in range(2):
        result = visitor.visit(served.site())
        visitor.next_night()
        assert [row.url.rpartition("/")[2] for row in result.failures] == ["dead.jpg"]
    assert {"/inside.jpg", "/b.jpg"} <= set(served.paths)


def test_a_foreign_page_that_is_linked_like_a_picture_is_no_trouble(serve, visitor):
    """A link to somebody else's page about a picture is left alone as outside, and is nobody's failure."""
    other = serve({"/wiki/File:a.jpg": '<a href="/wiki/">all</a>', "/robots.txt": ""})
    served = serve({"/": f'<a href="{other.url}/wiki/File:a.jpg">source</a>'}, host="127.0.0.2")
    allowance = frozenset({f"127.0.0.2:{served.port}", f"127.0.0.1:{other.port}"})

    result = visitor.visit(served.site(allowance=allowance))

    assert (result.failures, other.paths) == ((), ["/wiki/File:a.jpg"])


def test_brotli_that_nobody_asked_for_is_undone(serve, visitor, picture, answer):
    """Pages and pictures packed by brotli are seen; a packing that nobody knows is a row, never an empty page."""
    page = brotli.compress(b'<img src="/a.jpg"><a href="/odd">o</a>')
    served = serve({
        "/": answer(page, headers={"Content-Encoding": "br"}),
        "/a.jpg": answer(brotli.compress(picture("a")), headers={"Content-Encoding": "br"}),
        "/odd": answer(b"\x28\xb5\x2f\xfd..", headers={"Content-Encoding": "zstd"}),
    })  # fmt: skip

    result = visitor.visit(served.site())

    assert result.tally.images == 1
    assert [(row.url, row.trouble) for row in result.failures] == [(f"{served.url}/odd", "broken-answer")]


@pytest.mark.parametrize("path", ["/", "/a.jpg"])
def test_a_304_that_nobody_asked_for_is_a_row(serve, visitor, answer, path):
    """Who answers "not modified" to somebody who has seen nothing has shown nothing, and is named."""
    served = serve({"/": '<img src="/a.jpg">', "/a.jpg": b"\xff\xd8\xff"} | {path: answer(b"", 304)})

    result = visitor.visit(served.site())

    assert [(row.url, row.trouble) for row in result.failures] == [(served.url + path, "status-304")]


def test_long_addresses(serve, visitor, picture):
    """A signed address of thousands of letters is asked for; one that no server takes is named on its page."""
    served = serve({
        "/": f'<img src="/a.jpg?sig={"x" * 6000}"><img src="/b.jpg?sig={"x" * 9000}">',
        "/a.jpg": picture("a"),
        "/b.jpg": picture("b"),
    })  # fmt: skip

    result = visitor.visit(served.site())

    assert result.tally.images == 1
    assert [page.signals for page in result.pages] == [("names addresses that are too long to be asked for",)]


@pytest.mark.parametrize(
    "value", ["0; /next", "0;URL='/next'", "5,url=/next", "0 /next", '3;url="/next" x', "0.5; url = /next"]
)
@pytest.mark.parametrize("where", ["meta", "header"])
def test_a_refresh_is_followed_in_every_spelling(serve, visitor, picture, answer, value, where):
    """A page that only sends on, by a meta element or a header, hides nothing."""
    meta = (
        f"<meta http-equiv=refresh content='{value}'>"
        if "'" not in value
        else f'<meta http-equiv="refresh" content="{value}">'
    )
    start = answer(meta.encode()) if where == "meta" else answer(b"<p>wait", headers={"Refresh": value})
    served = serve({"/": start, "/next": '<img src="/a.jpg">', "/a.jpg": picture("a")})

    result = visitor.visit(served.site())

    assert (result.tally.images, result.failures) == (1, ())


def test_a_start_page_that_belongs_to_somebody_else_is_named(serve, visitor, answer):
    """A start page that sends to another owner's domain is named as that, by a redirect or a refresh."""
    for start in (
        answer(b"", 302, {"Location": "http://other.example/"}),
        answer(b'<meta http-equiv="refresh" content="0; http://other.example/">'),
    ):
        (row,) = visitor.visit(serve({"/": start}).site()).failures
        visitor.state = type(visitor.state)()

        assert row.trouble == "moved-away"
        assert "somebody else" in row.message


@pytest.mark.parametrize(
    ("markup", "sign"),
    [
        ("<p>Please accept all cookies to continue to this site</p>", "cookie wall"),
        ("<h1>To view our gallery you must enable cookies</h1>", "cookie wall"),
        ("<p>Cookies must be enabled.</p>", "cookie wall"),
        ('<a href="https://www.instagram.com/p/Cabc/">our results</a>', "shows albums at other hosts"),
        ('<iframe src="//www.youtube-nocookie.com/embed/x1"></iframe>', "shows albums at other hosts"),
        ("<a href=https://drive.google.com/drive/folders/1a>photos</a>", "shows albums at other hosts"),
        ("<a href='https://photos.app.goo.gl/abc'>album</a>", "shows albums at other hosts"),
        (
            '<img src="/logo.png"><div id="before-after-gallery"></div><script src="a.js"></script>',
            "built by scripts",
        ),
        ('<img src="/logo.png"><div class="x" id="root"></div>', "built by scripts"),
    ],
)
def test_what_hides_pictures_is_named(markup, sign):
    """Cookie walls, albums elsewhere, and galleries that only a script fills beside a logo."""
    assert sign in extract_page(markup.encode(), "https://site.example/").signals


def test_a_footer_names_nobody():
    """A profile link, and a notice about cookies on a page of pictures, are no sign."""
    shown = "".join(f'<img src="/{n}.jpg">' for n in range(4))
    page = f'{shown}<a href="https://www.instagram.com/clinic/">follow us</a><p>We use cookies to improve it.</p>'

    assert extract_page(page.encode(), "https://site.example/").signals == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize(
    "agent", ["pairwatch", "pairwatch/26.11", "Pairwatch/1.0 (+https://a.example/)", "*"]
)
def test_robots_in_utf_16_and_for_a_version_of_ours(encoding, agent):
    """What a site forbids is forbidden in whatever encoding, and when it names our version."""
    text = f"User-agent: {agent}\r\nDisallow: /private\r\n"

    rules = robots.read(200, text.encode(encoding))

    assert not rules.permits("https://site.example/private/a.jpg")
    assert rules.permits("https://site.example/a.jpg")


def test_a_server_that_says_not_modified_to_everything(serve, visitor, picture, answer):
    """Within a week of nights its new pages are seen; what shows a copy is asked for anew every night."""
    pages = {
        "/": '<img src="/a.jpg">',
        "/a.jpg": picture("a"),
        "/new": '<img src="/b.jpg">',
        "/b.jpg": picture("b"),
    }

    def stubborn(request):
        return answer(b"", 304) if request.headers.get("If-None-Match") else pages[request.path]

    served = serve(dict.fromkeys(pages, stubborn))
    began = visitor.began
    visitor.visit(served.site())
    pages["/"] += '<a href="/new">n</a>'
    for night in range(1, 14):
        visitor.began = began + timedelta(days=night)
        visitor.visit(served.site())
        visitor.state = replace(
            visitor.state,
            addresses={
                url: replace(one, changed_at=began, rank=0 if url.endswith("/a.jpg") else one.rank)
                for url, one in visitor.state.addresses.items()
            },
        )

    asked = [head for path, head in served.asked if path == "/a.jpg"]
    assert "/b.jpg" in served.paths
    assert sum("if-none-match" in head for head in asked) <= 1
    assert sum("if-none-match" in head for path, head in served.asked if path == "/") >= 10


@pytest.mark.parametrize(
    "link", ["/page/{n}/", "/blog?page={n}", "/?paged={n}&cat=3", "/news/page-{n}.html", "/20{n:02}/05/"]
)
def test_older_posts_cost_no_clicks(serve, visitor, picture, link):
    """Forty pages of "older posts", one behind the other, are all seen, with the posts that they list."""
    routes = {f"/p{n}.jpg": picture(str(n)) for n in range(1, 41)}
    for number in range(1, 41):
        page = f'<img src="/p{number}.jpg"><a href="{link.format(n=number + 1)}">older</a>'
        routes[link.format(n=number)] = page if number < 40 else page.partition("<a")[0]
    served = serve({"/": f'<a href="{link.format(n=1)}">posts</a>'} | routes)

    result = visitor.visit(served.site())

    assert result.tally.images == 40


def test_what_lies_too_deep_is_named_with_its_number(serve, visitor):
    """Pages beyond the clicks that are followed are rows that say so; an album may have its number three times."""
    served = serve(
        {"/": "".join(f'<a href="/a{n}">x</a>' for n in range(3)) + '<a href="/album/1/1/1/">y</a>'}
    )
    visitor.plan = replace(visitor.plan, depth=0)

    visitor.visit(served.site())

    left = [one.reason.cause for one in visitor.state.addresses.values() if one.standing == "skipped"]
    assert left == ["too-deep"] * 4
    assert set(left) <= BOUNDS
