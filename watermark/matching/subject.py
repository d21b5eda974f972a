"""Where in a catalogue photo its subject stands: the part that a wall or a stock picture cannot show."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE: Final = 64  # pixels of the picture in which it is sought
CELLS: Final = 32  # rows and columns of the answer
LEAST, MOST = 0.1, 0.8  # of the picture: less or more than this is no subject that was found
ROUNDS = 2
SKY, FLANK = 0.6, 0.05  # where nobody stands: a strip at the top, and one at either side so far down
CORE = ((0.35, 0.6), (0.42, 0.58))  # rows and columns where the subject surely is, shares


def subject_of(small: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The cells of a photo in which its subject stands.

    Args:
        small: uint8 (height, width, 3), sRGB.

    Returns:
        bool (CELLS, CELLS) over the whole photo; head and shoulders in the middle where nothing better can be told.

    Source: Rother, Kolmogorov and Blake, "GrabCut", SIGGRAPH 2004, started from head and shoulders.
    """
    by = SIDE / max(small.shape[:2])
    size = (max(8, round(small.shape[1] * by)), max(8, round(small.shape[0] * by)))
    pixels = cv2.cvtColor(cv2.resize(small, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
    usual = _silhouette(size)
    marks = np.where(usual, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    wide, high = size
    flank, down = max(1, round(FLANK * wide)), round(SKY * high)
    marks[: max(1, high // 30)] = marks[:down, :flank] = marks[:down, -flank:] = cv2.GC_BGD
    (top, bottom), (left, right) = CORE
    marks[round(top * high) : round(bottom * high), round(left * wide) : round(right * wide)] = cv2.GC_FGD
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(
            pixels, marks, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK
        )
        found = (marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD)
    except cv2.error:  # a picture of one colour
        found = usual
    share = float(found.mean())
    if not LEAST < share < MOST:
        found = found | usual if share <= LEAST else usual
    cells = cv2.resize(found.astype(np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.asarray(cells > 0.5)  # noqa: PLR2004 (most of the cell)


def _silhouette(size: tuple[int, int]) -> NDArray[np.bool_]:
    """Head and shoulders in the middle of a picture of this width and height."""
    wide, high = size
    mask = np.zeros((high, wide), np.uint8)
    head = (round(0.5 * wide), round(0.43 * high)), (round(0.24 * wide), round(0.37 * high))
    body = (round(0.5 * wide), round(1.16 * high)), (round(0.42 * wide), round(0.44 * high))
    for middle, axes in (head, body):
        cv2.ellipse(mask, middle, axes, 0, 0, 360, 1, -1)
    return mask > 0
