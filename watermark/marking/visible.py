"""The owner's words on a published picture.

The words sit in the lower part, below where treated skin usually is. Each letter-sized cell is lightened or
darkened, whichever stands out there; each picture's mark is warped by its own field, as one fixed mark can be
computed from many marked pictures and taken off again (Source: Dekel et al., CVPR 2017; measured: a warp of
1.5 pixels makes that no better than painting the mark over).
"""

import zlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.marking.lettering import is_plain, shaped
from watermark.picture.framing import Box, Size
from watermark.picture.pixels import Picture

Mask = NDArray[np.bool_]
_Plane = NDArray[np.float32]

_REFERENCE = 1200  # pixels on the long side for which the lengths below are given
_WARP = 1.7  # pixels
_LIGHT_FROM = 150  # grey level from which a cell is marked dark
_LEAST_CONTRAST = 24.0  # grey levels, so that a faint mark still is one
_DRAWN_AT = 96  # pixels: the height at which letters are set before they are fitted
_WEIGHT = 600  # of the letters, 400 is regular
_LABEL_AT, _LABEL_SHARE = (480, 1200), (0.05, 0.036)  # letters' height by the long side, both in pixels
_LABEL_LEAST = 9  # pixels
_LABEL_GROUND = np.array([18.0, 24.0, 26.0], np.float32)
_LABEL_OPACITY = np.float32(0.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a practice's mark looks.

    Attributes:
        text: the words; none of them, and nothing is drawn.
        opacity: 0 to 1, how far a stroke goes towards black or white.
        width: of the words, as a share of the picture's width.
        middle: (x, y) of the words' middle, as shares of the picture's width and height.
        seed: chooses the warp; None takes one from the picture itself.
        crossing: whether it lies on a lattice across the subject (`watermark.marking.crossing`); then `opacity`,
            `width` and `middle` say nothing.
    """

    text: str
    opacity: float = 0.5
    width: float = 0.62
    middle: tuple[float, float] = (0.5, 0.9)
    seed: int | None = None
    crossing: bool = False

    def __post_init__(self) -> None:
        """Refuse shares that are none.

        Raises:
            WatermarkError: a share outside 0 to 1.
        """
        for name, share in (
            ("opacity", self.opacity),
            ("width", self.width),
            *zip("xy", self.middle, strict=True),
        ):
            if not 0.0 <= share <= 1.0:
                raise WatermarkError(
                    f"expected the mark's {name} as a share between 0 and 1, found {share}",
                    hint="0.5 is half; the settings file holds it under [mark]",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is written into an upper corner of a published photo.

    Attributes:
        text: the words; none of them, and nothing is drawn.
        right: in the right corner and not in the left one.
    """

    text: str
    right: bool = False


def draw_mark(picture: Picture, mark: Mark) -> Picture:
    """Draw the mark on a picture."""
    if not mark.text.strip():
        return picture
    seed = zlib.crc32(picture.rgb[::16, ::16].tobytes()) if mark.seed is None else mark.seed
    where, strokes = _strokes((picture.width, picture.height), mark, seed)
    marked = picture.rgb.copy()
    below = marked[where].astype(np.float32)
    goal = _goal(below)
    change = np.float32(mark.opacity) * (goal - below)
    weak = np.abs(change) < _LEAST_CONTRAST
    change[weak] = (np.sign(goal - 127.5) * np.float32(_LEAST_CONTRAST))[weak]
    marked[where] = np.clip(below + strokes[..., None] * change, 0, 255).round().astype(np.uint8)
    return Picture(marked)


def draw_label(picture: Picture, label: Label) -> Picture:
    """Write what a photo shows into an upper corner.

    White on a dark ground, opaque enough for 4.5 to 1 on any photo (WCAG 2.2, 1.4.3). Small pictures get larger
    letters for their size, as they are shown small.
    """
    if not label.text.strip():
        return picture
    left, top, right, bottom = label_box((picture.width, picture.height), label)
    marked = picture.rgb.copy()
    below = marked[top:bottom, left:right].astype(np.float32)
    ground = below + _LABEL_OPACITY * (_LABEL_GROUND - below)
    strokes = label_strokes((picture.width, picture.height), label)
    shown = np.clip(ground + strokes[..., None] * (255 - ground), 0, 255)
    marked[top:bottom, left:right] = shown.round().astype(np.uint8)
    return Picture(marked)


def label_strokes(size: Size, label: Label) -> NDArray[np.float32]:
    """Set a label's words for a picture of (width, height) pixels.

    Returns:
        float32, the shape of its `label_box`, how much of each pixel the letters cover, 0 to 1.
    """
    left, top, right, bottom = label_box(size, label)
    strokes = np.zeros((bottom - top, right - left), np.float32)
    if strokes.size:
        high, wide, pad = _label_letters(size, label)
        fitted = cv2.resize(line_of(label.text.strip()), (wide, high), interpolation=cv2.INTER_AREA)
        inside = strokes[pad // 2 : pad // 2 + high, pad : pad + wide]
        inside[:] = np.asarray(fitted, np.float32)[: inside.shape[0], : inside.shape[1]] / 255
    return strokes


def label_box(size: Size, label: Label) -> Box:
    """Tell which pixels of a picture its label takes.

    Its ground is counted; `size` is (width, height) in pixels.

    Returns:
        (left, top, right, bottom) in pixels, right and bottom exclusive; empty where there are no words.
    """
    if not label.text.strip():
        return 0, 0, 0, 0
    high, wide, pad = _label_letters(size, label)
    edge = max(1, high // 3)
    left = max(0, size[0] - edge - wide - 2 * pad) if label.right else edge
    return left, min(edge, size[1]), min(size[0], left + wide + 2 * pad), min(size[1], edge + high + pad)


def _label_letters(size: Size, label: Label) -> tuple[int, int, int]:
    """Letters' height and width and the room beside, in pixels."""
    longest = max(size)
    line = line_of(label.text.strip())
    high = max(_LABEL_LEAST, round(float(np.interp(longest, _LABEL_AT, _LABEL_SHARE)) * longest))
    wide = round(high * line.shape[1] / line.shape[0])
    room = max(1, size[0] - 4 * (high // 2))
    if wide > room:
        high, wide = max(1, round(high * room / wide)), room
    return high, wide, max(2, high // 3)


def mark_area(size: Size, mark: Mark) -> Mask:
    """Tell where the mark's strokes may lie, whatever its warp.

    The picture is of `size`, (width, height) in pixels.

    Returns:
        bool, shape (height, width): True on and a little around the strokes.
    """
    area = np.zeros((size[1], size[0]), np.bool_)
    if mark.text.strip():
        where, strokes = _strokes(size, mark, None)
        reach = 2 * round((_WARP + 2) * max(size) / _REFERENCE) + 3
        around = cv2.dilate((strokes > 0).astype(np.uint8), np.ones((reach, reach), np.uint8))
        area[where] = np.asarray(around) > 0
    return area


def _strokes(size: Size, mark: Mark, seed: int | None) -> tuple[tuple[slice, slice], _Plane]:
    """Place the words on a picture of a size.

    Gives their rows and columns, and how much of each pixel they cover.
    """
    letters = _letters(mark.text.strip())
    wide = max(8.0, mark.width * size[0])
    high = wide * letters.shape[0] / letters.shape[1]
    tallest = 0.12 * size[1]
    if high > tallest:
        wide, high = wide * tallest / high, tallest
    fitted = cv2.resize(letters, (max(1, round(wide)), max(1, round(high))), interpolation=cv2.INTER_AREA)
    margin = 4 + round(3 * _WARP * max(size) / _REFERENCE)
    framed = np.pad(np.asarray(fitted, np.float32) / np.float32(255), margin)
    if seed is not None:
        framed = _warped(framed, seed, _WARP * max(size) / _REFERENCE)
    left = round(mark.middle[0] * size[0] - framed.shape[1] / 2)
    top = round(mark.middle[1] * size[1] - framed.shape[0] / 2)
    rows = slice(max(0, top), min(size[1], top + framed.shape[0]))
    columns = slice(max(0, left), min(size[0], left + framed.shape[1]))
    inside = framed[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return (rows, columns), np.asarray(inside, np.float32)


@lru_cache(maxsize=16)
def _letters(text: str) -> NDArray[np.uint8]:
    """Set words large, cut to their strokes.

    Gives uint8 (height, width), 255 on the strokes.
    """
    line = line_of(text)
    rows = np.flatnonzero(line.any(axis=1))
    return line[rows[0] : rows[-1] + 1] if rows.size else np.zeros((1, 8), np.uint8)


@lru_cache(maxsize=64)
def line_of(text: str) -> NDArray[np.uint8]:
    """Set one line of words, as high whatever its letters.

    Gives uint8 (height, width), 255 on the strokes.

    Raises:
        WatermarkError: no font has its letters.
    """
    if is_plain(text):
        face = cv2.FontFace("sans")  # OpenCV's own, which has the letters of most languages
        letters = np.zeros((3 * _DRAWN_AT, _DRAWN_AT * (len(text) + 2)), np.uint8)
        cv2.putText(letters, text, (_DRAWN_AT, 2 * _DRAWN_AT), (255, 255, 255), face, _DRAWN_AT, _WEIGHT)
    else:
        letters = shaped(text, _DRAWN_AT)
    columns = np.flatnonzero(letters.any(axis=0))
    if not columns.size:
        return np.zeros((round(1.4 * _DRAWN_AT), 8), np.uint8)
    letters = letters[_DRAWN_AT : round(2.4 * _DRAWN_AT), columns[0] : columns[-1] + 1]
    letters.flags.writeable = False
    return letters


def _warped(strokes: _Plane, seed: int, amplitude: float) -> _Plane:
    """Bend by a smooth field of at most `amplitude` pixels."""
    height, width = strokes.shape
    rng = np.random.default_rng(seed)
    bends = rng.uniform(-amplitude, amplitude, (2, 4, 9)).astype(np.float32)
    across, down = (cv2.resize(bend, (width, height), interpolation=cv2.INTER_CUBIC) for bend in bends)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.asarray(cv2.remap(strokes, columns + across, rows + down, cv2.INTER_LINEAR), np.float32)


def _goal(below: _Plane) -> _Plane:
    """Choose white or black for each cell of a letter's size.

    Gives float32 of the shape of `below`, 0 or 255.

    A choice per cell, never a smooth one: where a smooth one passes from light to dark the mark would vanish.
    """
    height, width = below.shape[:2]
    grey = below @ np.array([0.299, 0.587, 0.114], np.float32)
    cells = (max(1, round(width / max(height, 1))), 1)
    coarse = cv2.resize(grey, cells, interpolation=cv2.INTER_AREA).reshape(cells[1], cells[0])
    light = np.where(coarse < _LIGHT_FROM, 255, 0).astype(np.float32)
    chosen = cv2.resize(light, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.repeat(np.asarray(chosen, np.float32)[..., None], 3, axis=2)
