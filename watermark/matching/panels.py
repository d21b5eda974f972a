"""Pictures within a picture: the rectangles that plain lines cut a contact sheet, a page or a screenshot into."""

from collections.abc import Iterator
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are outside."""

WORKED: Final = 1200  # pixels on the long side, in which cuts are sought
PLAIN = 26  # grey levels within a row or column that is plain
LEAST_GAP = 2  # plain rows or columns between two panels
SMALLEST = 56  # pixels: what is lower or narrower is a line of text or a rule
LARGEST = 0.25  # of the picture's area: a larger part is seen well enough in the whole
MOST = 48
DEPTH = 6


def panels(luma: NDArray[np.uint8]) -> list[Box]:
    """The panels too small to be seen in the whole picture, largest first.

    Args:
        luma: uint8 (height, width).

    Source: the recursive X-Y cut of Nagy and Seth, ICPR 1984.
    """
    by = min(1.0, WORKED / max(luma.shape))
    if by * min(luma.shape) < SMALLEST:
        return []
    small = (
        luma if by == 1.0 else np.asarray(cv2.resize(luma, None, fx=by, fy=by, interpolation=cv2.INTER_AREA))
    )
    area = small.shape[0] * small.shape[1]
    found = [
        box
        for box in _cut(np.asarray(small, np.uint8), 0, 0, DEPTH)
        if min(box[2] - box[0], box[3] - box[1]) >= SMALLEST
        and (box[2] - box[0]) * (box[3] - box[1]) <= LARGEST * area
    ]
    found.sort(key=lambda box: -(box[2] - box[0]) * (box[3] - box[1]))
    return [
        (round(left / by), round(top / by), round(right / by), round(bottom / by))
        for left, top, right, bottom in found[:MOST]
    ]


def _cut(part: NDArray[np.uint8], left: int, top: int, depth: int) -> Iterator[Box]:
    """Cut along plain rows, what is left along plain columns, until nothing is plain."""
    high, wide = part.shape
    if min(high, wide) < SMALLEST:
        return
    rows, columns = _runs(part, 1), _runs(part, 0)
    whole = rows == [(0, high)] and columns == [(0, wide)]
    if whole or not depth:
        yield (left, top, left + wide, top + high)
        return
    for first, last in rows:
        band = part[first:last]
        for start, stop in _runs(band, 0) if len(rows) > 1 or rows != [(0, high)] else columns:
            yield from _cut(band[:, start:stop], left + start, top + first, depth - 1)


def _runs(part: NDArray[np.uint8], axis: int) -> list[tuple[int, int]]:
    """Where along the other axis something is to be seen: runs between plain lines."""
    busy = np.ptp(part, axis=axis) > PLAIN
    edges = np.flatnonzero(np.diff(np.r_[False, busy, False].astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < LEAST_GAP:
            runs[-1] = (runs[-1][0], stop)
        else:
            runs.append((start, stop))
    return runs
