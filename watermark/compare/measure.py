"""How well a found picture, laid on a catalogue photo, agrees with it: a row of numbers, and where it agrees.

Both pictures are band-passed at the finest scale both still have, and compared block by block. What a banner hides
disagrees wholly; what a second photograph of the same person shows agrees roughly everywhere and finely nowhere.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark import register
from watermark.fingerprint.record import Likeness
from watermark.register import Alignment, Suspect

BLOCK, STEP, LEAST_BLOCK = 24, 12, 8
LEVELS = 5  # full size, half, quarter …
KEPT = 0.35
COVERED = 255
TWIN = 0.9
TEXTURE = 1.6  # grey levels of band-passed contrast below which a block says nothing
AGREES = 0.6
Array: TypeAlias = NDArray[np.float32]

NUMBERS = (
    "inliers", "pairs", "inlier_share", "blocks", "covered", "coarseness", "scale", "stretch", "tilt",
    "fine_10", "fine_25", "fine_50", "fine_75", "fine_90",
    "middle_10", "middle_25", "middle_50", "middle_75", "middle_90",
    "coarse_25", "coarse_50", "coarse_75",
    "agreeing", "agreeing_blocks", "rough", "moved_50", "moved_90", "moved_share", "centre_50", "colour", "kept_fine",
    "own_share", "own_50", "own_agreeing", "own_blocks", "sides",
)  # fmt: skip
RIVAL_NUMBERS = NUMBERS[-5:]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Agreement:
    """What comparing said.

    Attributes:
        alignment: the map after refinement.
        numbers: float32 (len(NUMBERS),), in the order of NUMBERS; what cannot be told is NaN.
        level: at which halving of the small picture the finest common detail was found.
        fine: float32 (rows, columns), correlation of each block of the small picture there; NaN where nothing can be
            said.
        covered: uint8 (height, width), 255 where the found picture covers the small picture.
        photo: the small picture in grey, uint8 (height, width).
        found: the found picture laid on it, likewise.
    """

    alignment: Alignment
    numbers: Array
    level: int
    fine: Array
    covered: NDArray[np.uint8]
    photo: NDArray[np.uint8]
    found: NDArray[np.uint8]

    def number(self, name: str) -> float:
        """One of the numbers by its name."""
        return float(self.numbers[NUMBERS.index(name)])

    @property
    def evidence(self) -> float:
        """How much agrees, in blocks: a first order among photos, no decision."""
        known = self.fine[np.isfinite(self.fine)]
        return float(np.clip(known, 0, 1).sum() * np.clip(np.mean(known), 0.05, 1)) if len(known) else 0.0


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
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    alignment = register.refine(suspect, luma, alignment)
    laid, covered = register.lay(suspect, alignment, likeness.frame)
    found = np.asarray(cv2.cvtColor(laid, cv2.COLOR_RGB2GRAY), np.uint8)
    levels = [correlate(luma, found, covered, n) for n in range(LEVELS)]
    least = min(LEVELS - 3, max(0, round(np.log2(max(1.0, 0.7 * alignment.scale)))))
    start, kept = _finest(levels, least)
    fine, middle, coarse = (level.agreeing for level in levels[start : start + 3])
    sigma = max(register.SIGMA, 2.0**start)
    flow = register.motion(
        *(register.even(p.astype(np.float32), sigma) for p in (luma, found)), covered, sigma, 32
    )
    known = max(1, int(np.isfinite(fine).sum()))
    numbers = [
        *_geometry(alignment, covered, fine, start),
        *_quantiles(fine, (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(middle, (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(coarse, (0.25, 0.5, 0.75)),
        float((fine > AGREES).sum() / known),
        float(np.log1p((fine > AGREES).sum())),
        float(((middle > AGREES) & (fine < middle - 0.3)).sum() / known),
        *_moved(flow, sigma),
        _centre(fine),
        _colour(small, laid, covered),
        kept,
        *[np.nan] * len(RIVAL_NUMBERS),
    ]
    return Agreement(
        alignment=alignment,
        numbers=np.array(numbers, np.float32),
        level=start,
        fine=fine,
        covered=covered,
        photo=luma,
        found=found,
    )


def against(one: Agreement, rivals: "list[Agreement]") -> Agreement:
    """Weigh what only this photo explains: blocks in which other photos of the catalogue look the same do not count.

    Rooms, walls, labels and logos recur in many of our photos; people do not. Two shots of one session differ where the
    person moved, and there the found picture sides with one of them.
    """
    common = np.zeros(one.fine.shape, bool)
    sides = []
    for rival in rivals:
        between = one.alignment.matrix @ np.linalg.inv(rival.alignment.matrix)
        size = (one.photo.shape[1], one.photo.shape[0])
        other = np.asarray(cv2.warpPerspective(rival.photo, between, size), np.uint8)
        full = np.full(rival.photo.shape, COVERED, np.uint8)
        reach = np.asarray(cv2.warpPerspective(full, between, size, flags=cv2.INTER_NEAREST), np.uint8)
        shared = correlate(one.photo, other, reach, one.level).agreeing
        if np.isfinite(shared).any() and np.nanmean(shared > AGREES) > TWIN:
            continue  # the same photograph twice in the catalogue
        theirs = correlate(other, one.found, np.minimum(reach, one.covered), one.level).agreeing
        common |= (shared > AGREES) & (shared > one.fine - 0.15)
        differ = np.isfinite(theirs) & np.isfinite(one.fine) & ~(shared > AGREES)
        if differ.sum() >= 3:
            sides.append(float(np.mean(one.fine[differ] - theirs[differ])))
    own = one.fine[np.isfinite(one.fine) & ~common]
    known = max(1, int(np.isfinite(one.fine).sum()))
    numbers = one.numbers.copy()
    numbers[-len(RIVAL_NUMBERS) :] = [
        len(own) / known,
        float(np.median(own)) if len(own) >= 3 else np.nan,
        float(np.mean(own > AGREES)) if len(own) >= 3 else 0.0,
        float(np.log1p((own > AGREES).sum())),
        min(sides, default=np.nan),
    ]
    return replace(one, numbers=numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Both pictures compared at one size.

    Attributes:
        agreeing: float32 (rows, columns), correlation of each block; NaN where the photo is plain or not covered.
        contrast: how much of the photo's contrast the found picture has there.
    """

    agreeing: Array
    contrast: float


