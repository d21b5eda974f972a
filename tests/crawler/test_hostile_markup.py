"""Markup that is made to be slow to read: every page, sheet and map is read in less than a second of CPU time."""

import time

import pytest

from crawler.visit.extract import read_page, read_style
from crawler.visit.inline import css_urls, text_images
from crawler.visit.maps import read_map

PAGE = "https://example.org/"
IMAGES = b"".join(b"<img src=b%d.jpg>" % n for n in range(2000))


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (read_page, b"<script>a.b " + b"//a" * 100_000),
        (read_page, b"<script>a.b " + b"//a.jpgx" * 50_000),
        (read_page, b"<script>a.b " + b"'\"`a" * 100_000),
        (read_page, b"<noscript>&lt;noscript&gt;&lt;img src=a.jpg&gt;" * 2000),
        (read_page, b"<noscript>" * 20_000),
        (read_page, b"<h1>" + b"word " * 200_000 + IMAGES),
        (read_page, b"<figure><figcaption>" + b"word " * 200_000 + IMAGES),
        (read_page, b'<img srcset="' + b"a,a " * 100_000 + b'">'),
        (read_page, b"<div id=x " * 100_000),
        (read_style, b'url("a\\' * 100_000),
        (read_style, b"url(" * 200_000),
        (read_style, b"url(" + b" " * 400_000),
        (read_style, b"image-set((a)" * 50_000),
        (read_map, b"<u>" + b"<url><x>" * 120 + b"<a/>" * 100_000),
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
