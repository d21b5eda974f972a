"""Extraction of links and images from a page or style sheet. Pure."""

from w3lib.encoding import html_to_unicode

from crawler.extract.elements import ElementWalker, ExtractedPage, NearbyText
from crawler.extract.parse import bounded, is_truncated, parse_html, pieces
from crawler.extract.signals import Signal
from crawler.extract.text import css_imports, css_urls, text_images

_SECOND_TAGS = 50_000
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7")


def extract_page(body: bytes, url: str, content_type: str = "", *, cut: bool = False) -> ExtractedPage:
    """Extract links and all images from HTML, however they are embedded.

    lxml's tree reads it; where it seems to have lost images (broken markup), Beautiful Soup
    reads it again, and both are kept; where it gave up because of deep nesting, the page is read in pieces
    that are not deep. Of what is larger than can be parsed in bounded time, or was `cut` on its way, the
    beginning is read, and it is marked. Character set: byte order mark, then header, then meta, then what the
    bytes look like.
    """
    encoding, text = _decoded(body, content_type)
    text, left = bounded(text)
    walker = ElementWalker(base=url, encoding=encoding, spare=2 * len(text))
    if cut or left:
        walker.note(Signal.CUT)
    root = parse_html(text)
    if root is not None:
        walker.walk(root)
    expected = text.count("<img") + text.count("<IMG")
    if root is not None and is_truncated(root):
        walker.walk_pieces(pieces(text))
    elif root is None or "\0" in text or expected > walker.tags_seen:
        from bs4 import BeautifulSoup  # noqa: PLC0415 (a worker starts sooner, and few pages are that broken)

        again, more = bounded(text.replace("\0", ""), tags=_SECOND_TAGS)
        if more:
            walker.note(Signal.CUT)
        # The line break keeps what looks like one address or file name from being warned of as such.
        second = parse_html(str(BeautifulSoup(f"\n{again}", "html.parser")))
        if second is not None:
            walker.walk(second)
    if left:
        walker.all_images(text_images(left), "text", "text", NearbyText())
    return walker.extracted(text)


def extract_style(body: bytes, url: str, content_type: str = "", *, cut: bool = False) -> ExtractedPage:
    """Extract the images and imports of a style sheet."""
    encoding, text = _decoded(body, content_type)
    walker = ElementWalker(base=url, encoding=encoding)
    walker.sheets(css_imports(text))
    walker.all_images(css_urls(text), "style", "css", NearbyText())
    if cut:
        walker.note(Signal.CUT)
    return walker.extracted("")


def _decoded(body: bytes, content_type: str) -> tuple[str, str]:
    """Give encoding and text, UTF-8 where no character set is named."""
    try:
        encoding, text = html_to_unicode(content_type or None, body, default_encoding="utf-8")
    except (LookupError, ValueError):
        encoding, text = _NO_CHARSETS[0], ""
    if encoding in _NO_CHARSETS:
        return "utf-8", body.decode("utf-8", "replace")
    return encoding, text
