"""Lays the later photo of a pair over the earlier one.

One turn, scale and shift for all of it, no retouching.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import atan2, ceil, degrees, floor, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.picture import features
from watermark.picture.framing import Box, CommonFrame, Matrix, Size, put_into_frame
from watermark.picture.pixels import Picture

Point = tuple[float, float]
"""x and y in pixels."""

AS_IT_IS: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

_Mask = NDArray[np.bool_]

_GRAIN = 1e-6  # pixels that are none
_RATIO = 0.85  # a feature's best partner must be so much nearer than its second
_APART = 0.1  # pixels between places that a person pointed at
_REACH = 5.0  # pixels a pair may miss the common turn by: heads are not flat
_LEAST_PAIRS = 10
_MOST_ZOOM, _MOST_TURN = 1.6, 30.0  # beyond, the two were hardly taken as a pair


@dataclass(frozen=True, slots=True)
class Similarity:
    """How the later photo is laid over the earlier one.

    Attributes:
        matrix: 2 by 3, from the later photo's pixels to the earlier one's.
        pairs: features that agree on it; 0 where a person pointed.
    """

    matrix: Matrix
    pairs: int = 0

    @property
    def scale(self) -> float:
        """How much larger the later photo has to be shown."""
        return hypot(self.matrix[0][0], self.matrix[1][0])

    @property
    def turn(self) -> float:
        """Degrees by which it has to be turned, clockwise on the screen."""
        return degrees(atan2(self.matrix[1][0], self.matrix[0][0]))


def followed_by(first: Matrix, then: Matrix) -> Matrix:
    """Go one way and then another."""
    whole = np.vstack([then, (0, 0, 1)]) @ np.vstack([first, (0, 0, 1)])
    (a, b, c), (d, e, f), _ = whole.tolist()
    return (a, b, c), (d, e, f)


def inverse(matrix: Matrix) -> Matrix:
    """Go the way back."""
    (a, b, c), (d, e, f) = np.asarray(cv2.invertAffineTransform(np.array(matrix))).tolist()
    return (a, b, c), (d, e, f)


def align_by_points(before: Sequence[Point], after: Sequence[Point]) -> Similarity:
    """Lay the later photo by places that a person pointed at.

    Args:
        before: places in the earlier photo.
        after: the same places, in the same order, in the later one.

    Raises:
        WatermarkError: Fewer than two places, another number in each, or all at one place.
    """
    if len(before) != len(after) or len(before) < 2:  # noqa: PLR2004 (a similarity has four unknowns)
        raise WatermarkError(
            f"expected the same two or three places in both photos, found {len(before)} and {len(after)}",
            hint="point at the same places in the same order",
        )
    there = np.array([complex(*point) for point in before])
    here = np.array([complex(*point) for point in after])
    spread = here - here.mean()
    if np.abs(spread).max() < _APART or np.abs(there - there.mean()).max() < _APART:
        raise WatermarkError(
            "expected places apart from each other, found one place", hint="point at places far apart"
        )
    # Least squares of there = factor · here + shift over complex numbers: one turn and one scale for the whole picture.
    factor = complex((spread.conj() @ (there - there.mean())) / (spread.conj() @ spread))
    shift = complex(there.mean() - factor * here.mean())
    return Similarity(((factor.real, -factor.imag, shift.real), (factor.imag, factor.real, shift.imag)))


def align_pair(before: Picture, after: Picture) -> Similarity | None:
    """Find how the later photo lies over the earlier one.

    None where too little agrees.

    The middle of the pictures, where the head is, counts first; the room behind only when that does not do.
    """
    area = min(features.QUERY_AREA, *(picture.width * picture.height for picture in (before, after)))
    here, there = (features.describe_query(features.grey(picture), area=area) for picture in (after, before))
    central = here.take(_in_the_middle(here, after)), there.take(_in_the_middle(there, before))
    found = _agreeing(*central, before.width / 640) or _agreeing(here, there, before.width / 640)
    if found is None or abs(found.turn) > _MOST_TURN:
        return None
    return found if 1 / _MOST_ZOOM < found.scale * after.width / before.width < _MOST_ZOOM else None


def _in_the_middle(features: features.Features, picture: Picture) -> NDArray[np.intp]:
    x, y = features.places.T
    return np.flatnonzero(
        ((x / picture.width - 0.5) / 0.34) ** 2 + ((y / picture.height - 0.48) / 0.42) ** 2 < 1
    )


def _agreeing(here: features.Features, there: features.Features, unit: float) -> Similarity | None:
    """Fit one turn, scale and shift to features that pair up."""
    if min(len(here), len(there)) < _LEAST_PAIRS:
        return None
    near = cv2.BFMatcher().knnMatch(here.described, there.described, k=2)
    pairs = [best for best, second in near if best.distance < _RATIO * second.distance]
    if len(pairs) < _LEAST_PAIRS:
        return None
    cv2.setRNGSeed(1)
    matrix, kept = cv2.estimateAffinePartial2D(
        here.places[[pair.queryIdx for pair in pairs]],
        there.places[[pair.trainIdx for pair in pairs]],
        method=cv2.RANSAC,
        ransacReprojThreshold=_REACH * unit,
        maxIters=4000,
        confidence=0.999,
    )
    agreeing = int(np.count_nonzero(kept))
    if agreeing < _LEAST_PAIRS:
        return None
    (a, b, c), (d, e, f) = np.asarray(matrix).tolist()
    return Similarity(((a, b, c), (d, e, f)), agreeing)


def lay_over(before: Picture, after: Picture, alignment: Similarity) -> tuple[Picture, Picture]:
    """Give both photos in the earlier one's frame.

    Cut to the part that both show.

    Raises:
        WatermarkError: They share nothing.
    """
    box = common_box((before.width, before.height), [((after.width, after.height), alignment.matrix)])
    if box is None:
        raise WatermarkError(
            "expected photos that overlap, found two that do not", hint="point at the places again"
        )
    frames = (CommonFrame.of(matrix, box) for matrix in (AS_IT_IS, alignment.matrix))
    first, second = (
        put_into_frame(picture, frame) for picture, frame in zip((before, after), frames, strict=True)
    )
    return first, second


def laid(after: Picture, matrix: NDArray[np.float64], before: Picture) -> tuple[NDArray[np.uint8], _Mask]:
    """See the later photo in the earlier one's frame.

    `matrix` leads from the later photo's pixels to the earlier one's. Gives uint8 (height, width, 3), and bool
    (height, width) where the later photo covers the earlier one.
    """
    size = (before.width, before.height)
    moved = cv2.warpAffine(after.rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(after.rgb.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(full, matrix, size, flags=cv2.INTER_NEAREST) > 0
    return np.asarray(moved, np.uint8), np.asarray(covered)


def common_box(size: Size, others: Sequence[tuple[Size, Matrix]]) -> Box | None:
    """Find a part of a frame that every photo covers.

    A large one; None where there is none.

    Args:
        size: (width, height) of the frame.
        others: (width, height) of each photo, and its pixels' way into the frame's.

    Returns:
        (left, top, right, bottom) in whole pixels of the frame, right and bottom exclusive.
    """
    left, top, right, bottom = 0.0, 0.0, float(size[0]), float(size[1])
    edges = [edge for photo, matrix in others for edge in _edges(photo, matrix)]
    for _ in edges:  # each step puts one edge right for good: the box only shrinks
        beyond, a, b = max(
            (a * (right if a > 0 else left) + b * (bottom if b > 0 else top) - c, a, b) for a, b, c in edges
        )
        if beyond <= 0:
            break
        if abs(b) * (bottom - top) < abs(a) * (right - left):  # the cheaper side gives way
            left, right = (left, right - beyond / a) if a > 0 else (left - beyond / a, right)
        else:
            top, bottom = (top, bottom - beyond / b) if b > 0 else (top - beyond / b, bottom)
        if right - left < 2 or bottom - top < 2:  # noqa: PLR2004
            return None
    return ceil(left - _GRAIN), ceil(top - _GRAIN), floor(right + _GRAIN), floor(bottom + _GRAIN)


def _edges(size: Size, matrix: Matrix) -> Iterator[tuple[float, float, float]]:
    """Give a laid photo's four edges as (a, b, c).

    What it covers lies where a·x + b·y <= c.
    """
    (a, b, c), (d, e, f) = matrix
    flip = 1.0 if a * e - b * d > 0 else -1.0
    corners = [(a * x + b * y + c, d * x + e * y + f) for x, y in ((0, 0), (size[0], 0), size, (0, size[1]))]
    for (x, y), (to_x, to_y) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = max(hypot(to_x - x, to_y - y), _GRAIN)
        across, down = flip * (to_y - y) / length, -flip * (to_x - x) / length
        yield across, down, across * x + down * y
