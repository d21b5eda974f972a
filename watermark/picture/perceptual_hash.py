"""How a whole picture looks, never a decision.

Perceptual hashes that other tools know, and a grid of its greys.
"""

from dataclasses import dataclass, field
from typing import Self

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.picture.pixels import Picture

CELLS = 32  # a side of the grid
_KIND = f"grey{CELLS}:"
_SHIFT = 4  # cells that a head may be off between two sittings
_UNLIKE = 255  # grey levels


def phash(luma: NDArray[np.uint8]) -> int:
    """Hash a grey picture into an unsigned 64-bit number.

    Args:
        luma: uint8 (height, width).
    """
    return int(str(imagehash.phash(Image.fromarray(luma))), 16)


def hashes(picture: Picture) -> dict[str, str]:
    """Give a picture's 64-bit hashes by their names.

    Each is 16 hexadecimal digits, as imagehash prints it.
    """
    grey = Image.fromarray(picture.rgb).convert("L")
    return {"phash64": str(imagehash.phash(grey)), "dhash64": str(imagehash.dhash(grey))}


def phash256(picture: Picture) -> str:
    """Give a picture's 256-bit perceptual hash as 64 hexadecimal digits."""
    return str(imagehash.phash(Image.fromarray(picture.rgb), hash_size=16))


def bits_apart(one: int, many: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Count the bits in which each differs from one.

    `many` is uint64 (n,); gives uint8 (n,).
    """
    return np.asarray(np.bitwise_count(many ^ np.uint64(one)), np.uint8)


@dataclass(frozen=True, slots=True)
class GreyGrid:
    """A picture as 32 by 32 greys.

    A small change in place shows.

    Attributes:
        cells: 1024 grey levels, row after row.
    """

    cells: bytes = field(repr=False)

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Shrink a picture of any shape to average greys."""
        grey = Image.fromarray(picture.rgb).convert("L")
        return cls(grey.resize((CELLS, CELLS), Image.Resampling.BOX).tobytes())

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read what `text` gave, or None."""
        return cls(bytes.fromhex(text[len(_KIND) :])) if text.startswith(_KIND) else None

    @property
    def text(self) -> str:
        """Its kind and 2048 hexadecimal digits, after `grey32` and a colon."""
        return f"{_KIND}{self.cells.hex()}"

    def levels_apart(self, other: "GreyGrid | None") -> int:
        """Grey levels, of 255, that the least like cells differ by."""
        if other is None:
            return _UNLIKE
        return max(abs(a - b) for a, b in zip(self.cells, other.cells, strict=True))

    def correlation(self, other: "GreyGrid") -> float:
        """Tell how alike two photographs look, over small shifts.

        1 is the same, 0 unrelated, -1 the negative.
        """
        inner = (slice(_SHIFT, -_SHIFT), slice(_SHIFT, -_SHIFT))
        one, two = _smooth(self), _smooth(other)
        return max(
            float(cv2.matchTemplate(whole, np.ascontiguousarray(part[inner]), cv2.TM_CCOEFF_NORMED).max())
            for whole, part in ((one, two), (two, one))
        )


BITS_APART, _LEVELS_APART = 8, 4
"""By how many bits and grey levels two files of one photo may differ; another moment differs by more."""


_PLAIN = 16  # grey levels between the darkest and the lightest cell


@dataclass(frozen=True, slots=True)
class Look:
    """By what a photo is known when it is saved anew or smaller.

    Attributes:
        phash: of the whole, 64 bits.
        grid: its greys.
    """

    phash: int
    grid: GreyGrid = field(repr=False)

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Look at a picture of any size."""
        return cls(phash(np.asarray(Image.fromarray(picture.rgb).convert("L"))), GreyGrid.of(picture))

    def same(self, other: "Look") -> bool:
        """Tell whether both are one photo; plain surfaces are none."""
        apart = (self.phash ^ other.phash).bit_count()
        plain = max(self.grid.cells) - min(self.grid.cells) < _PLAIN
        return not plain and apart <= BITS_APART and self.grid.levels_apart(other.grid) <= _LEVELS_APART


def _smooth(grid: GreyGrid) -> NDArray[np.float32]:
    plain = np.frombuffer(grid.cells, np.uint8).reshape(CELLS, CELLS).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(plain, (0, 0), 0.9), np.float32)
