"""What a page shows: its links, and every image with the words near it. Pure."""

from dataclasses import replace

from w3lib.encoding import html_to_unicode

from crawler.extract.elements import Gathering
from crawler.extract.reading import PageReading, Words, bounded, is_cut, pieces, tree
from crawler.extract.signals import CUT
from crawler.extract.text import css_imports, css_urls, text_images

_SECOND_TAGS = 50_000
_NO_CHARSETS = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7")
__all__ = ["PageReading", "read_page", "read_style"]


def read_page(body: bytes, url: str, content_type: str = "", *, cut: bool = False) -> PageReading:
    """Read an HTML page: links and all images, however they are embedded.

    lxml's tree reads it; where it seems to have lost images (broken markup), Beautiful Soup
    reads it again, and both are kept; where it gave up because of deep nesting, the page is read in pieces
    that are not deep. Of what is larger than can be parsed in bounded time, or was `cut` on its way, the
    beginning is read, and it is marked. Character set: byte order mark, then header, then meta, then what the
    bytes look like.
    """
    encoding, text = _decoded(body, content_type)
    text, left = bounded(text)
    gathering = Gathering(base=url, encoding=encoding, spare=2 * len(text))
    if cut or left:
        gathering.marks.add("cut")
    root = tree(text)
    if root is not None:
        gathering.walk(root)
    expected = text.count("<img") + text.count("<IMG")
    if root is not None and is_cut(root):
        gathering.walk_pieces(pieces(text))
    elif root is None or "\0" in text or expected > gathering.tags_seen:
        from bs4 import BeautifulSoup  # noqa: PLC0415 (a worker starts sooner, and few pages are that broken)

        again, more = bounded(text.replace("\0", ""), tags=_SECOND_TAGS)
        gathering.marks |= {"cut"} if more else set()
        second = tree(str(BeautifulSoup(again, "html.parser")))
        if second is not None:
            gathering.walk(second)
    if left:
        gathering.all_images(text_images(left), "text", "text", Words())
    return gathering.reading(text)


def read_style(body: bytes, url: str, content_type: str = "", *, cut: bool = False) -> PageReading:
    """Read a style sheet: the images it names and the sheets it imports."""
    encoding, text = _decoded(body, content_type)
    gathering = Gathering(base=url, encoding=encoding)
    gathering.sheets(css_imports(text))
    gathering.all_images(css_urls(text), "style", "css", Words())
    reading = gathering.reading("")
    return replace(reading, signals=(CUT,)) if cut or "cut" in gathering.marks else reading


def _decoded(body: bytes, content_type: str) -> tuple[str, str]:
    """Give encoding and text; what names a codec that is no character set (idna, hex, rot13) is read as UTF-8."""
    try:
        encoding, text = html_to_unicode(content_type or None, body, default_encoding="utf-8")
    except (LookupError, ValueError):
        encoding, text = _NO_CHARSETS[0], ""
    if encoding in _NO_CHARSETS:
        return "utf-8", body.decode("utf-8", "replace")
    return encoding, text
