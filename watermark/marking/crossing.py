"""The visible mark that crosses the subject: words and logo on a lattice, so that no crop takes them off.

Each stretch of the picture is lightened or darkened, whichever stands out there; inside the treated region the strokes
are fainter, so that the work can be seen. Where the lattice lies, how it is turned and how it is bent follow from the
practice's key and the picture's name: one fixed mark can be computed from many marked pictures and taken off, one that
is bent by its own field in each cannot (Dekel, Rubinstein, Liu and Freeman, CVPR 2017).
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.marking.hidden.keys import Stream
from watermark.marking.hidden.strength import Plane, luma
from watermark.marking.visible import line_of
from watermark.picture.pixels import Picture

Mask = NDArray[np.bool_]

OUTSIDE, INSIDE = 27.0, 12.0
"""Grey levels by which a stroke differs from what is under it, outside and inside the treated region."""

_REFERENCE = 1200  # pixels on the long side for which lengths are given
_LETTERS = 30  # pixels high
_GAP, _ROWS = 1.3, 4.6  # of a cell's width; of its height
_ANGLE, _ANGLE_SPREAD, _SCALE_SPREAD = 27.0, 5.0, 0.08  # degrees, degrees, share
_BEND, _BEND_STEP = 2.2, 70  # pixels
_AMPLITUDE_SPREAD = 0.08
_POLARITY = 150  # pixels of a stretch that is lightened or darkened as one
_LIGHT_FROM = 150  # grey level from which a stretch is darkened
_ACTIVITY = 1.2  # grey levels more for each of local activity
_COARSE = 8  # pixels
_SOFT = 20  # pixels over which the treated region begins


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Crossing:
    """How a practice's crossing mark looks.

    Attributes:
        text: the words.
        logo: uint8 (height, width), 255 on its strokes; None for none.
        outside, inside: grey levels of the strokes outside and inside the treated region.
    """

    text: str
    logo: NDArray[np.uint8] | None = None
    outside: float = OUTSIDE
    inside: float = INSIDE


def logo_strokes(picture: Picture, transparency: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Give a logo's strokes: its opaque part, or what differs from the colour of its border.

    Args:
        picture: the logo's colours.
        transparency: uint8 (height, width), 255 where it is opaque; None for a file without transparency.

    Raises:
        WatermarkError: nothing in it differs from its ground.
    """
    grey = luma(picture.rgb)
    if transparency is not None and int(np.ptp(transparency)):
        strokes = transparency
    else:
        border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
        strokes = np.clip(4 * np.abs(grey - np.median(border)), 0, 255).astype(np.uint8)
    rows, columns = np.flatnonzero(strokes.max(1) > 40), np.flatnonzero(strokes.max(0) > 40)  # noqa: PLR2004
    if not len(rows):
        raise WatermarkError(
            "expected a logo with strokes, found a plain surface",
            hint="save it as a PNG with a transparent ground, or dark on white",
        )
    return np.ascontiguousarray(strokes[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def strokes_for(size: tuple[int, int], mark: Crossing, seed: int, *, bend: float = _BEND) -> Plane:
    """Give how much of each pixel the strokes cover: float32 (height, width), 0 to 1.

    Args:
        size: (width, height) of the picture, pixels.
        mark: the design.
        seed: 0 to 2^64 - 1; the same one gives the same strokes.
        bend: how far the smooth field moves them at most, pixels of the reference.
    """
    unit = max(size) / _REFERENCE
    cell = _cell(mark.text.strip(), None if mark.logo is None else mark.logo.tobytes(), _shape(mark.logo))
    if not cell.any():
        return np.zeros(size[::-1], np.float32)
    stream = _stream(seed)
    turn, grow, left, top, *_ = (2 * stream.uniform(8) - 1).tolist()
    scale = unit * _LETTERS / _CELL_LETTERS * (1 + _SCALE_SPREAD * grow)
    angle = np.deg2rad(_ANGLE + _ANGLE_SPREAD * turn)
    across, down = _bent(size, stream, bend * unit, _BEND_STEP * unit)
    cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
    x = cosine * across - sine * down
    y = sine * across + cosine * down
    x -= x.min() - (left + 1) / 2 * cell.shape[1]
    y -= y.min() - (top + 1) / 2 * cell.shape[0]
    again = int(y.max() / cell.shape[0]) + 2, int(x.max() / cell.shape[1]) + 2
    canvas = np.tile(cell, again)
    to_x, to_y = (
        np.asarray(cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)
        for plane in (x, y)
    )
    return np.asarray(cv2.remap(canvas, to_x, to_y, cv2.INTER_LINEAR), np.float32) / np.float32(255)


def seed_of(secret: str, subject: str) -> int:
    """Give the seed of a photo's lattice, which nobody can tell who does not know the secret."""
    return int.from_bytes(hashlib.sha256(f"crossing {secret} {subject}".encode()).digest()[:8], "little")


def _stream(seed: int) -> Stream:
    return Stream(seed.to_bytes(8, "little") + b"crossing")


_CELL_LETTERS = 48  # pixels: the height at which a cell is drawn


def _shape(logo: NDArray[np.uint8] | None) -> tuple[int, int]:
    return (0, 0) if logo is None else (int(logo.shape[0]), int(logo.shape[1]))


@lru_cache(maxsize=8)
def _cell(text: str, logo: bytes | None, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Draw one cell of the lattice, uint8: logo and words, and below them the same half a cell further."""
    parts = []
    if logo is not None:
        drawn = np.frombuffer(logo, np.uint8).reshape(shape)
        high = round(1.5 * _CELL_LETTERS)
        wide = max(1, min(4 * high, round(high * shape[1] / shape[0])))
        parts.append(np.asarray(cv2.resize(drawn, (wide, high), interpolation=cv2.INTER_AREA), np.uint8))
    if text:
        line = line_of(text)
        wide = max(1, round(line.shape[1] * 1.4 * _CELL_LETTERS / line.shape[0]))
        words = cv2.resize(line, (wide, round(1.4 * _CELL_LETTERS)), interpolation=cv2.INTER_AREA)
        parts.append(np.asarray(words, np.uint8))
    if not parts:
        return np.zeros((1, 1), np.uint8)
    space = _CELL_LETTERS // 2
    high, wide = max(part.shape[0] for part in parts), sum(part.shape[1] + space for part in parts)
    row = np.zeros((round(high * _ROWS / 2), round(wide * _GAP)), np.uint8)
    left = 0
    for part in parts:
        top = (high - part.shape[0]) // 2
        row[top : top + part.shape[0], left : left + part.shape[1]] = part
        left += part.shape[1] + space
    return np.vstack([row, np.roll(row, row.shape[1] // 2, axis=1)])


def _bent(size: tuple[int, int], stream: Stream, reach: float, step: float) -> tuple[Plane, Plane]:
    """Give coarse maps of every place's (x, y) in pixels, moved by a smooth field of at most `reach` pixels."""
    coarse = max(2, size[0] // _COARSE), max(2, size[1] // _COARSE)
    knots = max(4, round(size[1] / step) + 3), max(4, round(size[0] / step) + 3)
    planes = []
    for length, count, axis in ((size[0], coarse[0], 0), (size[1], coarse[1], 1)):
        bends = (2 * stream.uniform(knots[0] * knots[1]) - 1).reshape(knots).astype(np.float32)
        field = np.asarray(cv2.resize(bends, coarse, interpolation=cv2.INTER_CUBIC), np.float32)
        places = (np.arange(count, dtype=np.float32) + 0.5) * length / count - 0.5
        plain = places[None, :] if axis == 0 else places[:, None]
        planes.append(np.asarray(plain + reach * field, np.float32))
    return planes[0], planes[1]


def draw_crossing(picture: Picture, mark: Crossing, seed: int, treated: Mask | None = None) -> Picture:
    """Draw the mark on a picture.

    Args:
        picture: what is marked.
        mark: the design.
        seed: chooses how the lattice lies; see `seed_of`.
        treated: bool (height, width), where the strokes are fainter; None for nowhere.
    """
    strokes = strokes_for((picture.width, picture.height), mark, seed)
    change = cv2.multiply(strokes, amplitudes(luma(picture.rgb), mark, seed, treated))
    drawn = cv2.add(picture.rgb, cv2.merge([change, change, change]), dtype=cv2.CV_8U)
    return Picture(np.asarray(drawn, np.uint8))


def amplitudes(grey: Plane, mark: Crossing, seed: int, treated: Mask | None) -> Plane:
    """Give by how many grey levels a stroke brightens each place (darkens, below 0): float32 (height, width)."""
    height, width = grey.shape
    unit = max(width, height) / _REFERENCE
    coarse = max(1, width // _COARSE), max(1, height // _COARSE)
    ground = np.asarray(cv2.resize(grey, coarse, interpolation=cv2.INTER_AREA), np.float32)
    spread = np.asarray(
        cv2.resize(cv2.multiply(grey, grey), coarse, interpolation=cv2.INTER_AREA), np.float32
    )
    activity = cv2.blur(np.sqrt(np.maximum(spread - ground * ground, 0)), (7, 7))
    levels = np.full(ground.shape, mark.outside, np.float32)
    if treated is not None:
        soft = cv2.resize(treated.astype(np.float32), coarse, interpolation=cv2.INTER_AREA)
        inside = cv2.GaussianBlur(soft, (0, 0), max(0.5, _SOFT * unit / _COARSE))
        levels += (mark.inside - mark.outside) * np.clip(inside, 0, 1)
    levels *= 1 + _ACTIVITY * activity / mark.outside
    levels *= 1 + _AMPLITUDE_SPREAD * float(2 * _stream(seed).uniform(1)[0] - 1)
    stretches = (
        max(1, round(coarse[0] * _COARSE / unit / _POLARITY)),
        max(1, round(coarse[1] * _COARSE / unit / _POLARITY)),
    )
    usual = cv2.resize(
        cv2.resize(ground, stretches, interpolation=cv2.INTER_AREA), coarse, interpolation=cv2.INTER_NEAREST
    )
    # A stretch of one kind may hold the other: where a stroke would be clipped it turns round, at once and not slowly.
    lighter = np.where(usual < _LIGHT_FROM, ground < 255 - 1.15 * levels, ground < 1.15 * levels)
    signed = np.where(lighter, levels, -levels).astype(np.float32)
    return np.asarray(cv2.resize(signed, (width, height), interpolation=cv2.INTER_NEAREST), np.float32)


def crossing_area(size: tuple[int, int], mark: Crossing, seed: int) -> Mask:
    """Tell where the strokes lie on a picture of (width, height) pixels: bool, shape (height, width)."""
    strokes = (strokes_for(size, mark, seed) > 0).astype(np.uint8)
    return np.asarray(cv2.dilate(strokes, np.ones((3, 3), np.uint8))) > 0


def contrast(plain: Picture, marked: Picture, strokes: Plane, where: Mask | None = None) -> float:
    """Give the contrast of the strokes that one stretch in a hundred falls short of, grey levels.

    Args:
        plain: without the mark.
        marked: with it.
        strokes: float32 (height, width), 0 to 1.
        where: bool (height, width), the part that is judged; None for all of it.
    """
    differs = np.abs(luma(marked.rgb) - luma(plain.rgb))
    judged = strokes > 0.8 if where is None else (strokes > 0.8) & where  # noqa: PLR2004 (whole strokes)
    step = max(8, round(100 * max(strokes.shape) / _REFERENCE))
    means = [
        float(differs[top : top + step, left : left + step][inside].mean())
        for top in range(0, strokes.shape[0], step)
        for left in range(0, strokes.shape[1], step)
        if (inside := judged[top : top + step, left : left + step]).sum() > step * step // 125
    ]
    return float(np.percentile(means, 1)) if means else float("nan")


def crop_cost(strokes: Plane, treated: Mask) -> float:
    """Give the share of the treated region that is lost to whoever crops the mark away, 0 to 1.

    The best crop is the rectangle without strokes that keeps most of the region, found on a coarse grid.
    """
    grid = 36, 36
    marked = cv2.resize((strokes > 0.3).astype(np.float32), grid, interpolation=cv2.INTER_AREA) > 0.02  # noqa: PLR2004
    wanted = np.asarray(
        cv2.resize(treated.astype(np.float32), grid, interpolation=cv2.INTER_AREA), np.float32
    )
    if not wanted.any():
        return 0.0
    taken, kept = (
        np.pad(np.cumsum(np.cumsum(m, 0), 1), ((1, 0), (1, 0))) for m in (marked.astype(int), wanted)
    )
    best = 0.0
    for top in range(grid[1]):
        for bottom in range(top + 1, grid[1] + 1):
            free, held = taken[bottom] - taken[top], kept[bottom] - kept[top]
            clear = free[None, :] - free[:, None] == 0
            best = max(best, float(((held[None, :] - held[:, None]) * clear).max()))
    return 1 - best / float(wanted.sum())
