"""The pictures of a TIFF, and samples that are deeper than 8 bits.

Pillow reads a TIFF's grey samples of 16 bits whole, of colour only the upper half, and planes not at all. A colour
picture is therefore read as a grey one of more columns, or plane by plane, and put together here.

Source: TIFF 6.0; Adobe's technical notes 1 and 3; DNG 1.7 for the signs of camera raw.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MOST_PAGES, _MOST_ENTRIES, _MOST_VALUES = 256, 20_000, 100_000
_SIZES = {
    1: ("B", 1), 3: ("H", 2), 4: ("I", 4), 8: ("h", 2), 9: ("i", 4), 11: ("f", 4), 12: ("d", 8), 13: ("I", 4),
    16: ("Q", 8),
}  # fmt: skip
_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_ORIENTATION, _SAMPLES, _LEAST, _MOST, _PLANAR, _PREDICTOR = 274, 277, 280, 281, 284, 317
_SUB_IFDS, _EXTRA, _FORMAT, _SAMPLE_LEAST, _SAMPLE_MOST, _DNG = 330, 338, 339, 340, 341, 50706
_STRIPS, _STRIP_BYTES, _ROWS, _TILES, _TILE_BYTES, _TILE_WIDTH, _TILE_HEIGHT = (
    273,
    279,
    278,
    324,
    325,
    322,
    323,
)
_FILL_ORDER, _MAKE = 266, 271
_SENSOR = frozenset({32803, 34892})  # photometric: colour filter array, linear raw
_SENSOR_PACKING = frozenset({32767, 32769, 32770, 34713})  # of Sony, Epson, Samsung, Nikon
_REDUCED, _MASK = 1, 4
_ALIKE = 0.03  # of a thumbnail's and its picture's shape
_GUESSED = (10, 12)  # bits that cameras and scanners fill of 16

Number = int | float
Words = tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One directory of a TIFF.

    Attributes:
        index: its place in the file, from 0; -1 for one that hangs below another.
        tags: the numbers of each tag.
    """

    index: int
    tags: dict[int, Words] = field(repr=False)

    def one(self, tag: int, default: Number = 0) -> int:
        """Give a tag's first number as a whole one."""
        values = self.tags.get(tag) or (default,)
        return int(values[0])

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, as they are stored."""
        return self.one(_WIDTH), self.one(_HEIGHT)

    @property
    def sensor(self) -> bool:
        """Whether it holds what a sensor saw, not a picture."""
        return (
            _DNG in self.tags
            or self.one(_PHOTOMETRIC) in _SENSOR
            or self.one(_COMPRESSION) in _SENSOR_PACKING
        )


@dataclass(frozen=True, slots=True)
class Pages:
    """What a TIFF holds.

    Attributes:
        raw: whether it is a camera's raw file.
        dng: whether it is one of Adobe's kind.
        count: of its pictures, thumbnails not counted.
        page: the one that is taken.
    """

    raw: bool
    dng: bool
    count: int
    page: Page


def tiff_pages(data: bytes) -> Pages | None:
    """Find the picture that a TIFF is about; None where the bytes are no TIFF.

    It is the only full one, or the one that all others are reductions of, or the first of the largest.
    """
    pages = list(_pages(data))
    chain = [page for page in pages if page.index >= 0 and all(page.size)]
    if not chain:
        return None
    full = [page for page in chain if not page.one(_SUBFILE) & (_REDUCED | _MASK)] or chain
    largest = max(full, key=lambda page: page.size[0] * page.size[1])
    others = [page for page in full if page is not largest and not _reduces(page, largest)]
    raw, dng = any(page.sensor for page in pages), any(_DNG in page.tags for page in pages)
    return Pages(raw, dng, 1 + len(others), largest)


def _reduces(page: Page, largest: Page) -> bool:
    """Tell a thumbnail by its shape."""
    (width, height), (whole, high) = page.size, largest.size
    return 2 * width <= whole and abs(width / height / (whole / high) - 1) < _ALIKE + 1 / min(width, height)


def _pages(data: bytes) -> Iterator[Page]:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:  # noqa: PLR2004 (the header of a large one)
        return
    (version,) = struct.unpack_from(order + "H", data, 2)
    if version not in {42, 43}:
        return
    wide = version == 43  # noqa: PLR2004 (offsets of 64 bits)
    at = struct.unpack_from(order + ("Q" if wide else "I"), data, 8 if wide else 4)[0]
    waiting, seen, entries, number = [(at, True)], set[int](), 0, 0
    while waiting and len(seen) < _MOST_PAGES and entries < _MOST_ENTRIES:
        at, chained = waiting.pop(0)
        if at in seen or not 0 < at < len(data) - 8:
            continue
        seen.add(at)
        tags, following, count = _directory(data, at, order, wide=wide)
        entries += count
        yield Page(number if chained else -1, tags)
        number += chained
        waiting += [(int(below), False) for below in tags.get(_SUB_IFDS, ())]
        if chained:
            waiting.insert(0, (following, True))


def _directory(data: bytes, at: int, order: str, *, wide: bool) -> tuple[dict[int, Words], int, int]:
    """Read a directory's numbers, where the next one is, and how many entries it claims."""
    head, step, room = (8, 20, 8) if wide else (2, 12, 4)
    (count,) = struct.unpack_from(order + ("Q" if wide else "H"), data, at)
    tags: dict[int, Words] = {}
    end = at + head + step * count
    for entry in range(at + head, min(end, len(data) - step, at + head + step * _MOST_ENTRIES), step):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        (number,) = struct.unpack_from(order + ("Q" if wide else "I"), data, entry + 4)
        form, size = _SIZES.get(kind, ("", 0))
        if not form or not 0 < number <= _MOST_VALUES:
            continue
        place = entry + 4 + room
        if size * number > room:
            (place,) = struct.unpack_from(order + ("Q" if wide else "I"), data, place)
        if place + size * number <= len(data):
            tags[tag] = struct.unpack_from(f"{order}{number}{form}", data, place)
    following = 0
    if end + (8 if wide else 4) <= len(data):
        (following,) = struct.unpack_from(order + ("Q" if wide else "I"), data, end)
    return tags, following, count


