"""What a picture's file says around its pixels: where they end, how they are turned, which colours they are.

Nothing is decoded here, and any bytes give an answer.
"""

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from watermark.picture.colour import CodePoints, Gamma, Source

_PROFILE_BYTES = 16 * 1024 * 1024  # of an inflated profile
_ZEROS, _MORE_ZEROS = bytes(512), re.compile(rb"\0*")  # storage loses whole blocks
_NO_MARKER = frozenset(
    {0x00, 0xFF, *range(0xD0, 0xD8)}
)  # in a scan: a stuffed byte, a filling one, a restart
_SOI = b"\xff\xd8\xff"
_EOI, _SOS, _DHT = 0xD9, 0xDA, 0xC4
_PROGRESSIVE = frozenset({0xC2, 0xC6})
_HUFFMAN = frozenset({0xC0, 0xC1, 0xC2})


@dataclass(frozen=True, slots=True)
class JpegScans:
    """How a JPEG's scans lie in its file.

    Attributes:
        end: offset behind the picture's end; None where it has none.
        sound: offset up to which a decoder can follow.
        count: of its scans.
        progressive: whether they refine one another.
        finest: whether the last bits of the luma have begun.
        lost: share of the scans' bytes that are zeros which no encoder writes, 0 to 1.
    """

    end: int | None
    sound: int
    count: int
    progressive: bool
    finest: bool
    lost: float


def jpeg_scans(data: bytes) -> JpegScans | None:
    """Walk a JPEG to the end of its picture, whatever lies behind; None where the bytes are none.

    Source: ITU-T T.81, annexes B and G.
    """
    if not data.startswith(_SOI):
        return None
    walk = _JpegWalk(data)
    end = walk.to_the_end()
    if end is None:  # no encoder leaves zeros and no end
        tail = len(data) - len(data.rstrip(b"\0"))
        walk.zeros = max(walk.zeros, tail) if tail >= len(_ZEROS) else walk.zeros
    lost = min(1.0, walk.zeros / max(1, walk.bytes))
    return JpegScans(end, walk.sound, walk.scans, walk.frame in _PROGRESSIVE, walk.finest, lost)


class _JpegWalk:
    """What is found on the way through a JPEG's segments."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.frame = self.scans = self.bytes = self.zeros = 0
        self.sound, self.finest = len(data), False
        self._first: dict[int, int] = {}

    def to_the_end(self) -> int | None:
        """Walk on, and give the offset behind the picture's end."""
        data, at = self.data, 2
        while (at := _marker(data, at)) < len(data):
            marker, at = data[at], at + 1
            if marker == _EOI:
                return at
            size = int.from_bytes(data[at : at + 2])
            body = data[at + 2 : at + size]
            at += max(2, size)
            if marker == _DHT:
                self._first |= _first_symbols(body)
            elif 0xC0 <= marker <= 0xCF and marker not in {0xC8, 0xCC}:  # noqa: PLR2004 (SOF0 to SOF15)
                self.frame = marker
            elif marker == _SOS and len(body) >= 6 and body[0]:  # noqa: PLR2004 (a header of one component)
                at = self._scan(body, at)
        return None

    def _scan(self, header: bytes, at: int) -> int:
        """Walk over a scan's data, and give where the next marker begins."""
        upto = _marker(self.data, at)
        self.sound = upto - 1 if upto < len(self.data) else upto
        self.scans += 1
        self.bytes += upto - at
        self.finest |= header[-3] > 0 and not header[-1] & 15 and header[1] == _luma(self.data)
        flat = _zeros_are_flat(header, self._first, progressive=self.frame in _PROGRESSIVE)
        if self.frame in _HUFFMAN and not flat:
            self.zeros += _zeroed(self.data, at, upto)
        return self.sound


def _marker(data: bytes, at: int) -> int:
    """Find the next marker's code, behind its 0xFF; the file's end where there is none."""
    while (at := data.find(b"\xff", at) + 1) and at < len(data):
        if data[at] not in _NO_MARKER:
            return at
    return len(data)


def _zeroed(data: bytes, at: int, end: int) -> int:
    """Count the bytes of long runs of zeros."""
    count = 0
    while (at := data.find(_ZEROS, at, end)) >= 0:
        run = _MORE_ZEROS.match(data, at, end)
        at = run.end() if run else end
        count += at - (run.start() if run else at)
    return count


def _luma(data: bytes) -> int:
    """Give the number of the first component, 1 where the frame does not say."""
    frame = re.search(rb"\xff[\xc0-\xc2]..[\x08\x0c].{4}[\x01-\x04](.)", data, re.DOTALL)
    return frame[1][0] if frame else 1


def _first_symbols(body: bytes) -> dict[int, int]:
    """Give each Huffman table's symbol whose code is all zeros, by class and number."""
    symbols, at = {}, 0
    while at + 17 < len(body):
        symbols[body[at]] = body[at + 17]
        at += 17 + sum(body[at + 1 : at + 17])
    return symbols


