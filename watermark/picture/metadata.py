"""Lays open what a file carries beside its pixels.

JPEG, PNG, WebP and AVIF, the formats that are published, are walked to their last byte; a block nobody
knows is named too.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lxml import etree
from PIL import ExifTags, Image

_INFLATED = 4 * 1024 * 1024  # bytes of one compressed text or profile that are looked at
_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    struct.error,
    zlib.error,
)
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


@dataclass(frozen=True, slots=True)
class Block:
    """One thing a file holds beside its pixels.

    Attributes:
        kind: exif, xmp, iptc, icc, comment, text, thumbnail, trailing (after the picture's end) or unknown.
        name: of the tag, property, dataset or chunk ("GPSInfo", "{http://…}CreateDate", "2:55", "tEXt").
        data: its value.
    """

    kind: str
    name: str
    data: bytes = field(repr=False)


def embedded_blocks(data: bytes) -> list[Block] | None:
    """List what a published picture holds beside its pixels.

    Its decoder's tables are left out.

    Returns:
        The blocks in the file's order; None when the bytes are no JPEG, PNG, WebP or AVIF. A file that is cut off
        ends the list with a block of kind "unknown".
    """
    for begins, walk in _WALKS:
        if begins(data):
            return list(_until_broken(walk(data)))
    return None


def _until_broken(blocks: Iterator[Block]) -> Iterator[Block]:
    try:
        yield from blocks
    except _FAULTS as fault:
        yield Block("unknown", "broken", str(fault).encode())


# JPEG: ITU-T T.81 annex B; the application segments as the Exif, XMP part 3, ICC and JFIF specifications say.
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_JPEG_TABLES = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDD, 0xDC, 0xDE, 0xDF})
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg(data: bytes) -> Iterator[Block]:
    at = 2
    while True:
        at = data.index(b"\xff", at)
        marker = data[at + 1]
        if marker in {0x00, 0xFF} or marker in _JPEG_ALONE:  # stuffing, fill, restart: inside the scan
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        if marker == _EOI:
            yield from _trailing(data, at + 2)
            return
        (size,) = struct.unpack_from(">H", data, at + 2)
        body = data[at + 4 : at + 2 + size]
        if marker == _COM:
            yield Block("comment", "COM", body)
        elif marker not in _JPEG_TABLES:
            yield from _application(marker, body)
        at += 2 + size


def _application(marker: int, body: bytes) -> Iterator[Block]:
    """Open an APPn segment by the name it begins with."""
    xap = b"http://ns.adobe.com/xap/1.0/\0"
    if body.startswith(b"Exif\0"):
        yield from _exif(body[6:])
    elif body.startswith(xap):
        yield from _xmp(body[len(xap) :])
    elif body.startswith(b"ICC_PROFILE\0"):
        yield Block("icc", "ICC_PROFILE", body[14:])
    elif body.startswith(b"Photoshop 3.0\0"):
        yield from _photoshop(body[14:])
    elif body.startswith(b"JFIF\0"):
        if len(body) > 14:  # noqa: PLR2004 (the header without a thumbnail)
            yield Block("thumbnail", "JFIF", body[14:])
    elif not body.startswith(b"Adobe"):
        yield Block("unknown", f"APP{marker - 0xE0} {body[:12].split(bytes(1))[0].decode('latin-1')}", body)


def _photoshop(data: bytes) -> Iterator[Block]:
    """Walk Photoshop image resources, of which 0x0404 holds IPTC.

    Source: Adobe, Photoshop file formats.
    """
    at = 0
    while data[at : at + 4] == b"8BIM":
        (number,) = struct.unpack_from(">H", data, at + 4)
        named = at + 6 + data[at + 6] + 1
        named += (named - at) % 2
        (size,) = struct.unpack_from(">I", data, named)
        body = data[named + 4 : named + 4 + size]
        if number == 0x0404:  # noqa: PLR2004
            yield from _iptc(body)
        else:
            yield Block("thumbnail" if number in {0x0409, 0x040C} else "unknown", f"8BIM {number:#06x}", body)
        at = named + 4 + size + size % 2


def _iptc(data: bytes) -> Iterator[Block]:
    """Walk IPTC-IIM datasets.

    Source: IPTC-NAA IIM 4.2, chapter 1.
    """
    at = 0
    while data[at : at + 1] == b"\x1c":
        record, dataset, size = struct.unpack_from(">BBH", data, at + 1)
        yield Block("iptc", f"{record}:{dataset}", data[at + 5 : at + 5 + size])
        at += 5 + size
    if data[at:].strip(b"\0"):
        yield Block("unknown", "IPTC", data[at:])


# PNG third edition, chapter 11.
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_TABLES = frozenset(
    b"IHDR PLTE IDAT tRNS cHRM gAMA sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT acTL fcTL fdAT".split(),
)


def _png(data: bytes) -> Iterator[Block]:
    at = len(_PNG)
    while True:
        size, chunk = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 12 + size
        if chunk == b"IEND":
            yield from _trailing(data, at)
            return
        if chunk not in _PNG_TABLES:
            yield from _png_chunk(chunk, body)


def _png_chunk(chunk: bytes, body: bytes) -> Iterator[Block]:
    name = chunk.decode("latin-1")
    keyword, _, rest = body.partition(b"\0")
    if chunk == b"eXIf":
        yield from _exif(body)
    elif chunk == b"iCCP":
        yield Block("icc", name, keyword + b" " + _inflated(rest[1:]))
    elif chunk == b"iTXt":
        text = rest[2:].split(b"\0", 2)[-1]
        text = _inflated(text) if rest[:1] == b"\1" else text
        yield from (
            _xmp(text) if keyword == b"XML:com.adobe.xmp" else [Block("text", name, keyword + b" " + text)]
        )
    elif chunk in {b"tEXt", b"zTXt"}:
        yield Block("text", name, keyword + b" " + (_inflated(rest[1:]) if chunk == b"zTXt" else rest))
    else:
        yield Block("unknown", name, body)


# WebP: RFC 9649.
_WEBP_TABLES = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF"})


def _webp(data: bytes) -> Iterator[Block]:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    at = 12
    while at < end:
        chunk, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
        if chunk == b"EXIF":
            yield from _exif(body.removeprefix(b"Exif\0\0"))
        elif chunk == b"XMP ":
            yield from _xmp(body)
        elif chunk not in _WEBP_TABLES:
            yield Block("icc" if chunk == b"ICCP" else "unknown", chunk.decode("latin-1"), body)
    yield from _trailing(data, end)


# AVIF: ISO/IEC 23008-12 and 14496-12; the items that are no pixels are found through `iinf` and `iloc`.
_AVIF_PIXELS = frozenset({b"av01", b"hvc1", b"grid", b"iovl", b"iden"})


def _avif(data: bytes) -> Iterator[Block]:
    for box, start, end in _boxes(data, 0, len(data)):
        if box == b"meta":
            yield from _avif_items(data, start + 4, end)
        elif box not in {b"ftyp", b"mdat", b"moov"}:
            yield Block("unknown", box.decode("latin-1"), data[start:end])


def _avif_items(data: bytes, start: int, end: int) -> Iterator[Block]:
    boxes = {box: (inner, last) for box, inner, last in _boxes(data, start, end)}
    places = (
        dict(_item_places(data, *boxes[b"iloc"], boxes.get(b"idat", (0, 0))[0])) if b"iloc" in boxes else {}
    )
    first, last = boxes.get(b"iinf", (end, end))
    skip = 6 if data[first : first + 1] == b"\0" else 8
    for _, inner, done in _boxes(data, first + skip, last):
        wide = data[inner] > 2  # noqa: PLR2004 (version 3 has 32-bit numbers)
        number, kind = struct.unpack_from(">I2x4s" if wide else ">H2x4s", data, inner + 4)
        body = b"".join(data[at : at + size] for at, size in places.get(number, ()))
        if kind == b"Exif":
            yield from _exif(body[4 + int.from_bytes(body[:4]) :].removeprefix(b"Exif\0\0"))
        elif kind == b"mime" and b"<x:xmpmeta" in body:
            yield from _xmp(body)
        elif kind not in _AVIF_PIXELS:
            yield Block("unknown", kind.decode("latin-1"), body + data[inner + 12 : done])


def _item_places(data: bytes, start: int, end: int, idat: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Read each item's number and extents from `iloc`.

    Extents are (offset, size) in the file.
    """
    version, (sizes, bases) = data[start], data[start + 4 : start + 6]
    offset_size, length_size, base_size = sizes >> 4, sizes & 15, bases >> 4
    index_size = bases & 15 if version else 0
    at = start + 6

    def number(size: int) -> int:
        nonlocal at
        at += size
        if at > end:
            raise ValueError("the item table is cut off")
        return int.from_bytes(data[at - size : at])

    wide = 4 if version > 1 else 2
    for _ in range(number(wide)):
        item = number(wide)
        inside = number(2) & 15 == 1 if version else False
        number(2)
        base = number(base_size) + (idat if inside else 0)
        extents = []
        for _ in range(number(2)):
            number(index_size)
            extents.append((base + number(offset_size), number(length_size)))
        yield item, extents


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start of the content and end of boxes.

    What is no box is an error.
    """
    while start < end:
        size, box = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError("a box is longer than the file")
        yield box, start + head, start + size
        start += size


def _exif(tiff: bytes) -> Iterator[Block]:
    """Yield every tag of an EXIF block under its name."""
    exif = Image.Exif()
    exif.load(tiff)
    yield from (Block("exif", ExifTags.TAGS.get(tag, hex(tag)), _bytes(value)) for tag, value in exif.items())
    for ifd in ExifTags.IFD:
        if ifd is ExifTags.IFD.MakerNote:
            continue
        tags = ExifTags.GPSTAGS if ifd is ExifTags.IFD.GPSInfo else ExifTags.TAGS
        kind = "thumbnail" if ifd is ExifTags.IFD.IFD1 else "exif"
        for tag, value in exif.get_ifd(ifd).items():
            yield Block(kind, tags.get(tag, hex(tag)), _bytes(value))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _xmp(packet: bytes) -> Iterator[Block]:
    """Yield every property of an XMP packet.

    Under its full name, structure aside.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    root = etree.fromstring(packet.strip(b"\0 \r\n\t"), parser)
    for node in root.iter():
        if not isinstance(node.tag, str):  # a processing instruction or a comment
            if isinstance(node, etree._Comment):  # noqa: SLF001 (lxml gives the class no public name)
                yield Block("comment", "XMP", (node.text or "").encode())
            continue
        for name, value in node.attrib.items():
            if not str(name).startswith((_RDF, "{adobe:ns:meta/}", "{http://www.w3.org/XML/1998/namespace}")):
                yield Block("xmp", str(name), str(value).encode())
        if not node.tag.startswith((_RDF, "{adobe:ns:meta/}")):
            yield Block("xmp", node.tag, "".join(str(text) for text in node.itertext()).strip().encode())


def _inflated(data: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(data, _INFLATED)
    return data


def _trailing(data: bytes, end: int) -> Iterator[Block]:
    if data[end:]:
        yield Block("trailing", "after the end", data[end:])


_WALKS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Iterator[Block]]], ...] = (
    (lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda data: data.startswith(_PNG), _png),
    (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
    (lambda data: data[4:8] == b"ftyp" and re.search(rb"avi|hei|mif1", data[8:32]) is not None, _avif),
)
