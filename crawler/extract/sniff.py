"""What a body is by its first bytes. Pure."""

import re
from enum import StrEnum


class Content(StrEnum):
    """The kinds of bodies that a visit tells apart."""

    IMAGE = "image"
    SVG = "svg"
    PAGE = "page"
    STYLE = "style"
    SITEMAP = "sitemap"
    DOCUMENT = "document"
    ICON = "icon"
    OTHER = "other"


HOLDERS = frozenset((Content.SVG, Content.DOCUMENT, Content.ICON))


_MAGIC = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x0cjP  ",
)
_ICONS, _ICON_HEAD = (b"\0\0\1\0", b"\0\0\2\0"), 22
_FTYP = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_MOST_PROLOG = 64 * 1024
# Possessive, so that a hostile beginning is read over once only.
_PROLOG = re.compile(
    r"(?:\s++|<\?[^>]*+>|<!--(?:(?!-->)[\s\S])*+-->|<!doctype(?:[^<>\[]|\[[^\]]*+\])*+>)*+", re.IGNORECASE
)
_ROOT = re.compile(r"<((?:[a-z_][\w.-]*+:)?+)([a-z_][\w.-]*+)(?![\w.:-])([^<>]{0,4000}+)", re.IGNORECASE)
_LISTS = frozenset(("urlset", "sitemapindex", "rss"))
_FEED_NAMESPACES = {
    "feed": ("//www.w3.org/2005/atom", "//purl.org/atom/"),
    "rdf": ("//purl.org/rss/", "//my.netscape.com/rdf", "//channel.netscape.com/rdf"),
}


def sniff(body: bytes, media_type: str) -> Content:
    """Tell what a body is.

    The first bytes or the root element decide; the media type, as sent, often lies about pictures.
    """
    head = body[:1024]
    content = _by_magic(head)
    if content is not None:
        return content
    if media_type == "text/css":
        return Content.STYLE
    root, attributes = _root(body)
    if root in _LISTS or any(name in attributes for name in _FEED_NAMESPACES.get(root, ())):
        return Content.SITEMAP
    if root == "svg" and media_type not in _PAGES:
        return Content.SVG
    is_markup = root or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return Content.PAGE if is_markup or media_type in _PAGES else Content.OTHER


def _by_magic(head: bytes) -> Content | None:
    """Tell what a body is by its first bytes, if those say so."""
    if _is_picture(head):
        return Content.IMAGE
    if b"%PDF-" in head and not head.lstrip().startswith(b"<"):
        return Content.DOCUMENT
    if head[:4] in _ICONS and head[5:6] == b"\0" and len(head) > _ICON_HEAD:
        return Content.ICON
    return Content.SITEMAP if head[:2] == b"\x1f\x8b" else None


def _root(body: bytes) -> tuple[str, str]:
    """Give the root element's local name and attributes in lower case, or "" twice."""
    start = body[:_MOST_PROLOG]
    is_wide = start.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"))
    latin = (
        (start.replace(b"\0", b"") if is_wide else start).lstrip(b"\xff\xfe\xef\xbb\xbf").decode("latin-1")
    )
    begun = _PROLOG.match(latin)
    found = _ROOT.match(latin, begun.end() if begun else 0)
    return (found[2].lower(), found[3].lower()) if found else ("", "")


def _is_picture(head: bytes) -> bool:
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and (head[8:12] in _FTYP or any(brand in head[16:40] for brand in _FTYP))


_PAGES = frozenset(("text/html", "application/xhtml+xml"))
