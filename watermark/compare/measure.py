"""How well a found picture, laid on a catalogue photo, agrees with it: a row of numbers, and where it agrees.

Both pictures are band-passed at the finest scale both still have, and compared block by block. What a banner hides
disagrees wholly; what a second photograph of the same person shows agrees roughly everywhere and finely nowhere.
"""

from dataclasses import dataclass, replace
from typing import Self, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark import register
from watermark.fingerprint.record import Likeness
from watermark.register import Alignment, Suspect

STEP, LEAST_BLOCK = 16, 8  # a block is two steps wide
LEVELS = 5  # full size, half, quarter …
KEPT = 0.35
COVERED = 255
TWIN = 0.9
FEW = 3  # blocks, fewer say nothing
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
        return _evidence(self.fine)


def glance(suspect: Suspect, photo: NDArray[np.uint8], alignment: Alignment) -> tuple[Alignment, float]:
    """Refine the map roughly, and say how much agrees at a quarter of the size: enough to choose whom to measure.

    Args:
        suspect: the found picture.
        photo: the small picture in grey, uint8 (height, width).
        alignment: the first map.
    """
    alignment = register.refine(suspect, photo, alignment, register.ROUGH)
    small = register.halved(photo, 4)
    to_level = register.shrinking(photo.shape, small.shape)
    frame = (small.shape[1], small.shape[0])
    laid, covered = register.lay(suspect, replace(alignment, matrix=to_level @ alignment.matrix), frame)
    agreeing = _correlation(_band(small), _band(laid), covered, STEP // 4, _grid(photo))
    return alignment, _evidence(agreeing)


def measure(
    suspect: Suspect, likeness: Likeness, small: NDArray[np.uint8], alignment: Alignment
) -> Agreement:
    """Refine the map finely and measure.

    Args:
        suspect: the found picture.
        likeness: the photo as the index keeps it.
        small: its small picture, uint8 (height, width, 3).
        alignment: a map that was refined roughly.
    """
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    alignment = register.refine(suspect, luma, alignment, register.FINE)
    found, covered = register.lay(suspect, alignment, likeness.frame)
    least = min(LEVELS - 3, max(0, round(np.log2(max(1.0, 0.7 * alignment.scale)))))
    levels = {n: Bands.at(luma, found, covered, n) for n in range(least, least + 3)}
    start, kept = _finest(levels, least)
    levels |= {n: Bands.at(luma, found, covered, n) for n in range(least + 3, start + 3)}
    fine, middle, coarse = (levels[n].correlation() for n in range(start, start + 3))
    sigma = max(register.SIGMA, 2.0**start)
    flow = register.motion(register.even(luma, sigma), register.even(found, sigma), covered, sigma, 32)
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
        _colour(suspect, small, alignment),
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
        shared = Bands.at(one.photo, other, reach, one.level).correlation()
        if np.isfinite(shared).any() and np.nanmean(shared > AGREES) > TWIN:
            continue  # the same photograph twice in the catalogue
        theirs = Bands.at(other, one.found, np.minimum(reach, one.covered), one.level).correlation()
        common |= (shared > AGREES) & (shared > one.fine - 0.15)
        differ = np.isfinite(theirs) & np.isfinite(one.fine) & ~(shared > AGREES)
        if differ.sum() >= FEW:
            sides.append(float(np.mean(one.fine[differ] - theirs[differ])))
    own = one.fine[np.isfinite(one.fine) & ~common]
    known = max(1, int(np.isfinite(one.fine).sum()))
    numbers = one.numbers.copy()
    numbers[-len(RIVAL_NUMBERS) :] = [
        len(own) / known,
        float(np.median(own)) if len(own) >= FEW else np.nan,
        float(np.mean(own > AGREES)) if len(own) >= FEW else 0.0,
        float(np.log1p((own > AGREES).sum())),
        min(sides, default=np.nan),
    ]
    return replace(one, numbers=numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Both pictures band-passed at 2**-level of the size.

    Attributes:
        one: float32, the photo.
        other: float32, the found picture.
        covered: uint8, 255 where it covers the photo.
        level: how often halved.
        grid: rows and columns of blocks, the same at every level.
    """

    one: Array
    other: Array
    covered: NDArray[np.uint8]
    level: int
    grid: tuple[int, int]

    @classmethod
    def at(
        cls, photo: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], level: int
    ) -> Self:
        """Shrink and filter pictures of the small picture's size."""
        one, other, mask = (register.halved(picture, 2**level) for picture in (photo, found, covered))
        return cls(_band(one), _band(other), mask, level, _grid(photo))

    def contrast(self) -> float:
        """How much of the photo's contrast the found picture has."""
        inside = self.covered == COVERED
        if not inside.any():
            return 1.0
        one, other = (
            float(cv2.mean(np.abs(part), inside.astype(np.uint8))[0]) for part in (self.one, self.other)
        )
        return (other + 0.05) / (one + 0.05)

    def correlation(self) -> Array:
        """Normalised correlation of every block, (rows, columns)."""
        return _correlation(self.one, self.other, self.covered, max(1, STEP >> self.level), self.grid)


def _correlation(
    one: Array, other: Array, covered: NDArray[np.uint8], cell: int, grid: tuple[int, int]
) -> Array:
    """Normalised correlation over blocks of 2 by 2 cells or at least 8 pixels; NaN where plain or not covered."""
    rows, columns = grid
    wide = max(2, LEAST_BLOCK // cell)

    def mean(values: Array) -> Array:
        cells = cv2.resize(
            values[: rows * cell, : columns * cell], (columns, rows), interpolation=cv2.INTER_AREA
        )
        return np.asarray(cv2.blur(cells, (wide, wide), borderType=cv2.BORDER_REFLECT), np.float32)

    average, average_other = mean(one), mean(other)
    spread = mean(one * one) - average * average
    spread_other = np.maximum(mean(other * other) - average_other * average_other, 0)
    together = mean(one * other) - average * average_other
    # a noise floor in the found picture keeps flat covers from correlating by chance
    value = together / np.sqrt(np.maximum(spread, 1e-6) * (spread_other + 0.25))
    value[(mean(covered.astype(np.float32)) < COVERED - 1) | (spread < TEXTURE**2)] = np.nan
    return np.asarray(value, np.float32)


def _band(luma: NDArray[np.uint8]) -> Array:
    plain = luma.astype(np.float32)
    return np.asarray(
        cv2.GaussianBlur(plain, (5, 5), 1.0) - cv2.GaussianBlur(plain, (13, 13), 2.5), np.float32
    )


def _grid(photo: NDArray[np.uint8]) -> tuple[int, int]:
    return max(1, photo.shape[0] // STEP), max(1, photo.shape[1] // STEP)


def _evidence(agreeing: Array) -> float:
    """How much agrees, in blocks: a first order among photos, no decision."""
    known = agreeing[np.isfinite(agreeing)]
    return float(np.clip(known, 0, 1).sum() * np.clip(np.mean(known), 0.05, 1)) if len(known) else 0.0


def _finest(levels: dict[int, Bands], least: int) -> tuple[int, float]:
    """The finest level at which the found picture still has a third of the photo's contrast, and what it has there."""
    usual = max(levels[least + 2].contrast(), 1e-3)
    kept = [min(levels[n].contrast() / usual, 4.0) for n in (least, least + 1)]
    last = LEVELS - 3
    start = least if kept[0] > KEPT else least + 1 if kept[1] > KEPT else least + 2
    return min(start, last), kept[0]


def _quantiles(values: Array, at: tuple[float, ...]) -> list[float]:
    known = values[np.isfinite(values)]
    return [np.nan] * len(at) if len(known) < FEW else [float(q) for q in np.quantile(known, at)]


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
    if len(flow.weights) < FEW:
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
    return float(np.median(known)) if len(known) >= FEW else np.nan


def _colour(suspect: Suspect, small: NDArray[np.uint8], alignment: Alignment) -> float:
    """Correlation of the colour differences at an eighth of the size; NaN when either picture has nearly no colour."""
    photo = register.halved(small, 8)
    to_level = register.shrinking(small.shape, photo.shape)
    moved = replace(alignment, matrix=to_level @ alignment.matrix)
    laid, covered = register.lay(suspect, moved, (photo.shape[1], photo.shape[0]), colour=True)
    mask = cv2.erode(covered, np.ones((3, 3), np.uint8)) > 0
    if mask.sum() < FEW * 4:
        return np.nan
    one, other = (cv2.cvtColor(p, cv2.COLOR_RGB2LAB)[mask][:, 1:].astype(np.float32) for p in (photo, laid))
    one, other = one - one.mean(0), other - other.mean(0)
    if min(np.abs(one).mean(), np.abs(other).mean()) < 1.0:
        return np.nan
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum() + 1e-6))