@dataclass(frozen=True, slots=True)
class Deep:
    """A deep picture brought to 8 bits.

    Attributes:
        image: as it is stored, not turned.
        orientation: how it is to be turned, 1 to 8.
        guessed: bits that its values fill, where the file does not say so; else 0.
    """

    image: Image.Image
    orientation: int
    guessed: int = 0


def is_deep(page: Page) -> bool:
    """Tell whether a picture's samples are whole numbers of 16 bits that are read here."""
    bits = page.tags.get(_BITS, (1,))
    samples, kind = page.one(_SAMPLES, 1), page.one(_FORMAT, 1)
    wanted = {0: (1, 2), 1: (1, 2), 2: (3, 4), 5: (4,)}.get(page.one(_PHOTOMETRIC), ())
    return set(bits) == {16} and kind == 1 and samples in wanted and page.one(_PREDICTOR, 1) in {1, 2}


def open_deep(data: bytes, page: Page) -> Deep:
    """Decode a deep picture; errors are those of Pillow."""
    samples = page.one(_SAMPLES, 1)
    width, height = page.size
    if page.one(_PLANAR, 1) == 2 and samples > 1:  # noqa: PLR2004 (a plane each)
        places = _STRIPS if _STRIPS in page.tags else _TILES
        each = len(page.tags[places]) // samples
        values = np.empty((height, width, samples), np.uint16)
        for number in range(samples):
            values[..., number] = _grey(data, page, 1, slice(number * each, (number + 1) * each))
    else:
        values = _grey(data, page, samples, slice(None)).reshape(height, width, samples)
    least, most, guessed = _range(page, values)
    scaled = (np.arange(65_536) - least) / max(1, most - least) * 255
    curve = np.clip(scaled.round(), 0, 255).astype(np.uint8)
    if page.one(_PHOTOMETRIC) == 0:
        curve = 255 - curve
    shown = np.empty(values.shape, np.uint8)
    np.take(curve, values, out=shown)
    turned = page.one(_ORIENTATION, 1)
    return Deep(_assembled(shown, page), turned if 1 <= turned <= 8 else 1, guessed)  # noqa: PLR2004


