"""Pages, style sheets, maps and bytes as they come: never an error, and the signs of what hides pictures."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.extract.page import extract_page, extract_style
from crawler.extract.sitemaps import parse_sitemap
from crawler.extract.sniff import Content, sniff
from crawler.extract.text import srcset

PAGE = "https://example.org/x/"


@given(
    st.binary(max_size=400),
    st.sampled_from(["", "text/html; charset=utf-8", "text/html; charset=nonsense", "text/css"]),
)
@example(b"\0http:", "")
@example(b"\0note.txt", "")
def test_no_bytes_break_reading(body, kind):
    """Whatever a server sends as a page, a style sheet or a map is read without an error."""
    extract_page(body, PAGE, kind)
    extract_style(body, PAGE, kind)
    parse_sitemap(body, PAGE)
    sniff(body, kind)


@given(st.text(alphabet="<>/='\" imgsrcdata-{}[]:url()&;quot#.jp,\\\n\0", max_size=300))
def test_no_markup_breaks_reading(text):
    """Markup that is broken in every way is read without an error."""
    extract_page(f"<img src=/a.jpg>{text}".encode(), PAGE)


@pytest.mark.parametrize("after", ["<!-- -->", "<!--x-->" * 40, "<?php echo 1 ?>", "<!-- <p>a</p> --> words"])
def test_what_has_no_words_may_follow_a_picture(after):
    """A comment or an instruction behind a picture hides neither it nor what comes later."""
    read = extract_page(f"<div><img src=/a.jpg>{after}<img src=/b.jpg></div>".encode(), PAGE)

    assert [one.url for one in read.images] == ["https://example.org/a.jpg", "https://example.org/b.jpg"]


def test_deep_nesting_is_read():
    """Ten thousand nested elements, and JSON nested as deep, end neither in an error nor in an endless time."""
    page = (
        "<div>" * 10_000
        + '<img src="/a.jpg">'
        + '<script type="application/json">'
        + "[" * 10_000
        + "</script>"
    )

    extract_page(page.encode(), PAGE)


@pytest.mark.parametrize("deep", [2000, 2100, 30_000])
def test_deep_nesting_hides_no_picture(deep):
    """What stands behind or inside thousands of elements is seen, as browsers show it, and the page is marked."""
    wall = "<div>" * deep + "</div>" * (deep // 3) + "<b>" * deep
    page = f'<img src="/a.jpg">{wall}<img src="/b.jpg"><a href="/next">n</a>{"<p><img src=c.jpg>" * 2000}'

    reading = extract_page(page.encode(), PAGE)

    names = {image.url.rpartition("/")[2] for image in reading.images}
    assert {"a.jpg", "b.jpg", "c.jpg"} <= names
    assert "https://example.org/next" in reading.links
    assert "nested too deeply" in reading.signals


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a.jpg", ["a.jpg"]),
        ("a.jpg, b.jpg 2x", ["a.jpg", "b.jpg"]),
        ("w_1,h_2/a.jpg 1x, w_3,h_4/a.jpg 2x", ["w_1,h_2/a.jpg", "w_3,h_4/a.jpg"]),
        ("  a.jpg 1x ,b.jpg", ["a.jpg", "b.jpg"]),
        (",,", []),
    ],
)
def test_srcset(value, found):
    """Commas inside addresses do not cut them."""
    assert list(srcset(value)) == found


@pytest.mark.parametrize(
    ("body", "kind", "content"),
    [
        (b"\xff\xd8\xff\xe0", "text/html", Content.IMAGE),
        (b"RIFF0000WEBPVP8 ", "", Content.IMAGE),
        (b"\0\0\0\x1cftypavif", "", Content.IMAGE),
        (b"\0\0\0\x1cftypmp42\0\0\0\0isommp42", "video/mp4", Content.OTHER),
        (b"<!doctype html>", "image/jpeg", Content.PAGE),
        (b"<?xml version='1.0'?><svg/>", "", Content.SVG),
        (b"<?xml version='1.0'?><urlset/>", "", Content.SITEMAP),
        (b"a{}", "text/css", Content.STYLE),
        (b"%PDF-1.7", "application/pdf", Content.DOCUMENT),
    ],
)
def test_bytes_decide_what_a_body_is(body, kind, content):
    """Headers lie about pictures; the first bytes do not."""
    assert sniff(body, kind) is content


def test_lost_images_are_read_again():
    """Where lxml loses an image in broken markup, the second reader finds it."""
    page = '<select><option><img src="/a.jpg"></select><svg><style><img src="/b.jpg"></style></svg>'

    assert {"https://example.org/a.jpg"} <= {image.url for image in extract_page(page.encode(), PAGE).images}


NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_change_after_the_last_year_is_no_time():
    """A sitemap whose time no clock can show still lists its page."""
    entry = "<url><loc>https://example.org/a</loc><lastmod>9999-12-31T23:59:59-23:00</lastmod></url>"

    assert parse_sitemap(f"<urlset>{entry}</urlset>".encode(), PAGE).pages == (
        ("https://example.org/a", None),
    )


@pytest.mark.parametrize("base", ["http://[", "//[", "http://[x]/", "http://"])
def test_a_base_that_is_no_address_hides_nothing(base):
    """A base element that names nothing leaves the page's own address as the base."""
    images = extract_page(f'<base href="{base}"><img src="/a.jpg"><img src="b.jpg">'.encode(), PAGE).images

    assert {image.url for image in images} >= {"https://example.org/a.jpg", "https://example.org/x/b.jpg"}


@pytest.mark.parametrize(
    "charset", ["idna", "hex", "rot13", "undefined", "punycode", "zlib", "unicode_escape"]
)
def test_a_charset_that_is_none_hides_nothing(charset):
    """What is no character set, in the header, in the page or in CSS, is read as UTF-8."""
    page = f'<meta charset="{charset}"><img src="/a.jpg?ü=1">'.encode()
    for kind in (f"text/html; charset={charset}", "text/html"):
        assert extract_page(page, PAGE, kind).images
    assert extract_style(b"p { background: url(/a.jpg) }", PAGE, f"text/css; charset={charset}").images
