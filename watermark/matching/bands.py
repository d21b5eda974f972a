"""Two pictures band-passed alike and correlated block by block."""

from dataclasses import dataclass
from typing import Self, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching import registration
from watermark.matching.registration import COVERED

STEP, LEAST_BLOCK = 16, 8  # a block is two steps wide
TEXTURE = 1.6  # grey levels of band-passed contrast below which a block says nothing
Array: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two pictures, band-passed.

    Attributes:
        band: float32 (height, width).
        average: float32 (rows, columns), its mean over every block.
        spread: float32, likewise, its variance.
    """

    band: Array
    average: Array
    spread: Array

    @classmethod
    def of(cls, band: Array, cell: int, grid: tuple[int, int]) -> Self:
        """Take its block statistics once, however many others it is compared with."""
        average = block_means(band, cell, grid)
        return cls(band, average, block_means(band * band, cell, grid) - average * average)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Both pictures band-passed at 2**-level of the size.

    Attributes:
        one: the photo.
        other: the found picture.
        covered: uint8, 255 where it covers the photo.
        level: how often halved.
        grid: rows and columns of blocks, the same at every level.
    """

    one: Side
    other: Side
    covered: NDArray[np.uint8]
    level: int
    grid: tuple[int, int]

    @classmethod
    def at(
        cls, photo: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], level: int
    ) -> Self:
        """Shrink and filter pictures of the small picture's size."""
        grid = grid_of(photo)
        one, other = (Side.of(band_of(picture, level), cell_at(level), grid) for picture in (photo, found))
        return cls(one, other, registration.downsampled(covered, 2**level), level, grid)

    def contrast(self) -> float:
        """How much of the photo's contrast the found picture has."""
        inside = self.covered == COVERED
        if not inside.any():
            return 1.0
        one, other = (
            float(cv2.mean(np.abs(side.band), inside.astype(np.uint8))[0]) for side in (self.one, self.other)
        )
        return (other + 0.05) / (one + 0.05)

    def correlation(self) -> Array:
        """Normalised correlation of every block, (rows, columns)."""
        return correlation(self.one, self.other, self.covered, cell_at(self.level), self.grid)


def correlation(
    one: Side, other: Side, covered: NDArray[np.uint8], cell: int, grid: tuple[int, int]
) -> Array:
    """Normalised correlation of every block.

    Blocks are 2 by 2 cells or at least 8 pixels wide. Gives float32 (rows, columns), NaN where plain or not covered.
    """
    together = block_means(one.band * other.band, cell, grid) - one.average * other.average
    # a noise floor in the found picture keeps flat covers from correlating by chance
    value = together / np.sqrt(np.maximum(one.spread, 1e-6) * (np.maximum(other.spread, 0) + 0.25))
    reached = block_means(covered.astype(np.float32), cell, grid)
    value[(reached < COVERED - 1) | (one.spread < TEXTURE**2)] = np.nan
    return np.asarray(value, np.float32)


def block_means(values: Array, cell: int, grid: tuple[int, int]) -> Array:
    """Means over blocks, one for every cell of the grid.

    Blocks are 2 by 2 cells or at least 8 pixels wide. Gives float32 (rows, columns).
    """
    rows, columns = grid
    wide = max(2, LEAST_BLOCK // cell)
    cells = cv2.resize(values[: rows * cell, : columns * cell], (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(cells, (wide, wide), borderType=cv2.BORDER_REFLECT), np.float32)


def cell_at(level: int) -> int:
    """Pixels of a cell's side at 2**-level of the size."""
    return max(1, STEP >> level)


def band_of(luma: NDArray[np.uint8], level: int) -> Array:
    """Keep the finest detail there is at 2**-level of the size."""
    plain = registration.downsampled(luma, 2**level).astype(np.float32)
    return np.asarray(
        cv2.GaussianBlur(plain, (5, 5), 1.0) - cv2.GaussianBlur(plain, (13, 13), 2.5), np.float32
    )


def grid_of(photo: NDArray[np.uint8]) -> tuple[int, int]:
    """Rows and columns of blocks on a small picture."""
    return max(1, photo.shape[0] // STEP), max(1, photo.shape[1] // STEP)
