"""Lay a found picture on a published picture of its full size, to a fraction of a pixel, for its marks to be read."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching.registration import COVERED, FINE, Homography, Query, outline, refine, scaling
from watermark.picture import features
from watermark.picture.pixels import Picture

_EDGE = 5  # pixels along the copy's border that are no whole ones


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A copy as it lies on a picture of ours.

    Attributes:
        luma: float32 (height, width), its brightness.
        covered: bool (height, width), where it covers the picture.
        scale: pixels of ours per pixel of the copy.
        homography: the map, from found pixels to ours.
    """

    luma: NDArray[np.float32]
    covered: NDArray[np.bool_]
    scale: float
    homography: Homography


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
    return Placed(np.asarray(laid, np.float32), np.asarray(inside) > 0, found.scale, found)
