"""What became of our mark and label in a picture."""

from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.design import Design
from watermark.marking.state import MarkState
from watermark.marking.visible import Label, Mark, draw_mark, label_box, label_strokes, mark_area
from watermark.picture import features
from watermark.picture.features import Features
from watermark.picture.framing import Size, in_frame
from watermark.picture.pixels import Picture

ALIKE = 0.8  # cosine of descriptors
WHOLE = 0.8  # share of the words' length that must be seen for full weight
CARRIED_FROM = 20  # places; other clinics' notices in our own letters reached 18.4
MISSING = 3  # letters in a row that may go unseen
KEPT_FROM = 0.45  # of the known mark, in what a copy differs by
LEAST_AROUND = 200  # pixels
LABEL_FROM = 0.4  # correlation of the label's place with its letters
HALF = 0.5  # of the label
PAINTED_FROM = 2.0  # times the usual difference, under the strokes
Array: TypeAlias = NDArray[np.float32]


def carries(seen: Features, mirrored: Features, mark: Mark) -> bool:
    """Tell whether our mark's words stand in a picture.

    They may be of any size, turned or mirrored.

    Args:
        seen: the picture's features.
        mirrored: those of its mirror image.
        mark: how the mark looks; a few of its letters are not enough.
    """
    drawn, gap = _drawn(mark), MISSING / max(len(mark.text.strip()), 1)
    return any(_words_seen(features, drawn, gap) >= CARRIED_FROM for features in (seen, mirrored))


def _words_seen(seen: Features, drawn: Features, gap: float) -> float:
    """Count the places of the drawn words found in one arrangement.

    A part of the words counts less.

    Other clinics' notices share "©", the year and "Clinic" with ours, never the name between: a stretch ends at a gap
    of that share of the words' length.
    """
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
    found = np.unique(np.round(there[kept.ravel() > 0] / 5), axis=0) * 5
    across, length = np.sort(found[:, 0]), max(float(np.ptp(drawn.places[:, 0])), 1.0)
    stretches = np.split(across, np.flatnonzero(np.diff(across) > gap * length) + 1)
    return max(len(part) * min(1.0, float(np.ptp(part)) / length / WHOLE) ** 2 for part in stretches)


@lru_cache(maxsize=32)
def _drawn(mark: Mark) -> Features:
    """Describe the mark's words on dark and light ground."""
    upright = replace(mark, width=0.62, middle=(0.5, 0.5), opacity=0.5, seed=0)
    found = []
    for ground in (60, 200):
        plain = Picture(np.full((420, 900, 3), ground, np.uint8))
        luma = features.grey(draw_mark(plain, upright))
        for soft in (0.0, 1.0, 2.0):
            seen = np.asarray(cv2.GaussianBlur(luma, (0, 0), soft), np.uint8) if soft else luma
            found.append(features.describe_query(seen, area=seen.size, most=400))
    return Features.join(found)


def mark_state(
    photo: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], design: Design, size: Size
) -> MarkState:
    """Tell what a copy did with the mark.

    Args:
        photo: a small picture of the unmarked original in colours, uint8 (height, width, 3).
        found: the copy warped onto it in grey, uint8 (height, width).
        covered: uint8 (height, width), 255 where the copy covers it.
        design: how the photo was published.
        size: (width, height) of the photo itself.

    Source: the known mark's projection on what the copy differs by, and the energy left under its strokes.
    """
    if design.mark is None:
        return MarkState.UNKNOWN
    frame = design.frame_in(size, (photo.shape[1], photo.shape[0]))
    if frame is not None:
        photo, found, covered = (in_frame(pixels, frame) for pixels in (photo, found, covered))
    original = Picture(np.ascontiguousarray(photo))
    area = mark_area((original.width, original.height), design.mark)
    if not area.any():
        return MarkState.UNKNOWN
    inside = area & (covered > 0)
    if inside.sum() < 0.25 * area.sum():
        return MarkState.CROPPED
    plain = _detail(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY))
    marked = _detail(cv2.cvtColor(draw_mark(original, design.mark).rgb, cv2.COLOR_RGB2GRAY))
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


def label_seen(found: NDArray[np.uint8], covered: NDArray[np.uint8], design: Design, size: Size) -> bool:
    """Tell whether our label's words stand where we wrote them.

    Also true where the copy does not reach.

    Args:
        found: the copy warped onto a small picture of the photo in grey, uint8 (height, width).
        covered: uint8 (height, width), 255 where the copy covers it.
        design: how the photo was published.
        size: (width, height) of the photo itself.
    """
    frame = design.frame_in(size, (found.shape[1], found.shape[0]))
    if frame is not None:
        found, covered = (in_frame(pixels, frame) for pixels in (found, covered))
    return design.label is None or any(
        _label_there(found, covered, published, design.label) for published in design.published(size)
    )


def _label_there(found: NDArray[np.uint8], covered: NDArray[np.uint8], published: Size, label: Label) -> bool:
    """Compare with the letters as they were drawn at one published size."""
    across, down = found.shape[1] / published[0], found.shape[0] / published[1]
    left, top, right, bottom = label_box(published, label)
    rows = slice(round(top * down), max(round(bottom * down), round(top * down) + 1))
    columns = slice(round(left * across), max(round(right * across), round(left * across) + 1))
    there = found[rows, columns].astype(np.float32)
    if not there.size or (covered[rows, columns] > 0).mean() < HALF:
        return True
    drawn = cv2.resize(label_strokes(published, label), there.shape[::-1], interpolation=cv2.INTER_AREA)
    one, other = there - there.mean(), drawn - float(drawn.mean())
    return float((one * other).sum()) > LABEL_FROM * float(np.sqrt((one**2).sum() * (other**2).sum())) + 1e-6


def _detail(luma: NDArray[np.generic]) -> Array:
    plain = np.asarray(luma, np.float32)
    return np.asarray(cv2.GaussianBlur(plain, (0, 0), 0.8) - cv2.GaussianBlur(plain, (0, 0), 8), np.float32)
