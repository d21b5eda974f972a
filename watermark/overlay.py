"""Lays the later photo of a pair over the earlier one: one turn, scale and shift for all of it, no retouching."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.fingerprint import local
from watermark.pixels import Picture

Point = tuple[float, float]
"""x and y in pixels."""

_Mask = NDArray[np.bool_]

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

    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    pairs: int = 0

    @property
    def scale(self) -> float:
        """How much larger the later photo has to be shown."""
        return hypot(self.matrix[0][0], self.matrix[1][0])

    @property
    def turn(self) -> float:
        """Degrees by which it has to be turned, clockwise on the screen."""
        return degrees(atan2(self.matrix[1][0], self.matrix[0][0]))


def align_by_points(before: Sequence[Point], after: Sequence[Point]) -> Similarity:
    """Lay the later photo over the earlier one by two or three places that a person pointed at in both.

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
    """Find how the later photo lies over the earlier one by what both show; None when too little agrees.

    The middle of the pictures, where the head is, counts first; the room behind only when that does not do.
    """
    area = min(local.QUERY_AREA, *(picture.width * picture.height for picture in (before, after)))
    here, there = (local.describe_suspect(local.grey(picture), area=area) for picture in (after, before))
    central = here.take(_in_the_middle(here, after)), there.take(_in_the_middle(there, before))
    found = _agreeing(*central, before.width / 640) or _agreeing(here, there, before.width / 640)
    if found is None or abs(found.turn) > _MOST_TURN:
        return None
    return found if 1 / _MOST_ZOOM < found.scale * after.width / before.width < _MOST_ZOOM else None


def _in_the_middle(features: local.Features, picture: Picture) -> NDArray[np.intp]:
    x, y = features.places.T
    return np.flatnonzero(
        ((x / picture.width - 0.5) / 0.34) ** 2 + ((y / picture.height - 0.48) / 0.42) ** 2 < 1
    )


def _agreeing(here: local.Features, there: local.Features, unit: float) -> Similarity | None:
    """Fit one turn, scale and shift to the features of both that pair up."""
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
    """Give both photos in the earlier one's frame, cut to the part that both show.

    Raises:
        WatermarkError: They share nothing.
    """
    moved, covered = laid(after, np.array(alignment.matrix), before)
    left, top, right, bottom = _largest_box(covered)
    if right - left < 2 or bottom - top < 2:  # noqa: PLR2004
        raise WatermarkError(
            "expected photos that overlap, found two that do not", hint="point at the places again"
        )
    box = (slice(top, bottom), slice(left, right))
    return Picture(before.rgb[box].copy()), Picture(moved[box].copy())


def laid(after: Picture, matrix: NDArray[np.float64], before: Picture) -> tuple[NDArray[np.uint8], _Mask]:
    """See the later photo in the earlier one's frame.

    Args:
        after: the later photo.
        matrix: float64 (2, 3), its pixels to the earlier one's.
        before: the earlier photo.

    Returns:
        uint8 (height, width, 3), and bool (height, width): where the later photo covers the earlier one.
    """
    size = (before.width, before.height)
    moved = cv2.warpAffine(after.rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(after.rgb.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(full, matrix, size, flags=cv2.INTER_NEAREST) > 0
    return np.asarray(moved, np.uint8), np.asarray(covered)


def _largest_box(covered: _Mask) -> tuple[int, int, int, int]:
    """Shrink from the frame's sides, the emptiest side first, until nothing uncovered is left."""
    edges = [0, 0, covered.shape[1], covered.shape[0]]
    while edges[0] < edges[2] and edges[1] < edges[3]:
        part = covered[edges[1] : edges[3], edges[0] : edges[2]]
        bare = [1 - float(side.mean()) for side in (part[:, 0], part[0], part[:, -1], part[-1])]
        worst = int(np.argmax(bare))
        if bare[worst] == 0:
            break
        edges[worst] += 1 if worst < 2 else -1  # noqa: PLR2004 (left and top come first)
    return edges[0], edges[1], edges[2], edges[3]
