"""Keyed chips over the whole picture: small squares, each lighter or darker, at two sizes.

Spread spectrum after Cox, Kilian, Leighton and Shamoon, IEEE Trans. Image Processing 6(12), 1997. No chip repeats, so
a marked picture gives nothing away by itself; two sizes, because shrinking kills the finer and cropping the coarser.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.hidden.keys import MarkKey, Stream
from watermark.marking.hidden.strength import Plane, strength, wide_blur

SIZES = (4, 9)  # pixels of a chip's side
STEP = 36
"""Pixels after which chips of all sizes begin again."""
_ENERGY = {4: 1.0, 9: 0.8}
_REACH = 1.6  # chips: what is smoother than this is the picture's own
_CLIP = 3.0  # standard deviations: what differs more is no mark but something laid over
_NOISE = 0.15  # grey levels squared that are always there
_LEVEL = 14.0  # pixels: slower changes of light are not looked at

Signs = Callable[[Stream, int], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was measured at the chips of one size.

    Attributes:
        size: of a chip's side, pixels.
        values: float32 (rows, columns), evened and of equal variance over all sizes; 0 where nothing was covered.
    """

    size: int
    values: Plane

    def within(self, shape: tuple[int, int], corner: tuple[int, int]) -> "Seen":
        """Give what was measured in a part, as measured in a whole picture of which no more was covered.

        Args:
            shape: (height, width) of the whole.
            corner: (top, left) of the part in it, whole multiples of `STEP`.
        """
        values = np.zeros(_grid(shape, self.size), np.float32)
        top, left = corner[0] // self.size, corner[1] // self.size
        rows, columns = (
            min(part, whole)
            for part, whole in zip(
                self.values.shape, (values.shape[0] - top, values.shape[1] - left), strict=True
            )
        )
        values[top : top + rows, left : left + columns] = self.values[:rows, :columns]
        return Seen(self.size, values)


def stream(key: MarkKey, subject: str, size: int) -> Stream:
    """Start the random numbers of one subject's chips of one size."""
    return key.stream("chips", subject, str(size))


def carrier(key: MarkKey, subject: str, shape: tuple[int, int], signs: Signs) -> Plane:
    """Draw a subject's chips.

    Args:
        key: the practice's.
        subject: what the chips are keyed to.
        shape: (height, width) of the picture, pixels.
        signs: gives the signs of so many chips from their stream.

    Returns:
        float32 of `shape`, mean 0 and variance near 1.
    """
    height, width = shape
    drawn = np.zeros(shape, np.float32)
    for size in SIZES:
        rows, columns = _grid(shape, size)
        chips = signs(stream(key, subject, size), rows * columns).reshape(rows, columns)
        chips = chips - cv2.GaussianBlur(chips, (0, 0), _REACH)
        large = cv2.resize(chips, (columns * size, rows * size), interpolation=cv2.INTER_CUBIC)
        spread = float(large[:: size | 1].std()) or 1.0
        drawn += np.asarray(large[:height, :width], np.float32) * np.float32(_ENERGY[size] ** 0.5 / spread)
    return drawn


def measure(residual: Plane, covered: NDArray[np.bool_], ground: Plane) -> tuple[Seen, ...]:
    """Measure the chips in what a copy differs by from the unmarked picture.

    Args:
        residual: float32 (height, width), grey levels.
        covered: bool (height, width), where the copy covers the picture.
        ground: float32 (height, width), the unmarked picture's brightness.
    """
    level = residual - wide_blur(residual, _LEVEL)
    power = wide_blur(level * level, _LEVEL / 2) + np.float32(_NOISE)
    spread = np.sqrt(power)
    evened = np.clip(level / spread, -_CLIP, _CLIP) * strength(ground) / spread
    evened[~covered] = 0
    return tuple(_at(evened, covered, size) for size in SIZES)


def _at(evened: Plane, covered: NDArray[np.bool_], size: int) -> Seen:
    height, width = evened.shape
    rows, columns = _grid(evened.shape, size)
    below, right = rows * size - height, columns * size - width

    def averaged(plane: Plane) -> Plane:
        whole = cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0.0)
        return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)

    values = averaged(evened)
    there = averaged(covered.astype(np.float32)) > 0.5  # noqa: PLR2004 (half of the chip)
    values = np.where(there, values - cv2.GaussianBlur(values, (0, 0), _REACH), 0).astype(np.float32)
    usual = float(np.sqrt(np.mean(values[there] ** 2))) if there.any() else 0.0
    return Seen(size, values * np.float32(_ENERGY[size] ** 0.5 / max(usual, 1e-9)))


def each(seen: tuple[Seen, ...], key: MarkKey, subject: str) -> Iterator[tuple[Stream, Plane]]:
    """Give the stream of every size's chips beside what was measured at them, flat."""
    for one in seen:
        yield stream(key, subject, one.size), one.values.ravel()


def _grid(shape: tuple[int, ...], size: int) -> tuple[int, int]:
    return -(-shape[0] // size), -(-shape[1] // size)
