"""Fifty ways in which pages show an image: every one is seen, in markup and over HTTP."""
# ruff: noqa: E501 (a table reads best with one case on one line)

import base64
import gzip

import pytest

from crawler.extract.page import extract_page, extract_style
from crawler.extract.sitemaps import parse_sitemap

PAGE = "https://site.example/work/page.html"
HOME = "https://site.example"
TINY = b"GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"

WIX = "ab12cd_0123456789abcdef0123456789abcdef~mv2.jpg"
IN_MARKUP = {
    "img src": ('<img src="/p/a.jpg">', "/p/a.jpg"),
    "img without an ending": ('<img src="/image/4711">', "/image/4711"),
    "srcset by width": ('<img srcset="/p/s.jpg 300w, /p/l.jpg 1200w">', "/p/l.jpg"),
    "srcset by density": ('<img srcset="/p/1.jpg, /p/2.jpg 2x">', "/p/2.jpg"),
    "srcset with commas inside": ('<img srcset="/c/w_300,h_200/a.jpg 300w, /c/w_900,h_600/a.jpg 900w">', "/c/w_900,h_600/a.jpg"),
    "picture source": ('<picture><source srcset="/p/a.webp" type="image/webp"><img></picture>', "/p/a.webp"),
    "data-src": ('<img data-src="/p/lazy.jpg" src="data:,">', "/p/lazy.jpg"),
    "data-src without an ending": ('<img data-src="/image?id=7">', "/image?id=7"),
    "data-lazy-src": ('<img data-lazy-src="/p/lazy.jpg">', "/p/lazy.jpg"),
    "data-original": ('<img data-original="/p/orig.jpg">', "/p/orig.jpg"),
    "data-lazy": ('<img data-lazy="/p/lazy.jpg">', "/p/lazy.jpg"),
    "data-srcset": ('<img data-srcset="/p/a.jpg 1x, /p/b.jpg 2x">', "/p/b.jpg"),
    "data-large_image": ('<a data-large_image="/p/large.jpg">x</a>', "/p/large.jpg"),
    "data-orig-file": ('<img data-orig-file="/p/file.jpg">', "/p/file.jpg"),
    "data-full-url": ('<li data-full-url="/p/full.jpg">x</li>', "/p/full.jpg"),
    "data-bg": ('<div data-bg="/p/bg.jpg"></div>', "/p/bg.jpg"),
    "data-bg as CSS": ('<div data-bg="url(/p/bg.jpg)"></div>', "/p/bg.jpg"),
    "data-background-image": ('<div data-background-image="/p/bg"></div>', "/p/bg"),
    "data-settings JSON": ('<div data-settings=\'{"g":[{"url":"\\/p\\/json.jpg"}]}\'></div>', "/p/json.jpg"),
    "JSON in an attribute, escaped": ('<div data-g="{&quot;src&quot;:&quot;/p/q.jpg&quot;}"></div>', "/p/q.jpg"),
    "data-before-src": ('<div data-before-src="/p/before.jpg"></div>', "/p/before.jpg"),
    "data-after-src": ('<div data-after-src="/p/after.jpg"></div>', "/p/after.jpg"),
    "noscript": ('<noscript><img src="/p/ns.jpg"></noscript>', "/p/ns.jpg"),
    "noscript, escaped": ('<noscript>&lt;img src="/p/ns.jpg"&gt;</noscript>', "/p/ns.jpg"),
    "link to an image": ('<a href="/p/link.jpg">large</a>', "/p/link.jpg"),
    "fancybox": ('<a data-fancybox data-src="/p/fancy.jpg" href="javascript:;">x</a>', "/p/fancy.jpg"),
    "style attribute": ("<div style=\"background:url('/p/style.jpg')\"></div>", "/p/style.jpg"),
    "style attribute with entities": ('<div style="background-image:url(&quot;/p/ent.jpg&quot;)"></div>', "/p/ent.jpg"),
    "style element": ("<style>.a{background:url(/p/css.png)}</style>", "/p/css.png"),
    "image-set": ('<style>.a{background:image-set("/p/1.png" 1x, "/p/2.png" 2x)}</style>', "/p/2.png"),
    "og:image": ('<meta property="og:image" content="/p/og">', "/p/og"),
    "twitter:image": ('<meta name="twitter:image" content="/p/tw.jpg">', "/p/tw.jpg"),
    "itemprop": ('<meta itemprop="image" content="/p/item">', "/p/item"),
    "link image_src": ('<link rel="image_src" href="/p/src">', "/p/src"),
    "preload imagesrcset": ('<link rel="preload" as="image" imagesrcset="/p/a.jpg 1x, /p/pre.jpg 2x">', "/p/pre.jpg"),
    "JSON-LD": ('<script type="application/ld+json">{"image":["https:\\/\\/site.example\\/p\\/ld.jpg"]}</script>', "/p/ld.jpg"),
    "JSON-LD without an ending": ('<script type="application/ld+json">{"image":{"url":"/p/ld/9"}}</script>', "/p/ld/9"),
    "__NEXT_DATA__": ('<script id="__NEXT_DATA__" type="application/json">{"p":{"img":"/p/next.jpg"}}</script>', "/p/next.jpg"),
    "inline script": ('<script>var a = {u: "\\/p\\/js.jpg"};</script>', "/p/js.jpg"),
    "inline script, unicode escapes": ('<script>x("https:\\u002F\\u002Fsite.example\\u002Fp\\u002Fu.jpg")</script>', "/p/u.jpg"),
    "next/image": ('<img src="/_next/image?url=%2Fp%2Fbig.jpg&amp;w=640&amp;q=75">', "/p/big.jpg"),
    "WordPress size to original": ('<img src="/w/a-300x200.jpg">', "/w/a.jpg"),
    "WordPress scaled to original": ('<img src="/w/a-scaled.jpg">', "/w/a.jpg"),
    "imgix-like resizing": ('<img src="/p/a.jpg?w=300&amp;fit=crop">', "/p/a.jpg"),
    "Photon": ('<img src="https://i0.wp.com/site.example/p/ph.jpg?w=300&amp;ssl=1">', "/p/ph.jpg"),
    "Cloudinary": ('<img src="https://res.cloudinary.com/x/image/upload/w_300,h_200,c_fill/v1/a.jpg">', "https://res.cloudinary.com/x/image/upload/v1/a.jpg"),
    "Cloudinary fetch": ('<img src="https://res.cloudinary.com/x/image/fetch/w_300/https://site.example/p/cf.jpg">', "/p/cf.jpg"),
    "Wix": ('<img src="https://static.wixstatic.com/media/ab.jpg/v1/fill/w_300,h_200/ab.jpg">', "https://static.wixstatic.com/media/ab.jpg"),
    "Shopify": ('<img src="https://cdn.shopify.com/s/files/1/a_300x.jpg?v=1">', "https://cdn.shopify.com/s/files/1/a.jpg?v=1"),
    "Squarespace": ('<img src="https://images.squarespace-cdn.com/content/a.jpg?format=300w">', "https://images.squarespace-cdn.com/content/a.jpg"),
    "video poster": ('<video poster="/p/poster.jpg"></video>', "/p/poster.jpg"),
    "svg image href": ('<svg><image href="/p/svg.png"/></svg>', "/p/svg.png"),
    "svg image xlink:href": ('<svg><image xlink:href="/p/xl.png"/></svg>', "/p/xl.png"),
    "input image": ('<input type="image" src="/p/in.png">', "/p/in.png"),
    "object": ('<object data="/p/obj.jpg"></object>', "/p/obj.jpg"),
    "embed": ('<embed src="/p/emb.jpg">', "/p/emb.jpg"),
    "amp-img": ('<amp-img src="/p/amp"></amp-img>', "/p/amp"),
    "iframe srcdoc": ('<iframe srcdoc="&lt;img src=&quot;/p/doc.jpg&quot;&gt;"></iframe>', "/p/doc.jpg"),
    "template": ('<template><img src="/p/tpl.jpg"></template>', "/p/tpl.jpg"),
    "comment": ('<!-- <img src="/p/com.jpg"> -->', "/p/com.jpg"),
    "table background": ('<table background="/p/tab.jpg"><tr><td>x</table>', "/p/tab.jpg"),
    "dot segments": ('<img src="../p/./dots.jpg">', "/p/dots.jpg"),
    "broken markup": ('<div <img src="/p/broken.jpg" </div><p', "/p/broken.jpg"),
    "a null byte in the tag": ('<im\0g src="/p/x.jpg"><img src="/p/nul.jpg">', "/p/nul.jpg"),
    "onmouseover": ("<img src='/p/s.gif' onmouseover=\"this.src='/p/over.jpg'\">", "/p/over.jpg"),
    "onclick": ("<a href='#' onclick=\"window.open('/p/click.jpg', 'x', 'width=5'); return false\">x</a>", "/p/click.jpg"),
    "onmouseenter, swapped by a function": ("<i onmouseenter='show(&quot;big&quot;, &quot;/p/enter.png&quot;)'>x</i>", "/p/enter.png"),
    "onload": ("<img src='/p/x.gif' onload=\"preload('x','/p/two.jpg')\">", "/p/two.jpg"),
    "onfocus": ('<button onfocus="document.getElementById(`v`).src=`/p/focus.webp`">x</button>', "/p/focus.webp"),
    "option value": ('<select onchange="v.src=this.value"><option value="/p/option.jpg">Case 5</select>', "/p/option.jpg"),
    "option value, relative": ('<select><option value="../p/o.png" selected>6</option></select>', "/p/o.png"),
    "data-lazyload": ('<img src="/p/dummy.png" data-lazyload="//site.example/p/rev.jpg">', "https://site.example/p/rev.jpg"),
    "data-lazyload without an ending": ('<img data-lazyload="/photo/5">', "/photo/5"),
    "data-cfsrc": ('<img data-cfsrc="/p/mirage.jpg" style="display:none">', "/p/mirage.jpg"),
    "data-cfsrc without an ending": ('<img data-cfsrc="/photo/6">', "/photo/6"),
    "data-interchange": ('<img data-interchange="[/p/small.jpg, small], [/p/large.jpg, large]">', "/p/large.jpg"),
    "data-interchange, quoted": ("<div data-interchange=\"['/p/q-small.jpg', (default)], ['/p/q.jpg', (large)]\"></div>", "/p/q.jpg"),
    "{width} with its widths": ('<img data-src="/cdn/a_{width}x.jpg?v=1" data-widths="[180, 360, 1512]">', "/cdn/a_1512x.jpg?v=1"),
    "{width} without widths": ('<img data-src="/cdn/b_{width}x.jpg">', "/cdn/b_1080x.jpg"),
    "{w} in a srcset": ('<img data-srcset="/cdn/c_{w}.jpg 1x">', "/cdn/c_1080.jpg"),
    "%7Bwidth%7D": ('<img data-src="/cdn/d_%7Bwidth%7Dx.jpg">', "/cdn/d_1080x.jpg"),
    "Wix mediaUrl": (f'<script>var s = {{"mediaUrl":"{WIX}"}};</script>', f"https://static.wixstatic.com/media/{WIX}"),
    "Wix uri in JSON": (f'<script type="application/json">{{"items":[{{"uri":"{WIX}"}}]}}</script>', f"https://static.wixstatic.com/media/{WIX}"),
    "Wix image info": (f"<wow-image data-image-info='{{&quot;imageData&quot;:{{&quot;uri&quot;:&quot;{WIX}&quot;}}}}'></wow-image>", f"https://static.wixstatic.com/media/{WIX}"),
    "Cyrillic name": ('<img src="/p/до.jpg">', "/p/%D0%B4%D0%BE.jpg"),
}  # fmt: skip


