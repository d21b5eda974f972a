"""Sitemaps and feeds: the pages and images that a site lists for machines. Pure."""

import html
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from crawler.model import Candidate
from crawler.visit.extract import read_page
from crawler.visit.urls import canonical, names_an_image

MAX_BYTES = 50 * 1024 * 1024
MAX_ENTRIES = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReading:
    """What a sitemap or feed lists.

    Args:
        pages: Pairs of page and time of its last change, where that is told.
        images: With the page that they belong to as the first of each pair, "" where none is named.
        maps: Further sitemaps.
    """

    pages: tuple[tuple[str, datetime | None], ...] = ()
    images: tuple[tuple[str, Candidate], ...] = ()
    maps: tuple[str, ...] = ()


def read_map(body: bytes, url: str) -> MapReading:
    """Read a sitemap, a sitemap index, an RSS or Atom feed, or a plain list of addresses; gzip is undone.

    Source: sitemaps.org 0.9 with Google's image extension; RSS 2.0, Media RSS, Atom (RFC 4287).
    """
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, MAX_BYTES)
        except zlib.error:
            return MapReading()
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        return _plain_list(body, url)
    pages: dict[str, datetime | None] = {}
    images: dict[tuple[str, str], Candidate] = {}
    maps: dict[str, None] = {}
    for entry in _entries(root):
        _read_entry(entry, url, pages, images, maps)
        if len(pages) + len(images) > MAX_ENTRIES:
            break
    return MapReading(
        pages=tuple(pages.items()),
        images=tuple((page, image) for (page, _), image in images.items()),
        maps=tuple(maps),
    )


def _entries(root: etree._Element) -> Iterator[etree._Element]:
    kinds = {"url", "sitemap", "item", "entry"}
    found = [element for element in root.iter() if isinstance(element.tag, str) and _name(element) in kinds]
    yield from found
    if _name(root) in {"rss", "feed", "RDF"}:
        for element in root.iter():
            if isinstance(element.tag, str) and _name(element) in {"image", "logo", "icon"}:
                yield element


def _read_entry(
    entry: etree._Element,
    base: str,
    pages: dict[str, datetime | None],
    images: dict[tuple[str, str], Candidate],
    maps: dict[str, None],
) -> None:
    page, changed, title = "", None, ""
    seen: list[tuple[str, str]] = []
    markup: list[str] = []
    for part in entry.iter():
        if not isinstance(part.tag, str):
            continue
        name, text = _name(part), (part.text or "").strip()
        parent = part.getparent()
        inside_image = parent is not None and parent is not entry and _name(parent) == "image"
        if name == "loc" and not inside_image:
            page = page or (canonical(text, base=base) or "")
        elif name == "link":
            page = page or (canonical(part.get("href") or text, base=base) or "")
        elif name in {"lastmod", "updated", "pubDate"}:
            changed = changed or _when(text)
        elif name == "title":
            title = title or text
        seen += _images_of(part, name, text, inside_image=inside_image)
        if name in {"encoded", "description", "content", "summary"} and "<" in html.unescape(text):
            markup.append(html.unescape(text))
    if _name(entry) == "sitemap":
        maps.update({page: None} if page else {})
        return
    if page:
        pages[page] = changed
    for reference, via in seen:
        spelled = canonical(reference, base=page or base)
        if spelled:
            images[page, spelled] = Candidate(url=spelled, element=_name(entry), via=via, alt=title[:300])
    for text in markup:
        for image in read_page(text.encode(), page or base).images:
            images[page, image.url] = image


def _images_of(part: etree._Element, name: str, text: str, *, inside_image: bool) -> list[tuple[str, str]]:
    """Give the images that one element of an entry names, with the element's name."""
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


def _plain_list(body: bytes, url: str) -> MapReading:
    lines = body[:MAX_BYTES].decode("utf-8-sig", "replace").split()[:MAX_ENTRIES]
    found = [canonical(line, base=url) for line in lines if line.startswith(("http://", "https://"))]
    return MapReading(pages=tuple((page, None) for page in found if page))


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _when(text: str) -> datetime | None:
    """Read a W3C or RFC 822 time; without a zone it is taken as UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