def _assembled(shown: NDArray[np.uint8], page: Page) -> Image.Image:
    samples = shown.shape[2]
    kind = page.one(_EXTRA)
    if samples == 1:
        return Image.fromarray(shown[..., 0])
    if page.one(_PHOTOMETRIC) == 5:  # noqa: PLR2004 (separated)
        return Image.fromarray(shown, "CMYK")
    if samples in {2, 4} and kind == 0:
        return Image.fromarray(shown[..., 0] if samples == 2 else np.ascontiguousarray(shown[..., :3]))  # noqa: PLR2004
    if samples == 4 and kind == 1:  # noqa: PLR2004
        return Image.fromarray(shown, "RGBa").convert("RGBA")
    return Image.fromarray(shown, {2: "LA", 3: "RGB", 4: "RGBA"}[samples])


def _range(page: Page, values: NDArray[np.uint16]) -> tuple[int, int, int]:
    """Give the values of black and white, and the bits that were guessed from them.

    Tags decide. A file without them whose brightest value would still be black was written by a device of fewer bits.
    """
    tags = page.tags
    least = min(tags.get(_SAMPLE_LEAST) or tags.get(_LEAST) or (0,))
    most = max(tags.get(_SAMPLE_MOST) or tags.get(_MOST) or (0,))
    if most > least:
        return int(least), int(most), 0
    brightest = int(values.max())
    guessed = next((bits for bits in _GUESSED if 0 < brightest < 2**bits), 0)
    return 0, 2 ** (guessed or 16) - 1, guessed


def _grey(data: bytes, page: Page, samples: int, part: slice) -> NDArray[np.uint16]:
    """Decode strips or tiles as one grey picture whose columns are samples.

    Returns:
        uint16 (height, width times samples).
    """
    tags, (width, height) = page.tags, page.size
    order = "<" if data[:2] == b"II" else ">"
    entries: dict[int, Words] = {
        _WIDTH: (width * samples,),
        _HEIGHT: (height,),
        _BITS: (16,),
        _COMPRESSION: tags.get(_COMPRESSION, (1,)),
        _PHOTOMETRIC: (1,),
        _SAMPLES: (1,),
        _PLANAR: (1,),
        _FILL_ORDER: tags.get(_FILL_ORDER, (1,)),
    }
    across = width
    if _TILES in tags:
        across = page.one(_TILE_WIDTH, width)
        entries |= {
            _TILES: tags[_TILES][part],
            _TILE_BYTES: tags[_TILE_BYTES][part],
            _TILE_WIDTH: (across * samples,),
            _TILE_HEIGHT: tags[_TILE_HEIGHT],
        }
    else:
        entries |= {_STRIPS: tags[_STRIPS][part], _STRIP_BYTES: tags[_STRIP_BYTES][part]}
        entries[_ROWS] = (min(height, page.one(_ROWS, height)),)
    with Image.open(io.BytesIO(_with_directory(data, entries, order)), formats=("TIFF",)) as image:
        values = np.asarray(image).astype(np.uint16).reshape(height, width, samples)
    if page.one(_PREDICTOR, 1) == 2:  # noqa: PLR2004 (differences of neighbours)
        for left in range(0, width, across):
            band = values[:, left : left + across]
            np.cumsum(band, axis=1, dtype=np.uint16, out=band)
    return values.reshape(height, width * samples)


def _with_directory(data: bytes, entries: dict[int, Words], order: str) -> bytes:
    """Let a file begin with a directory of ours, behind all that it holds."""
    start = len(data) + len(data) % 2
    table, rest = b"", b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *(int(number) for number in numbers))
        inline = packed if len(numbers) == 1 else struct.pack(order + "I", behind + len(rest))
        rest += b"" if len(numbers) == 1 else packed
        table += struct.pack(order + "HHI", tag, 4, len(numbers)) + inline
    head = data[:2] + struct.pack(order + "HI", 42, start)
    count = struct.pack(order + "H", len(entries))
    return b"".join([head, data[8:], bytes(start - len(data)), count, table, bytes(4), rest])