def _zeros_are_flat(scan: bytes, first: dict[int, int], *, progressive: bool) -> bool:
    """Tell whether an encoder may write a long run of zeros, for a flat surface."""
    tables = [scan[2 + 2 * at] for at in range(scan[0])] if len(scan) >= 4 + 2 * scan[0] else []
    steady = all(first.get(table >> 4, 0) == 0 for table in tables)
    ended = all(first.get(0x10 | table & 15, 0) == 0 for table in tables)
    if not progressive:
        return steady and ended
    return (steady or scan[-1] >> 4 > 0) if scan[-3] == 0 else ended


_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_WORDS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"iCCP"})


@dataclass(frozen=True, slots=True)
class PngParts:
    """A PNG without its words, and what it says of its colours."""

    data: bytes
    colours: Source


def png_parts(data: bytes) -> PngParts | None:
    """Leave out what may be of any size and is no picture; None where the bytes are no PNG.

    The colours are those that cICP names, else the profile, else sRGB, else gAMA and cHRM.

    Source: PNG third edition, 4.3 and 11.3.2.
    """
    if not data.startswith(_PNG):
        return None
    kept, said, from_ = [], dict[bytes, bytes](), 0
    for chunk, start, end in _png_chunks(data):
        if chunk == b"IDAT":
            break
        said.setdefault(chunk, data[start + 8 : end - 4])
    for chunk, start, end in _png_chunks(data):
        if chunk in _PNG_WORDS:
            kept.append(data[from_:start])
            from_ = end
    picture = b"".join([*kept, data[from_:]]) if kept else data
    return PngParts(picture, _png_colours(said))


def png_xmp(data: bytes) -> bytes:
    """Read the XMP packet of a PNG, b"" where there is none or it is packed.

    Source: XMP specification part 3, 1.1.5.
    """
    if not data.startswith(_PNG):
        return b""
    for chunk, start, end in _png_chunks(data):
        keyword, _, rest = data[start + 8 : end - 4].partition(b"\0")
        if chunk == b"iTXt" and keyword == b"XML:com.adobe.xmp" and rest[:1] == b"\0":
            return rest[2:].split(b"\0", 2)[-1]
    return b""


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = len(_PNG)
    while at + 12 <= len(data):
        size, chunk = struct.unpack_from(">I4s", data, at)
        end = at + 12 + size
        if end > len(data):
            return
        yield chunk, at, end
        if chunk == b"IEND":
            return
        at = end


def _png_colours(said: dict[bytes, bytes]) -> Source:
    points = said.get(b"cICP", b"")
    if len(points) == 4 and not points[2] and points[3]:  # noqa: PLR2004 (RGB of full range, as PNG must be)
        return CodePoints(points[0], points[1], exact=True)
    if b"iCCP" in said:
        packed = said[b"iCCP"].partition(b"\0")[2][1:]
        try:
            return zlib.decompressobj().decompress(packed, _PROFILE_BYTES)
        except zlib.error:
            return None
    gamma, xy = said.get(b"gAMA", b""), said.get(b"cHRM", b"")
    if b"sRGB" in said or len(gamma) != 4 or not any(gamma):  # noqa: PLR2004
        return None
    corners = struct.unpack(">8I", xy) if len(xy) == 32 else ()  # noqa: PLR2004 (white, red, green, blue)
    return Gamma(int.from_bytes(gamma) / 100_000, tuple(value / 100_000 for value in corners))


def avif_colours(data: bytes) -> CodePoints | None:
    """Read the code points that an AVIF's picture is coloured by; None where it names none.

    Source: ISO/IEC 23000-22 and 14496-12, 12.1.5.
    """
    path = (b"meta", b"iprp", b"ipco")
    start, end = 0, len(data)
    for depth, wanted in enumerate(path):
        inside = next(((at, last) for box, at, last in _boxes(data, start, end) if box == wanted), None)
        if inside is None:
            return None
        start, end = inside[0] + (4 if depth == 0 else 0), inside[1]
    for box, at, last in _boxes(data, start, end):
        if box == b"colr" and data[at : at + 4] == b"nclx" and last - at >= 10:  # noqa: PLR2004
            return CodePoints(*struct.unpack_from(">HH", data, at + 4))
    return None


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start of the content and end of boxes, as long as they are sound."""
    while start + 8 <= end:
        size, box = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1 and start + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start + 8)
            head = 16
        size = size or end - start
        if size < head or start + size > end:
            return
        yield box, start + head, start + size
        start += size


def exif_orientation(exif: bytes) -> int:
    """Read how a picture is turned, 1 to 8, as browsers do.

    A value of another type, or two of them, turn nothing.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:  # noqa: PLR2004 (a TIFF header)
        return 1
    (at,) = struct.unpack_from(order + "I", tiff, 4)
    count = struct.unpack_from(order + "H", tiff, at)[0] if at + 2 <= len(tiff) else 0
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, number, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if tag == 0x0112:  # noqa: PLR2004 (Exif 3.0, 4.6.4)
            sound = kind == 3 and number == 1 and 1 <= value <= 8  # noqa: PLR2004 (one SHORT)
            return value if sound else 1
    return 1
