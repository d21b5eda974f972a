"""What a body is by its first bytes. Pure."""

from enum import StrEnum


class Content(StrEnum):
    """The kinds of bodies that a visit tells apart."""

    IMAGE = "image"
    SVG = "svg"
    PAGE = "page"
    STYLE = "style"
    SITEMAP = "sitemap"
    OTHER = "other"


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
_FTYP = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_XML = (b"<urlset", b"<sitemapindex", b"<rss", b"<feed", b"<rdf:rdf")


def sniff(body: bytes, media_type: str) -> Content:
    """Tell what a body is.

    The first kilobyte decides; the media type, as sent, often lies about pictures.
    """
    head = body[:1024]
    if _is_picture(head):
        return Content.IMAGE
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[:2] == b"\x1f\x8b" or any(mark in start for mark in _XML):
        return Content.SITEMAP
    if media_type == "text/css":
        return Content.STYLE
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return Content.SVG
    return Content.PAGE if start.startswith(b"<") or media_type in _PAGES else Content.OTHER


def _is_picture(head: bytes) -> bool:
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return head[4:8] == b"ftyp" and (head[8:12] in _FTYP or any(brand in head[16:40] for brand in _FTYP))


_PAGES = frozenset(("text/html", "application/xhtml+xml"))
