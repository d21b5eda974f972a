"""The whole picture as 64 bits: the cheap first look, and the text that other tools understand. Never a decision."""

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.pixels import Picture

CELLS = 32


def look(luma: NDArray[np.uint8]) -> int:
    """The perceptual hash of a grey picture (height, width) as an unsigned 64-bit number.

    Source: imagehash.phash, a DCT of the picture at 32 by 32.
    """
    bits = imagehash.phash(Image.fromarray(luma)).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def look_text(picture: Picture, side: int = 8) -> str:
    """The hash with its kind, as other tools print it: `phash64:c3d1…`; `side` squared is its bits."""
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
