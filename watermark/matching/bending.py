"""Bend a found picture that lies on a photo until it fits: slimmed heads, waves, what no homography explains."""

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching.registration import (
    LEAST_BLOCKS,
    SIGMA,
    Array,
    Flow,
    block_flow,
    downsampled,
    normalised,
)

LEVELS = (4, 2)  # how much smaller the pictures are on which it is bent, in turn
CELL, ROUNDS = 20, 3  # pixels of the small picture; per level
DOUBT = np.float32(0.02)  # what a cell that no block speaks for weighs


def bend(
    photo: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], sigma: float
) -> Array:
    """How a found picture that was laid on the photo must still be bent, smoothly, to lie on it.

    Args:
        photo: the small picture in grey, uint8 (height, width).
        found: the found picture laid on it, likewise.
        covered: uint8, 255 where it covers the photo.
        sigma: of the finest detail both have, pixels.

    Returns:
        float32 (height, width, 2), where each pixel of the photo is found, less its own place.
    """
    rows, columns = max(2, photo.shape[0] // CELL), max(2, photo.shape[1] // CELL)
    field = np.zeros((rows, columns, 2), np.float32)
    for shrink in LEVELS:
        one, other, mask = (downsampled(p, shrink) for p in (photo, found, covered))
        fine = max(SIGMA, sigma / shrink)
        evened = normalised(one, fine)
        for _ in range(ROUNDS):
            shown = bent(other, np.asarray(field / np.float32(shrink)))
            flow = block_flow(evened, normalised(shown, fine), mask, fine, 2 * CELL // shrink)
            if len(flow.weights) < LEAST_BLOCKS:
                break
            field = np.asarray(
                cv2.GaussianBlur(field + _step(flow, field.shape, shrink), (3, 3), 0.6), np.float32
            )
    return np.asarray(cv2.resize(field, photo.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _step(flow: Flow, shape: tuple[int, ...], shrink: int) -> Array:
    """What the blocks ask for, smoothed over the cells."""
    rows, columns = shape[:2]
    step, weight = np.zeros(shape, np.float32), np.full((rows, columns), DOUBT)
    across, down = (flow.centres * shrink / CELL).astype(int).T
    at = down.clip(0, rows - 1), across.clip(0, columns - 1)
    trusted = flow.weights * flow.alike
    np.add.at(step, at, -flow.shifts * shrink * trusted[:, None])
    np.add.at(weight, at, trusted)
    around = cv2.GaussianBlur(weight, (0, 0), 1.0)
    return np.asarray(cv2.GaussianBlur(step, (0, 0), 1.0) / around[..., None], np.float32)


def bent(found: NDArray[np.uint8], field: Array) -> NDArray[np.uint8]:
    """The found picture bent by a field of any size, uint8 of its own size."""
    height, width = found.shape[:2]
    reach = field if field.shape[:2] == (height, width) else cv2.resize(field, (width, height))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = columns + reach[..., 0], rows + reach[..., 1]
    shown = cv2.remap(found, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(shown, np.uint8)
