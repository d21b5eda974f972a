"""What became of our mark: whether a picture carries it, and whether a copy kept it, lost it to a crop, or had it painted over."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.pixels import Picture
from watermark.visible import MarkDesign, draw_mark, mark_area

SEARCHED_SIDE = 400
WIDTHS = tuple(
    float(w) for w in np.geomspace(0.24, 1.3, 15)
)  # of the words, as shares of the searched picture's long side
CARRIED_FROM = 0.5
KEPT_FROM = 0.45
PAINTED_FROM = 2.0
Array: TypeAlias = NDArray[np.float32]


class MarkState(StrEnum):
    """What became of the mark that the published photo bears."""

    KEPT = "kept"
    CROPPED = "cropped"
    PAINTED_OVER = "painted-over"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MarkSighting:
    """Our mark, seen in a picture.

    Attributes:
        strength: correlation of the strokes, 0 to 1.
        box: left, top, right, bottom in pixels of the picture.
    """

    strength: float
    box: tuple[int, int, int, int]


def find_mark(picture: Picture, design: MarkDesign) -> MarkSighting:
    """Where the picture looks most like our mark, upright and at any usual size; judge it by its strength."""
    scale = SEARCHED_SIDE / max(picture.width, picture.height)
    size = (max(24, round(picture.width * scale)), max(24, round(picture.height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    luma = cv2.cvtColor(cv2.resize(picture.rgb, size, interpolation=way), cv2.COLOR_RGB2GRAY).astype(
        np.float32
    )
    best = MarkSighting(0.0, (0, 0, 0, 0))
    for share in WIDTHS:
        template = _template(design, round(share * SEARCHED_SIDE))
        high, wide = template.shape
        if high > size[1] or wide > size[0] or high < 7:
            continue
        found = cv2.matchTemplate(_strokes(luma, high / 8), template, cv2.TM_CCOEFF_NORMED)
        _, strength, _, (left, top) = cv2.minMaxLoc(found)
        if strength > best.strength:
            box = [round(value / scale) for value in (left, top, left + wide, top + high)]
            best = MarkSighting(float(strength), (box[0], box[1], box[2], box[3]))
    return best


def _strokes(luma: Array, wide: float) -> Array:
    """How far each pixel stands out from what is around it, either way: a mark is light here and dark there."""
    near = cv2.GaussianBlur(luma, (0, 0), max(0.6, 0.35 * wide))
    apart = np.abs(near - cv2.GaussianBlur(luma, (0, 0), 2.5 * wide))
    usual = cv2.GaussianBlur(apart, (0, 0), 8 * wide)
    return np.asarray(np.minimum(apart / (usual + 2), 3), np.float32)


@lru_cache(maxsize=128)
def _template(design: MarkDesign, wide: int) -> Array:
    """The mark's strokes for words of this width in pixels, as `_strokes` sees them."""
    side = 4 * wide
    ground = Picture(np.full((side, side, 3), 128, np.uint8))
    plain = MarkDesign(text=design.text, opacity=1.0, width=0.25, middle=(0.5, 0.5), seed=0)
    drawn = draw_mark(ground, plain).rgb[..., 0].astype(np.float32)
    rows, columns = (np.flatnonzero((drawn != 128).any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1), np.float32)
    high = rows[-1] + 1 - rows[0]
    edge = max(2, high // 6)
    part = drawn[
        max(0, rows[0] - edge) : rows[-1] + 1 + edge, max(0, columns[0] - edge) : columns[-1] + 1 + edge
    ]
    return _strokes(part, part.shape[0] / 8)


def mark_state(
    photo: NDArray[np.uint8], found: NDArray[np.uint8], covered: NDArray[np.uint8], design: MarkDesign
) -> MarkState:
    """What a copy did with the mark.

    Args:
        photo: the small picture of the unmarked original in colours, uint8 (height, width, 3).
        found: the copy laid on it in grey, uint8 (height, width).
        covered: 255 where the copy covers it.
        design: how the mark looks.

    Source: the known mark's projection on what the copy differs by, and the energy left under its strokes.
    """
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
    if around.sum() < 200:
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