@pytest.mark.parametrize(("markup", "wanted"), IN_MARKUP.values(), ids=IN_MARKUP.keys())
def test_every_way_in_markup(markup, wanted):
    """Whatever attribute or script names the image, it becomes a candidate under its full address."""
    shown = {image.url for image in extract_page(f"<html><body>{markup}</body></html>".encode(), PAGE).images}

    assert (wanted if wanted.startswith("http") else HOME + wanted) in shown


def test_base_href_and_data_uri():
    """`<base>` moves relative addresses; an image inside the page itself is kept by its digest, with its bytes."""
    uri = "data:image/gif;base64," + base64.b64encode(TINY).decode()
    page = f'<base href="https://cdn.example/x/"><img src="a.jpg"><img src="{uri}">'

    based, inline = extract_page(page.encode(), PAGE).images

    assert (based.url, inline.body) == ("https://cdn.example/x/a.jpg", TINY)
    assert inline.url.startswith("data:image/gif;sha256,")


def test_words_near_an_image():
    """A finding can say where on the page: alternative text, caption, and the heading above."""
    page = '<h1>A</h1><h2>Our <i>results</i></h2><figure><img src="a.jpg" alt="x"><figcaption>y <b>z</b></figcaption></figure>'

    (image,) = extract_page(page.encode(), PAGE).images

    assert (image.alt, image.caption, image.heading) == ("x", "y z", "Our results")


