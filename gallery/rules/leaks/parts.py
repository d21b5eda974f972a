"""The parts of a published file in which something may be read."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from gallery.rules.leaks.readings import base64_in
from gallery.rules.leaks.words import LeakKind
from watermark.picture.metadata import Block, embedded_blocks

_UNPACKED = 256 * 1024 * 1024  # bytes of one gzip file that are looked at
_DEEPEST = 2  # packings within packings

# Of a picture's metadata only credit may be published. Pointers and resolution say nothing about anybody.
_CREDIT = {
    "exif": re.compile(
        "Copyright|Artist|ImageDescription|ExifOffset|Orientation|[XY]Resolution|ResolutionUnit|YCbCrPositioning|ColorSpace"
        "|ExifVersion|ComponentsConfiguration|FlashPixVersion|ExifImage(Width|Height)"
    ),
    "iptc": re.compile("1:0|1:90|2:0|2:5|2:40|2:80|2:85|2:105|2:110|2:115|2:116|2:120"),
    "xmp": re.compile(
        r"\{http://purl\.org/dc/elements/1\.1/\}(creator|rights|title|description|publisher|identifier|format)"
        r"|\{http://ns\.adobe\.com/xap/1\.0/rights/\}\w+"
        r"|\{http://ns\.useplus\.org/ldf/xmp/1\.0/\}\w+"
        r"|\{http://iptc\.org/std/Iptc4xmpCore/1\.0/xmlns/\}(CreatorContactInfo|Ci\w+|AltTextAccessibility)"
        r"|\{http://iptc\.org/std/Iptc4xmpExt/2008-02-29/\}DigitalSourceType"
        r"|\{http://ns\.adobe\.com/photoshop/1\.0/\}(Credit|Source|AuthorsPosition|Instructions)"
        r"|\{http://ns\.adobe\.com/xap/1\.0/mm/\}DocumentID"
        r"|\{http://creativecommons\.org/ns#\}\w+"
    ),
    "icc": re.compile("ICC_PROFILE|iCCP|ICCP"),
}
_REFUSED = {"thumbnail": LeakKind.THUMBNAIL, "comment": LeakKind.COMMENT, "trailing": LeakKind.REMAINDER}


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file, and where they stand in it.

    `refused` says what is wrong with a metadata block that is no credit; `is_pixels` that words stand there by chance.
    """

    where: str
    data: bytes
    refused: LeakKind | None = None
    is_pixels: bool = False


def parts_of(name: str, data: bytes) -> Iterator[Part]:
    """Take a file apart, as a picture, as packed, or as text."""
    yield Part("its name", name.encode())
    yield from _within(data, _DEEPEST)


def _within(data: bytes, depth: int) -> Iterator[Part]:
    blocks = embedded_blocks(data)
    if blocks is not None:
        for block in blocks:
            yield Part(f"its {block.kind} block {block.name}", block.data, _refusal(block))
        yield Part("the pixels' bytes", data, is_pixels=True)
    elif data[:2] == b"\x1f\x8b" and depth:
        yield from _within(_unpacked(data), depth - 1)
    else:
        yield Part("the text", data)
        if depth:
            decoded = list(base64_in(data))
            for inner in (*filter(_is_picture, decoded), b"\n".join(decoded)):
                yield from _within(inner, 0)


def _is_picture(data: bytes) -> bool:
    return embedded_blocks(data) is not None


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, _UNPACKED)
    except zlib.error:
        return b""


def _refusal(block: Block) -> LeakKind | None:
    """Say what is wrong with a block, None where it is credit."""
    credit = _CREDIT.get(block.kind)
    if credit is not None and credit.fullmatch(block.name):
        return None
    if block.name.startswith("GPS"):
        return LeakKind.PLACE
    if "Serial" in block.name:
        return LeakKind.SERIAL
    if "Date" in block.name or block.name == "tIME":
        return LeakKind.DATE
    return _REFUSED.get(block.kind, LeakKind.METADATA)
