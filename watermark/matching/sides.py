"""Two photos in one frame, half of one beside half of the other: on which side of a line each agrees."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from watermark.matching.agreement import AGREES, STRAIGHT, Agreement
from watermark.matching.bands import STEP
from watermark.matching.registration import Query, Window

FEWEST, LEAST = 8, 0.15  # blocks of the subject on a side; share of all of them
# Share of the subject's blocks that agree on its own side at least, on the other at most; between the two at least.
OWN, OTHER, APART = 0.55, 0.5, 0.3
EDGE = 0.15  # of the picture: a line so near its edge parts no halves
MEETING, SEAM = 0.2, 0.08  # of a window: more in common are no two sides; of both: two sides meet so closely


def side(query: Query, seen: Agreement) -> Window | None:
    """The side of the picture in which the photo's subject agrees, where on the other side it does not."""
    rows, columns = np.nonzero(seen.subject & np.isfinite(seen.fine))
    if len(rows) < 2 * FEWEST or np.expm1(seen.number("bent_subject")) > STRAIGHT * len(rows):
        return None
    whole = seen.homography.window or (0.0, 0.0, float(query.picture.width), float(query.picture.height))
    back = np.linalg.inv(seen.homography.matrix)
    x, y, depth = back @ np.stack([(columns + 0.5) * STEP, (rows + 0.5) * STEP, np.ones(len(rows))])
    agrees = (seen.fine[rows, columns] > AGREES).astype(np.float64)
    found: list[tuple[float, Window]] = []
    for axis, along in enumerate((x / depth, y / depth)):
        low, high = whole[axis], whole[axis + 2]
        for score, cut, first in _cuts(along, agrees):
            if low + EDGE * (high - low) < cut < high - EDGE * (high - low):
                window = list(whole)
                window[axis + 2 if first else axis] = cut
                found.append((score, (window[0], window[1], window[2], window[3])))
    return max(found)[1] if found else None


def _cuts(along: NDArray[np.float64], agrees: NDArray[np.float64]) -> Iterator[tuple[float, float, bool]]:
    """Lines that part what agrees from what does not: how well, where, and whether the near side is the one."""
    order, total = np.argsort(along), len(along)
    least = max(FEWEST, int(LEAST * total))
    count, summed = np.arange(1, total + 1), np.cumsum(agrees[order])
    near, far = summed / count, (summed[-1] - summed) / np.maximum(1, total - count)
    apart = (near - far)[least - 1 : total - least]
    for at, first in ((int(apart.argmax()), True), (int(apart.argmin()), False)):
        n = at + least - 1
        own, other = (near[n], far[n]) if first else (far[n], near[n])
        if own >= OWN and other <= OTHER and own - other >= APART:
            yield float(own - other), float(along[order[n : n + 2]].mean()), first


def facing(one: Window, other: Window) -> bool:
    """Whether two windows are the two sides of one line."""
    across, down = (min(one[n + 2], other[n + 2]) - max(one[n], other[n]) for n in (0, 1))
    if max(0.0, across) * max(0.0, down) >= MEETING * (one[2] - one[0]) * (one[3] - one[1]):
        return False
    for near, far in ((0, 2), (1, 3)):
        whole = max(one[far], other[far]) - min(one[near], other[near])
        if min(abs(one[far] - other[near]), abs(other[far] - one[near])) < SEAM * whole:
            return True
    return False