def test_external_style_sheet():
    """Images named by a linked style sheet are seen, relative to the sheet."""
    sheet = b'@import "more.css"; .a{background:url(../p/a\\ b.jpg)} .b{background:url("x.png")}'

    reading = extract_style(sheet, "https://site.example/css/main.css")

    assert [image.url for image in reading.images] == [f"{HOME}/p/a%20b.jpg", f"{HOME}/css/x.png"]
    assert reading.styles == (f"{HOME}/css/more.css",)


def test_image_sitemap_and_feeds():
    """Image sitemaps (gzipped too), RSS enclosures, Media RSS and pictures inside feed texts are seen."""
    sitemap = (
        b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">'
        b"<url><loc>https://site.example/a</loc><image:image><image:loc>https://site.example/p/1</image:loc></image:image>"
        b"<image:image><image:loc>https://site.example/p/2.jpg</image:loc></image:image></url></urlset>"
    )
    feed = (
        b'<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><item><link>https://site.example/b</link>'
        b'<enclosure url="/p/3.jpg" type="image/jpeg"/><media:content url="/p/4" medium="image"/>'
        b"<description>&lt;img src='/p/5.jpg'&gt;</description></item></channel></rss>"
    )

    found = [parse_sitemap(body, PAGE) for body in (sitemap, gzip.compress(sitemap), feed)]

    images = [[image.url.removeprefix(HOME) for _, image in reading.images] for reading in found]
    assert images == [["/p/1", "/p/2.jpg"], ["/p/1", "/p/2.jpg"], ["/p/3.jpg", "/p/4", "/p/5.jpg"]]
    assert found[0].images[0][0] == "https://site.example/a"


