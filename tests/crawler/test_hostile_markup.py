"""Markup that is made to be slow to read: every page, sheet and map is read in less than a second of CPU time."""

import time

import pytest

from crawler.extract.page import extract_page, extract_style
from crawler.extract.signals import Signal
from crawler.extract.sitemaps import parse_sitemap
from crawler.extract.text import css_urls, text_images

PAGE = "https://example.org/"
IMAGES = b"".join(b"<img src=b%d.jpg>" % n for n in range(2000))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (extract_page, b"<script>a.b " + b"//a" * 100_000),
        (extract_page, b"<script>a.b " + b"//a.jpgx" * 50_000),
        (extract_page, b"<script>a.b " + b"'\"`a" * 100_000),
        (extract_page, b"<noscript>&lt;noscript&gt;&lt;img src=a.jpg&gt;" * 2000),
        (extract_page, b"<noscript>" * 20_000),
        (extract_page, b"<h1>" + b"word " * 200_000 + IMAGES),
        (extract_page, b"<figure><figcaption>" + b"word " * 200_000 + IMAGES),
        (extract_page, b'<img srcset="' + b"a,a " * 100_000 + b'">'),
        (extract_page, b"<div id=x " * 100_000),
        (extract_page, b"<a " + b" ".join(b"a%d" % n for n in range(60_000)) + b">x</a>"),
        (extract_page, b"<a " + b" ".join(b"a%d='>'" % n for n in range(60_000)) + b">x</a>"),
        (extract_style, b'url("a\\' * 100_000),
        (extract_style, b"url(" * 200_000),
        (extract_style, b"url(" + b" " * 400_000),
        (extract_style, b"image-set((a)" * 50_000),
        (parse_sitemap, b"<u>" + b"<url><x>" * 120 + b"<a/>" * 100_000),
    ],
    ids=lambda value: value[:16].decode("ascii") if isinstance(value, bytes) else value.__name__,
)
def test_no_markup_is_slow_to_read(read, body):
    """What took hours when each letter was looked at again and again is read over a few times at most."""
    begun = time.thread_time()

    read(body, PAGE)

    assert time.thread_time() - begun < 1.5  # half of it is for a busy machine


def test_bounds_lose_no_honest_picture():
    """Addresses in scripts and sheets are found as before: several in a run, with a query, quoted and not."""
    script = "x='1';//a.example/b.jpg,https://c.example/d.webp?w=1 //e.example/f.jpgx //g.example/h"
    sheet = "a{b:url( 'a\\'b.jpg' )}c{d:url(e.png)}f{g:url(\"h i.gif\")}j{k:url(l m.png)}n{o:url(p.jpg"

    assert list(text_images(script)) == ["//a.example/b.jpg", "https://c.example/d.webp?w=1"]
    assert list(css_urls(sheet)) == ["a'b.jpg", "e.png", "h i.gif", "p.jpg"]


def test_what_a_bound_leaves_out_is_marked_and_searched_for_addresses():
    """A tag with more attributes than are parsed: its addresses are found as text, and the page is marked."""
    many = " ".join(f"a{number}" for number in range(5000)) + ' data-x="https://a.example/late.jpg"'
    page = f"<p {many}>{'word ' * 10_000}</p><img src=/after.jpg>"

    read = extract_page(page.encode(), PAGE)

    assert {image.url for image in read.images} == {"https://a.example/late.jpg", f"{PAGE}after.jpg"}
    assert Signal.CUT in read.signals
    assert Signal.CUT not in extract_page(b"<p>short</p>" * 20_000, PAGE).signals


def test_a_sitemap_that_is_too_large_is_read_in_part():
    """More entries than are read of one sitemap: the first are known, and it says that there are more."""
    listed = b"<urlset>" + b"".join(b"<url><loc>https://a.example/%d</loc></url>" % n for n in range(60_000))

    read = parse_sitemap(listed, PAGE)

    assert read.cut
    assert len(read.pages) > 40_000
