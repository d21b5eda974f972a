"""The whole picture as 64 bits: the cheap first look, and the text that other tools understand. Never a decision."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.pixels import Picture

CELLS = 32
_GRID, _KEPT = 32, 8  # the picture at 32 by 32, and its 8 by 8 lowest frequencies
_WAVES = 2 * np.cos(np.pi * np.arange(_KEPT)[:, None] * (2 * np.arange(_GRID)[None, :] + 1) / (2 * _GRID))


def look(luma: NDArray[np.uint8]) -> int:
    """The perceptual hash of a grey picture (height, width) as an unsigned 64-bit number.

    Gives what imagehash.phash gives, a DCT of the picture at 32 by 32, without loading the half of scipy that
    it needs for that: half a second of every worker.
    """
    small = Image.fromarray(luma).resize((_GRID, _GRID), Image.Resampling.LANCZOS)
    low = np.round(_WAVES @ np.asarray(small, np.float64) @ _WAVES.T, 6)  # a flat picture's zeros stay zeros
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes(), "big")


def look_text(picture: Picture, side: int = 8) -> str:
    """The hash with its kind, as other tools print it: `phash64:c3d1…`; `side` squared is its bits."""
    import imagehash  # noqa: PLC0415 (see above)

    return f"phash{side * side}:{imagehash.phash(Image.fromarray(picture.rgb), hash_size=side)}"


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
