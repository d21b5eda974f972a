"""How well a registered picture agrees with a photo, and where.

Both pictures are band-passed at the finest scale both still have, and compared block by block. What a banner hides
disagrees wholly; what a second photograph of the same person shows agrees roughly everywhere and finely nowhere.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching import bending, registration
from watermark.matching.bands import (
    STEP,
    TEXTURE,
    Array,
    Bands,
    Side,
    band_of,
    cell_at,
    correlation,
    grid_of,
)
from watermark.matching.fingerprint import Record
from watermark.matching.registration import Flow, Homography, Query

QUARTER = 2  # times halved, for a glance
LEVELS = 5  # full size, half, quarter …
KEPT = 0.35
TELLING = 8  # blocks, fewer do not tell the subject from what is around it
FEW = 3  # blocks, fewer say nothing
AGREES = 0.6
NEARLY_ALL = (
    0.9  # of the photo covered counts as all: a turn of a degree must not tell another shot from a copy
)

NUMBERS = (
    "inliers", "pairs", "inlier_share", "blocks", "covered", "coarseness", "scale", "stretch", "tilt",
    "fine_10", "fine_25", "fine_50", "fine_75", "fine_90",
    "middle_10", "middle_25", "middle_50", "middle_75", "middle_90",
    "coarse_25", "coarse_50", "coarse_75",
    "agreeing", "agreeing_blocks", "rough", "moved_50", "moved_90", "moved_share", "centre_50", "colour", "kept_fine",
    "part_share", "part_blocks", "part_10", "part_25", "part_50",
    "part_moved_50", "part_moved_90", "drift_50", "drift_90",
    "subject_blocks", "subject_share", "subject_covered", "ground_share",
    "bent_50", "bent_agreeing", "bent_subject", "bend", "subject_less", "crowd",
    "own_share", "own_50", "own_agreeing", "own_blocks", "sides", "own_subject", "rest_explained",
)  # fmt: skip
DISTINCTIVENESS = NUMBERS[NUMBERS.index("own_share") :]
# Worth bending: features in place, share of the blocks that agree roughly; agreement that needs no bending.
BENDABLE, ROUGHLY, STRAIGHT = 30, 0.5, 0.75
SOMEBODY_ELSE = 0.45  # so much less of the subject agrees than of the rest that no bending helps


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Agreement:
    """What comparing said.

    Attributes:
        homography: the map after refinement.
        numbers: float32 (len(NUMBERS),), in the order of NUMBERS; what cannot be told is NaN.
        bands: both pictures at the finest detail both still have.
        fine: float32 (rows, columns), correlation of each block of the small picture there; NaN where nothing can be
            said.
        covered: uint8 (height, width), 255 where the found picture covers the small picture.
        photo: the small picture in grey, uint8 (height, width).
        found: the found picture laid on it, likewise.
        subject: bool (rows, columns), the blocks in which the photo's subject stands.
        split: whether it was looked for on one side of a composite only.
    """

    homography: Homography
    numbers: Array
    bands: Bands
    fine: Array
    covered: NDArray[np.uint8]
    photo: NDArray[np.uint8]
    found: NDArray[np.uint8]
    subject: NDArray[np.bool_]
    split: bool = False

    def number(self, name: str) -> float:
        """One of the numbers by its name."""
        return float(self.numbers[NUMBERS.index(name)])

    @property
    def evidence(self) -> float:
        """How much agrees, in blocks.

        A first order among photos, no decision.
        """
        return _evidence(self.fine)


def glance(query: Query, photo: NDArray[np.uint8], homography: Homography) -> tuple[Homography, float]:
    """Refine the map roughly and weigh what agrees.

    A quarter of the size is enough to choose whom to measure.

    Args:
        query: the found picture.
        photo: the small picture in grey, uint8 (height, width).
        homography: the first map.
    """
    homography = registration.refine(query, photo, homography, registration.ROUGH)
    small = registration.downsampled(photo, 2**QUARTER)
    to_level = registration.scaling(photo.shape, small.shape)
    frame = (small.shape[1], small.shape[0])
    laid, covered = registration.warp(query, replace(homography, matrix=to_level @ homography.matrix), frame)
    grid, cell = grid_of(photo), cell_at(QUARTER)
    one, other = (Side.of(band_of(picture, 0), cell, grid) for picture in (small, laid))
    agreeing = correlation(one, other, covered, cell, grid)
    return homography, _evidence(agreeing)


def measure(query: Query, record: Record, small: NDArray[np.uint8], homography: Homography) -> Agreement:
    """Refine the map finely and measure.

    Args:
        query: the found picture.
        record: the photo as the index keeps it.
        small: its small picture, uint8 (height, width, 3).
        homography: a map that was refined roughly.
    """
    luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    homography = registration.refine(query, luma, homography, registration.FINE)
    found, covered = registration.warp(query, homography, record.frame)
    least = min(LEVELS - 3, max(0, round(np.log2(max(1.0, 0.7 * homography.scale)))))
    levels = {n: Bands.at(luma, found, covered, n) for n in range(least, least + 3)}
    start, kept = _finest(levels, least)
    levels |= {n: Bands.at(luma, found, covered, n) for n in range(least + 3, start + 3)}
    fine, middle, coarse = (levels[n].correlation() for n in range(start, start + 3))
    sigma = max(registration.SIGMA, 2.0**start)
    flow = registration.block_flow(
        registration.normalised(luma, sigma), registration.normalised(found, sigma), covered, sigma, 2 * STEP
    )
    known = max(1, int(np.isfinite(fine).sum()))
    subject = _subject_blocks(record, fine)
    numbers = [
        *_geometry(homography, covered, fine, start),
        *_quantiles(fine, (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(middle, (0.1, 0.25, 0.5, 0.75, 0.9)),
        *_quantiles(coarse, (0.25, 0.5, 0.75)),
        float((fine > AGREES).sum() / known),
        float(np.log1p((fine > AGREES).sum())),
        float(((middle > AGREES) & (fine < middle - 0.3)).sum() / known),
        *_moved(flow, sigma),
        _centre(fine),
        _colour(query, small, homography),
        kept,
        *_part(fine, coarse, flow, sigma),
        *_subject(levels[start], fine, subject),
        *_bent(luma, found, covered, homography, (levels[start], fine, coarse), subject),
        *[np.nan] * len(DISTINCTIVENESS),
    ]
    return Agreement(
        homography=homography,
        numbers=np.array(numbers, np.float32),
        bands=levels[start],
        fine=fine,
        covered=covered,
        photo=luma,
        found=found,
        subject=subject,
    )


def _subject_blocks(record: Record, fine: Array) -> NDArray[np.bool_]:
    """Where the subject takes most of a block, in the blocks of `fine`."""
    stands = cv2.resize(record.subject().astype(np.float32), fine.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(stands > 0.5)  # noqa: PLR2004 (most of it)


def _subject(bands: Bands, fine: Array, subject: NDArray[np.bool_]) -> list[float]:
    """How much of the subject agrees, in blocks and as a share; how much of it is seen; how much of the rest agrees."""
    textured = bands.one.spread >= TEXTURE**2
    known, agreeing = np.isfinite(fine), fine > AGREES
    there, ground = known & subject, known & ~subject
    return [
        float(np.log1p((agreeing & subject).sum())),
        float(agreeing[there].mean()) if there.sum() >= FEW else np.nan,
        float(there.sum() / max(1, (textured & subject).sum())),
        float(agreeing[ground].mean()) if ground.sum() >= FEW else np.nan,
    ]


def _bent(
    photo: NDArray[np.uint8],
    found: NDArray[np.uint8],
    covered: NDArray[np.uint8],
    homography: Homography,
    straight: tuple[Bands, Array, Array],
    subject: NDArray[np.bool_],
) -> list[float]:
    """What agrees when the found picture may be bent smoothly, as by a slimming app, by how much it was, who else fits.

    Among it: how much less of the subject agrees than of the rest, as with somebody else before the same wall.
    """
    bands, fine, coarse = straight
    agreeing = float((fine > AGREES).sum() / max(1, np.isfinite(fine).sum()))
    roughly = float((coarse > AGREES).sum() / max(1, np.isfinite(coarse).sum()))
    bend, less = 0.0, _less(fine, subject)
    worth = agreeing < STRAIGHT and homography.inliers >= BENDABLE and roughly > ROUGHLY
    if worth and not less > SOMEBODY_ELSE:
        field = bending.bend(photo, found, covered, max(registration.SIGMA, 2.0**bands.level))
        seen = bending.bent(found, field)
        moved = np.linalg.norm(field[covered > 0], axis=1)
        other = Side.of(band_of(seen, bands.level), cell_at(bands.level), bands.grid)
        again = replace(bands, other=other).correlation()
        bend = float(np.sqrt(np.mean(moved**2))) if len(moved) else 0.0
        fine = np.fmax(fine, again)
        less = _less(fine, subject)
    agrees, known = fine > AGREES, np.isfinite(fine)
    return [
        *_quantiles(fine, (0.5,)),
        float(agrees.sum() / max(1, known.sum())),
        float(np.log1p((agrees & subject).sum())),
        bend,
        less,
        float(homography.crowd),
    ]


def _less(fine: Array, subject: NDArray[np.bool_]) -> float:
    """By how much a smaller share of the subject agrees than of the rest."""
    known, agrees = np.isfinite(fine), fine > AGREES
    there, ground = known & subject, known & ~subject
    if min(there.sum(), ground.sum()) < TELLING:
        return np.nan
    return float(agrees[ground].mean() - agrees[there].mean())


def _evidence(agreeing: Array) -> float:
    """How much agrees, in blocks.

    A first order among photos, no decision.
    """
    known = agreeing[np.isfinite(agreeing)]
    return float(np.clip(known, 0, 1).sum() * np.clip(np.mean(known), 0.05, 1)) if len(known) else 0.0


def _finest(levels: dict[int, Bands], least: int) -> tuple[int, float]:
    """The finest level at which enough of the contrast is left.

    Also the share of the photo's contrast that is left at the first level.
    """
    usual = max(levels[least + 2].contrast(), 1e-3)
    kept = [min(levels[n].contrast() / usual, 4.0) for n in (least, least + 1)]
    last = LEVELS - 3
    start = least if kept[0] > KEPT else least + 1 if kept[1] > KEPT else least + 2
    return min(start, last), kept[0]


def _quantiles(values: Array, at: tuple[float, ...]) -> list[float]:
    known = values[np.isfinite(values)]
    return [np.nan] * len(at) if len(known) < FEW else [float(q) for q in np.quantile(known, at)]


def _geometry(
    homography: Homography, covered: NDArray[np.uint8], fine: Array, coarseness: float
) -> list[float]:
    large, little = np.linalg.svd(homography.local, compute_uv=False)
    tilt = float(np.abs(homography.matrix[2, :2]).max()) * 500
    return [
        float(np.log1p(homography.inliers)),
        float(np.log1p(homography.pairs)),
        homography.inliers / homography.pairs if homography.pairs else np.nan,
        float(np.log1p(np.isfinite(fine).sum())),
        min(1.0, float((covered > 0).mean()) / NEARLY_ALL),
        coarseness,
        float(np.log2(homography.scale)),
        float(large / max(little, 1e-6)),
        tilt,
    ]


def _moved(flow: Flow, sigma: float) -> list[float]:
    """Median and 90 % of the blocks' leftover motion, in pixels.

    Also the share that moved by more than a pixel.
    """
    if len(flow.weights) < FEW:
        return [np.nan] * 3
    length = np.linalg.norm(flow.shifts, axis=1)
    share = float(flow.weights[length > 0.7 * sigma].sum() / flow.weights.sum())
    return [*_weighted(length / sigma, flow.weights), share]


def _part(fine: Array, coarse: Array, flow: Flow, sigma: float) -> list[float]:
    """How finely the part that agrees roughly agrees and moved.

    A copy with something laid over it agrees finely wherever it agrees at all; another shot agrees roughly
    everywhere, finely only here and there, and its parts drift together, which noise never does.
    """
    roughly = (
        cv2.erode((np.isnan(coarse) | (coarse > AGREES)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    )
    part = roughly & np.isfinite(fine)
    shifts, weights = np.zeros((*fine.shape, 2), np.float32), np.zeros(fine.shape, np.float32)
    columns, rows = (flow.centres / STEP).astype(int).T
    inside = (rows < fine.shape[0]) & (columns < fine.shape[1])
    rows, columns = rows[inside], columns[inside]
    shifts[rows, columns] = flow.shifts[inside] / sigma
    weights[rows, columns] = flow.weights[inside] * roughly[rows, columns]
    around = cv2.blur(weights, (3, 3)) + np.float32(1e-6)
    drift = np.linalg.norm(cv2.blur(shifts * weights[..., None], (3, 3)) / around[..., None], axis=2)
    return [
        float(part.sum() / max(1, np.isfinite(fine).sum())),
        float(np.log1p(part.sum())),
        *_quantiles(fine[part], (0.1, 0.25, 0.5)),
        *_weighted(np.linalg.norm(shifts, axis=2), weights),
        *_weighted(drift, weights),
    ]


def _weighted(values: Array, weights: Array) -> list[float]:
    """Weighted median and 90 % quantile."""
    counted = weights > 0
    if counted.sum() < FEW:
        return [np.nan] * 2
    values, weights = values[counted], weights[counted]
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    at = np.searchsorted(summed, np.array([0.5, 0.9]) * summed[-1]).clip(0, len(order) - 1)
    return [float(value) for value in values[order][at]]


def _centre(fine: Array) -> float:
    """Median over the middle of the photo, where its subject is."""
    rows, columns = fine.shape
    middle = fine[rows // 5 : rows - rows // 5, columns // 4 : columns - columns // 4]
    known = middle[np.isfinite(middle)]
    return float(np.median(known)) if len(known) >= FEW else np.nan


def _colour(query: Query, small: NDArray[np.uint8], homography: Homography) -> float:
    """Correlation of the colour differences at an eighth of the size.

    NaN where either picture has nearly no colour.
    """
    photo = registration.downsampled(small, 8)
    to_level = registration.scaling(small.shape, photo.shape)
    moved = replace(homography, matrix=to_level @ homography.matrix)
    laid, covered = registration.warp(query, moved, (photo.shape[1], photo.shape[0]), colour=True)
    mask = cv2.erode(covered, np.ones((3, 3), np.uint8)) > 0
    if mask.sum() < FEW * 4:
        return np.nan
    one, other = (cv2.cvtColor(p, cv2.COLOR_RGB2LAB)[mask][:, 1:].astype(np.float32) for p in (photo, laid))
    one, other = one - one.mean(0), other - other.mean(0)
    if min(np.abs(one).mean(), np.abs(other).mean()) < 1.0:
        return np.nan
    return float((one * other).sum() / np.sqrt((one * one).sum() * (other * other).sum() + 1e-6))
