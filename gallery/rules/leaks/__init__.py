"""The leak check of published names, texts and pictures.

Text is read as a browser, a URL and a search engine would read it; pictures are opened down to
their last metadata block, of which only credit may stay. Pure: names and bytes in, leaks out.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gallery.rules.leaks.readings import base64_in
from gallery.rules.leaks.words import LeakKind, Secrets, Words, search_pixels, search_text, words_of
from watermark.picture.metadata import Block, embedded_blocks

__all__ = ["Leak", "LeakKind", "Secrets", "scan"]

_Found = Iterator[tuple[LeakKind, str, str]]
_UNPACKED = 256 * 1024 * 1024  # bytes of one gzip file that are looked at
_DEEPEST = 2  # packings within packings
_SHOWN = 60  # characters of a refused block


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One thing found that must not be public.

    Attributes:
        file: its name in the site.
        kind: what it is.
        found: the words as they were read, or the beginning of a refused metadata block.
        where: "its name", "the text", "the pixels' bytes", or the metadata block.
    """

    file: str
    kind: LeakKind
    found: str
    where: str

    def sentence(self) -> str:
        """Say it plainly."""
        return f"{self.file}: {self.kind} in {self.where} ({self.found!r})"


def scan(files: Iterable[tuple[str, bytes]], secrets: Secrets) -> list[Leak]:
    """Search files for secrets, and pictures for more than credit.

    Files are (name within the site, bytes), one by one, so that a generator keeps memory small. Each leak comes once a
    file and place, in the files' order.
    """
    words = words_of(secrets)
    return [leak for name, data in files for leak in dict.fromkeys(_leaks_of(name, data, words))]


def _leaks_of(name: str, data: bytes, words: Words) -> Iterator[Leak]:
    for kind, found in search_text(name.encode(), words):
        yield Leak(file=name, kind=kind, found=found, where="its name")
    for kind, found, where in _in_file(data, words, _DEEPEST):
        yield Leak(file=name, kind=kind, found=found, where=where)


def _in_file(data: bytes, words: Words, depth: int) -> _Found:
    """Look into a file as a picture, as packed, or as text."""
    blocks = embedded_blocks(data)
    if blocks is not None:
        for block in blocks:
            yield from _in_block(block, words)
        yield from ((kind, found, "the pixels' bytes") for kind, found in search_pixels(data, words))
        return
    if data[:2] == b"\x1f\x8b" and depth:
        yield from _in_file(_unpacked(data), words, depth - 1)
        return
    yield from ((kind, found, "the text") for kind, found in search_text(data, words))
    if depth:
        decoded = list(base64_in(data))
        for inner in (*filter(_is_picture, decoded), b"\n".join(decoded)):
            yield from _in_file(inner, words, 0)


def _is_picture(data: bytes) -> bool:
    return embedded_blocks(data) is not None


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(data, _UNPACKED)
    except zlib.error:
        return b""


# Of a picture's metadata only credit may be published. Pointers and resolution say nothing about anybody.
_CREDIT = {
    "exif": re.compile(
        "Copyright|Artist|ImageDescription|ExifOffset|Orientation|[XY]Resolution|ResolutionUnit|YCbCrPositioning|ColorSpace"
        "|ExifVersion|ComponentsConfiguration|FlashPixVersion|ExifImage(Width|Height)",
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
        r"|\{http://creativecommons\.org/ns#\}\w+",
    ),
    "icc": re.compile("ICC_PROFILE|iCCP|ICCP"),
}
_REFUSED = {"thumbnail": LeakKind.THUMBNAIL, "comment": LeakKind.COMMENT, "trailing": LeakKind.REMAINDER}


def _in_block(block: Block, words: Words) -> _Found:
    """Judge whether a metadata block is credit and says nothing secret."""
    where = f"its {block.kind} block {block.name}"
    credit = _CREDIT.get(block.kind)
    if credit is None or not credit.fullmatch(block.name):
        yield _refusal(block), block.data[:_SHOWN].decode("utf-8", "replace"), where
    yield from ((kind, found, where) for kind, found in search_text(block.data, words))


def _refusal(block: Block) -> LeakKind:
    if block.name.startswith("GPS"):
        return LeakKind.PLACE
    if "Serial" in block.name:
        return LeakKind.SERIAL
    if "Date" in block.name or block.name == "tIME":
        return LeakKind.DATE
    return _REFUSED.get(block.kind, LeakKind.METADATA)
