"""How well a found picture, laid on a catalogue photo, agrees with it: a row of numbers, and where it agrees.

Both pictures are band-passed at the finest scale both still have, and compared block by block. What a banner hides
disagrees wholly; what a second photograph of the same person shows agrees roughly everywhere and finely nowhere.
"""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark import register
from watermark.fingerprint.record import Likeness
from watermark.register import Alignment, Suspect

BLOCK, STEP = 24, 12
TEXTURE = 1.6  # grey levels of band-passed contrast below which a block says nothing
AGREES = 0.6
Array: TypeAlias = NDArray[np.float32]

NUMBERS = (
    "inliers", "pairs", "inlier_share", "blocks", "covered", "coarseness", "scale", "stretch", "tilt",
    "fine_10", "fine_25", "fine_50", "fine_75", "fine_90",
    "middle_10", "middle_25", "middle_50", "middle_75", "middle_90",
    "coarse_25", "coarse_50", "coarse_75",
    "agreeing", "agreeing_blocks", "moved_50", "moved_90", "moved_share", "centre_50", "colour", "kept_fine",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """What comparing said.

    Attributes:
        alignment: the map after refinement.
        numbers: float32 (len(NUMBERS),), in the order of NUMBERS; what cannot be told is NaN.
        fine: float32 (rows, columns), correlation of each block of the small picture at the finest common scale; NaN
            where nothing can be said.
        covered: uint8 (height, width), 255 where the found picture covers the small picture.
    """

    alignment: Alignment
    numbers: Array
    fine: Array
    covered: NDArray[np.uint8]

    def number(self, name: str) -> float:
        """One of the numbers by its name."""
        return float(self.numbers[NUMBERS.index(name)])


def measure(
    suspect: Suspect, likeness: Likeness, small: NDArray[np.uint8], alignment: Alignment
) -> Agreement:
    """Refine the map and measure.

    Args:
        suspect: the found picture.
        likeness: the photo as the index keeps it.
        small: its small picture, uint8 (height, width, 3).
        alignment: the first map.
    """
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    alignment = register.refine(suspect, luma, alignment)
    laid, covered = register.lay(suspect, alignment, likeness.frame)
    photo = luma.astype(np.float32)
    found = cv2.cvtColor(laid, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = _inside(covered)
    sigma, kept = _finest(photo, found, covered, max(1.0, 0.6 * alignment.scale))
    maps = [_correlation(photo, found, inside, sigma * step) for step in (1, 2, 4)]
    flow = register.motion(photo, found, covered, max(1.4, sigma))
    numbers = [
        *_geometry(alignment, inside, maps[0], sigma),
        *_quantiles(maps[0], (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(maps[1], (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(maps[2], (0.25, 0.5, 0.75)),
        float(np.nanmean(maps[0] > AGREES)) if np.isfinite(maps[0]).any() else np.nan,
        float(np.log1p((maps[0] > AGREES).sum())),
        *_moved(flow, sigma),
        _centre(maps[0]),
        _colour(small, laid, covered),
        kept,
    ]
    return Agreement(alignment, np.array(numbers, np.float32), maps[0], covered)


def _inside(covered: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which blocks lie wholly in the overlap."""
    whole = cv2.erode(covered, np.ones((BLOCK + 4, BLOCK + 4), np.uint8), borderValue=255)
    return _sampled(whole) > 0


def _sampled(full: NDArray[np.generic]) -> NDArray[np.generic]:
    return full[BLOCK // 2 :: STEP, BLOCK // 2 :: STEP]


def _band(luma: Array, sigma: float) -> Array:
    return np.asarray(
        cv2.GaussianBlur(luma, (0, 0), sigma) - cv2.GaussianBlur(luma, (0, 0), 2.5 * sigma), np.float32
    )


def _mean(values: Array) -> Array:
    return np.asarray(_sampled(cv2.boxFilter(values, -1, (BLOCK, BLOCK))), np.float32)


def _correlation(photo: Array, found: Array, inside: NDArray[np.bool_], sigma: float) -> Array:
    """Normalised correlation of every block; NaN where the photo is plain or not covered."""
    one, other = _band(photo, sigma), _band(found, sigma)
    mean, mean_other = _mean(one), _mean(other)
    spread = _mean(one * one) - mean * mean
    spread_other = _mean(other * other) - mean_other * mean_other
    together = _mean(one * other) - mean * mean_other
    # half a grey level of the other's noise floor keeps flat covers from correlating by chance
    value = together / np.sqrt(np.maximum(spread, 1e-6) * (np.maximum(spread_other, 0) + 0.25))
    value[~inside | (spread < TEXTURE**2)] = np.nan
    return value


def _finest(photo: Array, found: Array, covered: NDArray[np.uint8], least: float) -> tuple[float, float]:
    """The finest scale at which the found picture still has a third of the photo's contrast, and what it has there."""
    mask = covered > 0
    if not mask.any():
        return least, 0.0
    base = _contrast(found, mask, 4 * least) / _contrast(photo, mask, 4 * least)
    first = 0.0
    for step in (1.0, 1.6, 2.5):
        kept = _contrast(found, mask, step * least) / _contrast(photo, mask, step * least) / max(base, 1e-3)
        first = first or kept
        if kept > 0.35:
            return step * least, min(first, 4.0)
    return 4 * least, first


def _contrast(luma: Array, mask: NDArray[np.bool_], sigma: float) -> float:
    return float(np.median(np.abs(_band(luma, sigma)[mask]))) + 0.05


def _quantiles(values: Array, at: tuple[float, ...]) -> list[float]:
    known = values[np.isfinite(values)]
    return [np.nan] * len(at) if len(known) < 3 else [float(q) for q in np.quantile(known, at)]


def _geometry(alignment: Alignment, inside: NDArray[np.bool_], fine: Array, sigma: float) -> list[float]:
    large, little = np.linalg.svd(alignment.matrix[:2, :2], compute_uv=False)
    tilt = float(np.abs(alignment.matrix[2, :2]).max()) * 500
    return [
        float(np.log1p(alignment.inliers)),
        float(np.log1p(alignment.pairs)),
        alignment.inliers / alignment.pairs if alignment.pairs else np.nan,
        float(np.log1p(np.isfinite(fine).sum())),
        float(inside.mean()),
        sigma,
        float(np.log2(alignment.scale)),
        float(large / max(little, 1e-6)),
        tilt,
    ]


def _moved(flow: register.Flow, sigma: float) -> list[float]:
    """Median and 90 % of the blocks' leftover motion in pixels, and the share that moved by more than a pixel."""
    if len(flow.weights) < 3:
        return [np.nan] * 3
    length = np.linalg.norm(flow.shifts, axis=1)
    order = np.argsort(length)
    summed = np.cumsum(flow.weights[order])
    at = np.searchsorted(summed, np.array([0.5, 0.9]) * summed[-1]).clip(0, len(order) - 1)
    share = float(flow.weights[length > 0.7 * sigma].sum() / summed[-1])
    return [*(length[order][at] / sigma).tolist(), share]


def _centre(fine: Array) -> float:
    """Median over the middle of the photo, where its subject is."""
    rows, columns = fine.shape
    middle = fine[rows // 5 : rows - rows // 5, columns // 4 : columns - columns // 4]
    known = middle[np.isfinite(middle)]
    return float(np.median(known)) if len(known) >= 3 else np.nan


def _colour(small: NDArray[np.uint8], laid: NDArray[np.uint8], covered: NDArray[np.uint8]) -> float:
    """Correlation of the colour differences; NaN when either picture has nearly no colour."""
    size = (max(1, small.shape[1] // 8), max(1, small.shape[0] // 8))
    mask = cv2.resize(covered, size, interpolation=cv2.INTER_AREA) > 250
    if mask.sum() < 12:
        return np.nan
    pair = []
    for picture in (small, laid):
        lab = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)
        pair.append(lab[mask][:, 1:].astype(np.float32))
    one, other = (p - p.mean(0) for p in pair)
    if min(np.abs(one).mean(), np.abs(other).mean()) < 1.0:
        return np.nan
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum() + 1e-6))
