"""Lay a found picture on a published picture of its full size, to a fraction of a pixel, for its marks to be read."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching.registration import (
    COVERED,
    FINE,
    SIGMA,
    Homography,
    Query,
    block_flow,
    normalised,
    outline,
    refine,
    scaling,
)
from watermark.picture import features
from watermark.picture.pixels import Picture

_LEAST_PARTS = 12
_STEADY = 0.25  # pixels, or of the copy's own where those are larger
_SMALL = 4.0  # times smaller than the published picture
_TILT = 0.03  # by which one side of a copy may be larger than the other
_EDGE = 5  # pixels along the copy's border that are no whole ones


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A copy as it lies on a picture of ours.

    Attributes:
        luma: float32 (height, width), its brightness.
        covered: bool (height, width), where it covers the picture.
        scale: pixels of ours per pixel of the copy.
        homography: the map, from found pixels to ours.
        drift: by how many pixels of ours the parts of the copy still lie off, usually; infinite where nothing tells.
    """

    luma: NDArray[np.float32]
    covered: NDArray[np.bool_]
    scale: float
    homography: Homography
    drift: float

    @property
    def steady(self) -> bool:
        """Whether it lies so well that a layer which is not read there is not there."""
        matrix = self.homography.matrix / self.homography.matrix[2, 2]
        tilted = np.abs(matrix[2, :2]).max() * max(self.luma.shape) > _TILT
        mirrored = np.linalg.det(matrix[:2, :2]) < 0  # a symmetric picture may lie either way
        small = self.scale > _SMALL
        return self.drift < _STEADY * max(1.0, self.scale) and not (small or tilted or mirrored)


def place(
    query: Query, homography: Homography, frame: tuple[int, int], ours: Picture, *, rounds: int = 2
) -> Placed:
    """Lay a copy on a picture of ours.

    Args:
        query: the copy.
        homography: where it lies on a smaller version of the picture.
        frame: (width, height) of that version.
        ours: the picture.
        rounds: how often the map is refined.
    """
    grow = scaling((frame[1], frame[0]), (ours.height, ours.width))
    grey = features.grey(ours)
    found = replace(homography, matrix=grow @ homography.matrix)
    for _ in range(rounds):
        found = refine(query, grey, found, FINE)
    source = query.shrunk(found.scale)
    matrix = found.matrix @ scaling(source.shape, query.luma.shape)
    laid = cv2.warpPerspective(
        source, matrix, (ours.width, ours.height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    inside = cv2.erode(
        (outline(matrix, source.shape, grey.shape) == COVERED).astype(np.uint8),
        np.ones((_EDGE, _EDGE), np.uint8),
        borderValue=0,
    )
    luma, covered = np.asarray(laid, np.float32), np.asarray(inside) > 0
    return Placed(luma, covered, found.scale, found, _drift(grey, luma, covered, found.scale))


def _drift(
    ours: NDArray[np.uint8], laid: NDArray[np.float32], covered: NDArray[np.bool_], scale: float
) -> float:
    """Give the weighted median of what every part with texture still lies off, pixels."""
    sigma = max(SIGMA, 0.6 * scale)
    found = np.clip(laid, 0, 255).round().astype(np.uint8)
    inside = covered.astype(np.uint8) * np.uint8(COVERED)
    flow = block_flow(normalised(ours, sigma), normalised(found, sigma), inside, sigma, 32)
    weights = flow.weights * flow.alike
    if (weights > 0.1).sum() < _LEAST_PARTS:  # noqa: PLR2004 (alike and textured at all)
        return float("inf")
    lengths = np.linalg.norm(flow.shifts, axis=1)
    order = np.argsort(lengths)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(lengths[order][min(half, len(order) - 1)])
