"""What became of our mark: whether a picture carries it; whether a copy kept it, cropped it off, or painted it over."""

from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.state import MarkState
from watermark.marking.visible import MarkDesign, draw_mark, mark_area
from watermark.matching import features
from watermark.matching.features import Features
from watermark.matching.registration import Query
from watermark.pairs.alignment import CommonFrame, in_frame
from watermark.picture.pixels import Picture

ALIKE = 0.8  # cosine of descriptors
WHOLE = 0.8  # share of the words' length that must be seen for full weight
CARRIED_FROM = 20  # places; strangers' lettering reached 18
KEPT_FROM = 0.45  # of the known mark, in what a copy differs by
LEAST_AROUND = 200  # pixels
PAINTED_FROM = 2.0  # times the usual difference, under the strokes
Array: TypeAlias = NDArray[np.float32]


def carries(query: Query, design: MarkDesign) -> bool:
    """Whether our mark's words stand in the picture, at any size, turned or mirrored; a few letters are not enough."""
    drawn = _drawn(design)
    return any(_words_seen(seen, drawn) >= CARRIED_FROM for seen in (query.features, query.mirrored))


def _words_seen(seen: Features, drawn: Features) -> float:
    """How many places of the drawn words were found in one common arrangement; fewer if in only a part of them."""
    if not len(seen) or not len(drawn):
        return 0.0
    alike = seen.described @ drawn.described.T
    best = alike.argmax(1)
    close = alike[np.arange(len(seen)), best] > ALIKE
    if close.sum() < CARRIED_FROM:
        return 0.0
    there, here = drawn.places[best[close]], seen.places[close]
    fitted, kept = cv2.estimateAffinePartial2D(there, here, method=cv2.RANSAC, ransacReprojThreshold=4)
    if fitted is None:
        return 0.0
    found = there[kept.ravel() > 0]
    spread = float(np.ptp(found[:, 0]) / max(np.ptp(drawn.places[:, 0]), 1.0))
    return len(np.unique(np.round(found / 5), axis=0)) * min(1.0, spread / WHOLE)


@lru_cache(maxsize=16)
def _drawn(design: MarkDesign) -> Features:
    """Features of the mark's words on dark and on light ground, sharp and soft."""
    upright = replace(design, width=0.62, middle=(0.5, 0.5), opacity=0.5, seed=0)
    found = []
    for ground in (60, 200):
        plain = Picture(np.full((420, 900, 3), ground, np.uint8))
        luma = features.grey(draw_mark(plain, upright))
        for soft in (0.0, 1.0, 2.0):
            seen = np.asarray(cv2.GaussianBlur(luma, (0, 0), soft), np.uint8) if soft else luma
            found.append(features.describe_query(seen, area=seen.size, most=400))
    return Features.join(found)


def mark_state(
    photo: NDArray[np.uint8],
    found: NDArray[np.uint8],
    covered: NDArray[np.uint8],
    design: MarkDesign,
    frame: CommonFrame | None = None,
) -> MarkState:
    """What a copy did with the mark.

    Args:
        photo: the small picture of the unmarked original in colours, uint8 (height, width, 3).
        found: the copy laid on it in grey, uint8 (height, width).
        covered: 255 where the copy covers it.
        design: how the mark looks.
        frame: the part of the photo that was published, in its small picture's pixels; None means all of it.

    Source: the known mark's projection on what the copy differs by, and the energy left under its strokes.
    """
    if frame is not None:
        photo, found, covered = (in_frame(pixels, frame) for pixels in (photo, found, covered))
    original = Picture(np.ascontiguousarray(photo))
    area = mark_area((original.width, original.height), design)
    if not area.any():
        return MarkState.UNKNOWN
    inside = area & (covered > 0)
    if inside.sum() < 0.25 * area.sum():
        return MarkState.CROPPED
    plain = _detail(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))
    marked = _detail(cv2.cvtColor(draw_mark(original, design).rgb, cv2.COLOR_RGB2GRAY))
    seen = _detail(found)
    around = (cv2.dilate(area.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0) & ~area & (covered > 0)
    if around.sum() < LEAST_AROUND:
        return MarkState.UNKNOWN
    gain = float((seen[around] * plain[around]).sum() / max((plain[around] ** 2).sum(), 1e-6))
    usual = float(np.mean((seen - gain * plain)[around] ** 2)) + 1.0
    left, mark = (seen - gain * plain)[inside], (marked - plain)[inside] * max(gain, 0.2)
    share = float((left * mark).sum() / max((mark * mark).sum(), 1e-6))
    if share > KEPT_FROM:
        return MarkState.KEPT
    rest = float(np.mean(left**2))
    return MarkState.PAINTED_OVER if rest > PAINTED_FROM * usual else MarkState.NEVER


def _detail(luma: NDArray[np.generic]) -> Array:
    plain = np.asarray(luma, np.float32)
    return np.asarray(cv2.GaussianBlur(plain, (0, 0), 0.8) - cv2.GaussianBlur(plain, (0, 0), 8), np.float32)
