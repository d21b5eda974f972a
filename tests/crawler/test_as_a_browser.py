"""Pictures that a browser shows and a simpler visitor loses."""

import brotli
import pytest

from crawler.extract.sniff import Content, sniff

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