def test_a_windows_1251_page():
    """Paths become UTF-8 and queries stay in the page's own encoding, as browsers send them."""
    page = '<meta charset="windows-1251"><img src="/до.jpg?n=до">'.encode("windows-1251")

    (image,) = extract_page(page, PAGE).images

    assert image.url == f"{HOME}/%D0%B4%D0%BE.jpg?n=%E4%EE"


def test_all_ways_over_http(serve, visitor, picture):
    """Visited over HTTP, every image of every way on this host is asked for, and each is a sighting."""
    routes = {"/": "".join(f'<a href="/pages/{n}.html">x</a>' for n in range(len(IN_MARKUP)))}
    routes["/"] += (
        '<link rel="stylesheet" href="/main.css"><link type="application/rss+xml" rel="alternate" href="/feed.xml">'
    )
    wanted = {wanted for _, wanted in IN_MARKUP.values() if wanted.startswith("/")}
    for number, (markup, _) in enumerate(IN_MARKUP.values()):
        routes[f"/pages/{number}.html"] = f"<html><body>{markup}</body></html>"
    routes |= {path.split("?")[0]: picture(path) for path in wanted}
    routes["/main.css"] = ".a{background:url(/p/sheet.jpg)}"
    routes["/feed.xml"] = (
        '<rss><channel><item><enclosure url="/p/feed.jpg" type="image/jpeg"/></item></channel></rss>'
    )
    routes["/robots.txt"] = "User-agent: *\nAllow: /"
    served = serve(routes)
    here = {path for path in wanted if "site.example" not in path} - ON_ANOTHER_HOST

    result = visitor.visit(served.site())

    asked = set(served.paths)
    assert {path for path in here if path not in asked} == set()
    assert {"/p/sheet.jpg", "/p/feed.jpg"} <= asked
    assert sorted(asked) == sorted(served.paths), "an address was asked for twice"
    assert result.more is False


ON_ANOTHER_HOST = {
    wanted
    for markup, wanted in IN_MARKUP.values()
    if "site.example" in markup and not wanted.startswith("http")
}


def test_templates_and_handlers_name_nothing_that_is_not_there():
    """A shop's template, a Wix name and a handler are not also asked for as they are written."""
    page = f"""<img data-src="/cdn/a_{{width}}x.jpg"><script>var s = {{"mediaUrl":"{WIX}"}};</script>
        <i onclick="go('/next.html')" onmouseover="hint('a.jpg of 2024')"></i><option value="7">7</option>"""

    shown = [image.url for image in extract_page(page.encode(), PAGE).images]

    assert shown == [f"{HOME}/cdn/a_1080x.jpg", f"https://static.wixstatic.com/media/{WIX}"]


def test_films_are_no_pictures():
    """Of a film the poster is seen, under its usual names; the film itself and its type are not asked for."""
    page = """<meta property="og:image:type" content="image/jpeg"><meta property="og:video" content="/v/a.mp4">
        <video poster="/p/a.jpg" src="/v/a.mp4"><source src="/v/b.mp4"><source src="/v/c.webm" type="video/webm">
        <track src="/v/t.vtt"></video><audio><source src="/v/d"></audio>
        <div data-poster="/p/b.jpg" data-video="/v/e.mp4"></div><source src="/v/f" type="video/mp4">"""

    shown = {image.url for image in extract_page(page.encode(), PAGE).images}

    assert shown == {f"{HOME}/p/a.jpg", f"{HOME}/p/b.jpg"}
