"""Sitemaps and feeds, a site's lists for machines. Pure."""

import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice

from lxml import etree

from crawler.extract.page import extract_page
from crawler.model import ImageLink
from crawler.urls import canonical, names_an_image

MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000
MAX_TAGS = 600_000
_ENTRIES = frozenset(("url", "sitemap", "item", "entry"))
_CHANGED = frozenset(("lastmod", "updated", "pubDate"))
_MARKUP = frozenset(("encoded", "description", "content", "summary"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What a sitemap or feed lists.

    Pages come with the time of their last change, images with the page that they belong to ("" where none is named).
    `cut` says that only the beginning was read.
    """

    pages: tuple[tuple[str, datetime | None], ...] = ()
    images: tuple[tuple[str, ImageLink], ...] = ()
    sitemaps: tuple[str, ...] = ()
    cut: bool = False


def parse_sitemap(body: bytes, url: str, *, cut: bool = False) -> Sitemap:
    """Parse a sitemap, sitemap index, RSS or Atom feed or list of addresses.

    Gzip is undone. Source: sitemaps.org 0.9 with Google's image extension; RSS 2.0, Media RSS, Atom (RFC 4287).
    """
    body, shortened = _bounded(body)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return replace(_plain_list(body, url), cut=cut or shortened)
    pages: dict[str, datetime | None] = {}
    images: dict[tuple[str, str], ImageLink] = {}
    sitemaps: dict[str, None] = {}
    for entry in _entries(root):
        read = _read_entry(entry, url)
        if _name(entry) == "sitemap":
            sitemaps.update({read.page: None} if read.page else {})
            continue
        if read.page:
            pages[read.page] = read.changed
        images.update({(read.page, image.url): image for image in read.images(_name(entry))})
        if len(pages) + len(images) > MAX_ENTRIES:
            shortened = True
            break
    return Sitemap(
        pages=tuple(pages.items()),
        images=tuple((page, image) for (page, _), image in images.items()),
        sitemaps=tuple(sitemaps),
        cut=cut or shortened,
    )


def _bounded(body: bytes) -> tuple[bytes, bool]:
    """Undo gzip within bounds, and tell whether anything was left out."""
    is_cut = False
    if body[:2] == b"\x1f\x8b":
        unzip = zlib.decompressobj(wbits=31)
        try:
            body = unzip.decompress(body, MAX_BYTES)
        except zlib.error:
            return b"", True
        is_cut = bool(unzip.unconsumed_tail)
    if body.count(b"<") > MAX_TAGS:
        body, is_cut = body[: next(islice(re.finditer(b"<", body), MAX_TAGS, None)).start()], True
    return body, is_cut


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    of_feed = frozenset(("image", "logo", "icon")) if _name(root) in {"rss", "feed", "RDF"} else frozenset()
    walker = etree.iterwalk(root, events=("start",))
    for _, element in walker:
        parent = element.getparent()
        if (_name(element) in _ENTRIES and (parent is None or _name(parent) not in _ENTRIES | {"image"})) or (
            _name(element) in of_feed and (parent is None or _name(parent) not in _ENTRIES)
        ):
            yield element
            walker.skip_subtree()  # an entry in an entry is part of it


@dataclass(slots=True)
class _Entry:
    """One entry as it is read part by part."""

    base: str
    page: str = ""
    changed: datetime | None = None
    title: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)

    def take(self, part: etree._Element, *, inside_image: bool) -> None:
        """Read one element of the entry."""
        name, text = _name(part), (part.text or "").strip()
        if (name == "loc" and not inside_image) or name == "link":
            self.page = self.page or canonical(part.get("href") or text, base=self.base) or ""
        elif name in _CHANGED:
            self.changed = self.changed or _when(text)
        elif name == "title":
            self.title = self.title or text
        elif name in _MARKUP and "<" in html.unescape(text):
            self.markup.append(html.unescape(text))
        self.seen += _images_of(part, name, text, inside_image=inside_image)

    def images(self, element: str) -> Iterator[ImageLink]:
        """Give the images in the entry's elements and in markup inside it."""
        for reference, via in self.seen:
            spelled = canonical(reference, base=self.page or self.base)
            if spelled:
                yield ImageLink(url=spelled, element=element, via=via, alt=self.title[:300])
        for text in self.markup:
            yield from extract_page(text.encode(), self.page or self.base).images


def _read_entry(entry: etree._Element, base: str) -> _Entry:
    read = _Entry(base)
    for part in entry.iter():
        if isinstance(part.tag, str):
            parent = part.getparent()
            inside = (
                parent is not None and part is not entry and parent is not entry and _name(parent) == "image"
            )
            read.take(part, inside_image=inside or (parent is entry and _name(entry) == "image"))
    return read


def _images_of(part: etree._Element, name: str, text: str, *, inside_image: bool) -> list[tuple[str, str]]:
    """Give the images that one element of an entry names."""
    found: list[tuple[str, str]] = []
    if (name in {"loc", "url"} and inside_image) or (
        name in {"logo", "icon", "url"} and names_an_image(text)
    ):
        found.append((text, f"image:{name}"))
    for attribute in ("url", "href", "src"):
        value = part.get(attribute) or ""
        kind = (part.get("type") or "") + (part.get("medium") or "")
        if value and (names_an_image(value) or "image" in kind or name == "thumbnail"):
            found.append((value, name))
    return found


def _plain_list(body: bytes, url: str) -> Sitemap:
    lines = body[:MAX_BYTES].decode("utf-8-sig", "replace").split()[:MAX_ENTRIES]
    found = [canonical(line, base=url) for line in lines if line.startswith(("http://", "https://"))]
    return Sitemap(pages=tuple((page, None) for page in found if page))


def _name(element: etree._Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _when(text: str) -> datetime | None:
    """Read a W3C or RFC 822 time, by default in UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None
