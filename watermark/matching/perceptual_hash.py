"""The whole picture as 64 bits: the cheap first look, and the text that other tools understand. Never a decision."""

from functools import cache

import numpy as np
from imagehash import ImageHash
from numpy.typing import NDArray
from PIL import Image

from watermark.picture.pixels import Picture

CELLS = 32
_SIDE = 8  # frequencies kept each way
_FINER = 4  # pixels for each of them


def look(luma: NDArray[np.uint8]) -> int:
    """The perceptual hash of a grey picture (height, width) as an unsigned 64-bit number."""
    return int.from_bytes(np.packbits(_bits(luma, _SIDE)).tobytes(), "big")


def look_text(picture: Picture, side: int = _SIDE) -> str:
    """The hash with its kind, as other tools print it: `phash64:c3d1…`; `side` squared is its bits."""
    luma = np.asarray(Image.fromarray(picture.rgb).convert("L"))
    return f"phash{side * side}:{ImageHash(_bits(luma, side))}"


def _bits(luma: NDArray[np.uint8], side: int) -> NDArray[np.bool_]:
    """The bits of imagehash.phash, without the half of scipy that it loads for a DCT: half a second of every worker."""
    grid = _FINER * side
    small = Image.fromarray(luma).resize((grid, grid), Image.Resampling.LANCZOS)
    waves = _waves(side)
    low = np.round(waves @ np.asarray(small, np.float64) @ waves.T, 6)  # a flat picture's zeros stay zeros
    return np.asarray(low > np.median(low))


@cache
def _waves(side: int) -> NDArray[np.float64]:
    """The lowest rows of the DCT-II matrix, float64 (side, grid)."""
    grid = _FINER * side
    return 2 * np.cos(np.pi * np.arange(side)[:, None] * (2 * np.arange(grid)[None, :] + 1) / (2 * grid))


def distances(one: int, many: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """In how many of 64 bits each of `many` differs from `one`."""
    return np.asarray(np.bitwise_count(many ^ np.uint64(one)), np.uint8)


def cells_text(picture: Picture) -> str:
    """The picture at 32 by 32 in grey, as `grey32:` and 2048 hexadecimal digits: a small change in place shows."""
    shrunk = Image.fromarray(picture.rgb).convert("L").resize((CELLS, CELLS), Image.Resampling.BOX)
    return f"grey{CELLS}:{shrunk.tobytes().hex()}"


def cells_apart(one: str, other: str) -> int:
    """By how many of 255 grey levels two pictures differ where they differ most; 255 for other kinds of text."""
    kind = f"grey{CELLS}:"
    if not (one.startswith(kind) and other.startswith(kind)):
        return 255
    pairs = zip(bytes.fromhex(one[len(kind) :]), bytes.fromhex(other[len(kind) :]), strict=True)
    return max(abs(a - b) for a, b in pairs)