def correlate(
    luma: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], number: int
) -> Level:
    """Compare at 2**-number of the size; the grid of blocks is the same for all."""
    shrink = 2**number
    one, other = (_band(register.halved(p, shrink).astype(np.float32)) for p in (luma, found))
    mask = register.halved(covered, shrink)
    block = max(BLOCK // shrink, LEAST_BLOCK)
    rows = np.minimum(np.arange(BLOCK // 2, luma.shape[0], STEP) // shrink, one.shape[0] - 1)
    columns = np.minimum(np.arange(BLOCK // 2, luma.shape[1], STEP) // shrink, one.shape[1] - 1)

    def mean(values: Array) -> Array:
        return np.asarray(cv2.boxFilter(values, -1, (block, block))[rows[:, None], columns], np.float32)

    average, average_other = mean(one), mean(other)
    spread = mean(one * one) - average * average
    spread_other = np.maximum(mean(other * other) - average_other * average_other, 0)
    together = mean(one * other) - average * average_other
    # a noise floor in the found picture keeps flat covers from correlating by chance
    value = together / np.sqrt(np.maximum(spread, 1e-6) * (spread_other + 0.25))
    margin = block + 4 // shrink
    whole = (
        cv2.erode(mask, np.ones((margin, margin), np.uint8), borderValue=255)[rows[:, None], columns]
        == COVERED
    )
    value[~whole | (spread < TEXTURE**2)] = np.nan
    inside = mask == COVERED
    contrasts = [float(np.abs(p[inside]).mean()) + 0.05 if inside.any() else 0.05 for p in (one, other)]
    return Level(value, contrasts[1] / contrasts[0])


def _band(luma: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), 1.0) - cv2.GaussianBlur(luma, (0, 0), 2.5), np.float32)


def _finest(levels: list[Level], least: int) -> tuple[int, float]:
    """The finest level at which the found picture still has a third of the photo's contrast, and what it has there."""
    usual = max(levels[min(least + 2, LEVELS - 1)].contrast, 1e-3)
    kept = [min(level.contrast / usual, 4.0) for level in levels]
    start = next((n for n in range(least, LEVELS - 2) if kept[n] > KEPT), LEVELS - 3)
    return start, kept[least]


def _quantiles(values: Array, at: tuple[float, ...]) -> list[float]:
    known = values[np.isfinite(values)]
    return [np.nan] * len(at) if len(known) < 3 else [float(q) for q in np.quantile(known, at)]


def _geometry(
    alignment: Alignment, covered: NDArray[np.uint8], fine: Array, coarseness: float
) -> list[float]:
    large, little = np.linalg.svd(alignment.matrix[:2, :2], compute_uv=False)
    tilt = float(np.abs(alignment.matrix[2, :2]).max()) * 500
    return [
        float(np.log1p(alignment.inliers)),
        float(np.log1p(alignment.pairs)),
        alignment.inliers / alignment.pairs if alignment.pairs else np.nan,
        float(np.log1p(np.isfinite(fine).sum())),
        float((covered > 0).mean()),
        coarseness,
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
