"""The painted parts of a face on one flat sheet."""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.appearance import Look
from sample_clinic.drawing.noise import Plane, chance

SHEET = 600  # pixels a side
REACH = 0.80  # head units from the middle to each side
TOP = -0.78  # head units: the sheet's upper edge
_SHIFT = 4

Path = NDArray[np.int32]
Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Expression:
    """What moves in a face between two shots.

    Eyelids are 0 shut and 1 open; mouth corners, gaze and brows move too.
    """

    lids: float
    smile: float
    gaze: tuple[float, float]
    lift: float


def expression_of(rng: np.random.Generator) -> Expression:
    """Draw one moment's expression."""
    blink = rng.random() < 0.08
    return Expression(
        lids=float(rng.uniform(0.0, 0.2) if blink else rng.normal(0.8, 0.09)),
        smile=float(rng.normal(0.0, 0.012)),
        gaze=(float(rng.normal(0, 0.012)), float(rng.normal(0, 0.006))),
        lift=float(rng.normal(0, 0.010)),
    )


def _at(x: float, y: float) -> tuple[int, int]:
    unit = SHEET / (2 * REACH)
    return round((x + REACH) * unit * 2**_SHIFT), round((y - TOP) * unit * 2**_SHIFT)


def _points(*pairs: tuple[float, float]) -> NDArray[np.int32]:
    return np.array([_at(x, y) for x, y in pairs], np.int32)


class _Sheet:
    """A sheet that is painted in layers.

    Each stroke covers what is below, or multiplies it to darken or tint.
    """

    def __init__(self) -> None:
        self.colour = np.zeros((SHEET, SHEET, 3), np.float32)
        self.cover = np.zeros((SHEET, SHEET), np.float32)
        self.shade = np.ones((SHEET, SHEET, 3), np.float32)

    def fill(self, outline: Path, colour: Colour, blur: float, opacity: float) -> None:
        """Cover the inside of an outline."""
        where, amount = _mask(
            outline, blur, lambda mask: cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, _SHIFT)
        )
        self._cover(where, amount * np.float32(opacity), colour)

    def spot(
        self, centre: tuple[float, float], radii: tuple[float, float], colour: Colour, blur: float
    ) -> None:
        """Cover an ellipse."""
        path = _points(
            *[(centre[0] + radii[0] * np.cos(a), centre[1] + radii[1] * np.sin(a)) for a in _ROUND]
        )
        self.fill(path, colour, blur, 1.0)

    def ink(self, paths: list[Path], width: int, colour: Colour, blur: float, opacity: float) -> None:
        """Cover lines."""
        where, amount = _lines(paths, width, blur)
        self._cover(where, amount * np.float32(opacity), colour)

    def line(self, paths: list[Path], width: int, shade: Colour, blur: float) -> None:
        """Multiply the skin along lines by `shade`."""
        where, amount = _lines(paths, width, blur)
        self.shade[where] *= 1 - amount[..., None] * (1 - np.array(shade, np.float32))

    def _cover(self, where: tuple[slice, slice], amount: Plane, colour: Colour) -> None:
        below = self.colour[where]
        below += amount[..., None] * (np.array(colour, np.float32) - below)
        self.cover[where] += amount * (1 - self.cover[where])


_ROUND = np.linspace(0, 2 * np.pi, 24, endpoint=False)


def _lines(paths: list[Path], width: int, blur: float) -> tuple[tuple[slice, slice], Plane]:
    def draw(mask: NDArray[np.uint8]) -> object:
        return cv2.polylines(mask, paths, False, 255, width, cv2.LINE_AA, _SHIFT)  # noqa: FBT003

    return _mask(np.concatenate(paths), blur + width, draw, blur)


def _mask(
    reach: Path, margin: float, draw: Callable[[NDArray[np.uint8]], object], blur: float | None = None
) -> tuple[tuple[slice, slice], Plane]:
    """Draw on an empty sheet and return the touched part, softened by `blur`."""
    mask = np.zeros((SHEET, SHEET), np.uint8)
    draw(mask)
    edge = int(3 * margin + 3)
    left, top = np.maximum(reach.min(axis=0) // 2**_SHIFT - edge, 0)
    right, bottom = np.maximum(reach.max(axis=0) // 2**_SHIFT + edge, 1)
    where = (slice(int(top), int(bottom)), slice(int(left), int(right)))
    soft = cv2.GaussianBlur(mask[where], (0, 0), margin if blur is None else blur)
    return where, np.asarray(soft, np.float32) / np.float32(255)


def paint(look: Look, moment: Expression) -> tuple[Plane, Plane, Plane]:
    """Paint one face in one moment.

    Returns:
        Colour (SHEET, SHEET, 3) in sRGB 0 to 1; its cover (SHEET, SHEET); the skin's factor, as the colour.
    """
    sheet = _Sheet()
    rng = chance(look.seed, "face")
    _wrinkles(sheet, look, moment, rng)
    for side in (-1, 1):
        _eye(sheet, look, moment, side)
        _brow(sheet, look, moment, side, rng)
    _nose(sheet)
    _mouth(sheet, look, moment)
    if look.glasses:
        _glasses(sheet, look)
    return sheet.colour, sheet.cover, sheet.shade


def _tint(look: Look, factor: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (min(1.0, value / 255 * part) for value, part in zip(look.skin, factor, strict=True))
    return red, green, blue


def _eye(sheet: _Sheet, look: Look, moment: Expression, side: int) -> None:
    x, y, lids = side * look.eye_gap, 0.05, max(0.02, moment.lids)
    bow = [(dx, np.cos(dx / 0.115 * np.pi / 2) ** 0.75) for dx in np.linspace(-0.11, 0.11, 9)]
    upper = [(x + dx, y - 0.058 * lids * rise) for dx, rise in bow]
    lower = [(x + dx, y + 0.030 * rise) for dx, rise in reversed(bow)]
    sheet.line([_points(*[(px, py - 0.035) for px, py in upper])], 5, (0.72, 0.62, 0.60), 3.5)
    sheet.line([_points(*[(px, py + 0.045) for px, py in lower])], 6, (0.86, 0.78, 0.76), 5)
    if lids > 0.25:
        _eyeball(sheet, look, (x + moment.gaze[0], y - 0.018 + moment.gaze[1]), _points(*upper, *lower))
    sheet.ink([_points(*upper)], 3, (0.03, 0.02, 0.02), 0.9, 0.85)


def _eyeball(sheet: _Sheet, look: Look, centre: tuple[float, float], opening: Path) -> None:
    """Paint an eye between its lids."""
    low, high = opening.min(axis=0) // 2**_SHIFT - 40, opening.max(axis=0) // 2**_SHIFT + 40
    part = slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))
    before, cover = sheet.colour[part].copy(), sheet.cover[part].copy()
    sheet.fill(opening, (0.84, 0.81, 0.79), 1.2, 1.0)
    red, green, blue = (value / 255 for value in look.eye)
    sheet.spot(centre, (0.052, 0.052), (red * 0.5, green * 0.5, blue * 0.5), 0.8)
    sheet.spot(centre, (0.043, 0.043), (red, green, blue), 1.5)
    sheet.spot(centre, (0.021, 0.021), (0.02, 0.02, 0.02), 0.7)
    sheet.spot((centre[0] + 0.014, centre[1] - 0.016), (0.009, 0.009), (0.98, 0.98, 1.0), 0.7)
    inside = np.zeros((SHEET, SHEET), np.uint8)
    cv2.fillPoly(inside, [opening], 255, cv2.LINE_AA, _SHIFT)
    outside = inside[part] < 128
    sheet.colour[part][outside], sheet.cover[part][outside] = before[outside], cover[outside]


def _brow(sheet: _Sheet, look: Look, moment: Expression, side: int, rng: np.random.Generator) -> None:
    count = int(150 * look.brow_weight)
    along = rng.uniform(0, 1, count)
    x = side * (0.13 + 0.30 * along)
    y = (
        -0.115
        - moment.lift
        - 0.045 * np.sin(along * np.pi * 0.8)
        + rng.normal(0, 0.014, count) * (1.2 - along)
    )
    length = rng.uniform(0.03, 0.055, count)
    rise = rng.normal(-0.4, 0.2, count) * (1.1 - along)
    hairs = zip(x, y, length, rise, strict=True)
    paths = [_points((a, b), (a + side * n, b + n * r)) for a, b, n, r in hairs]
    darkness = 0.45 + 0.4 * float(np.mean(look.hair)) / 255
    sheet.line(paths, 1, (darkness, darkness, darkness), 0.5)
    sheet.line(paths[::2], 1, (darkness, darkness, darkness), 0.5)


def _nose(sheet: _Sheet) -> None:
    for side in (-1, 1):
        sheet.spot((side * 0.065, 0.415), (0.030, 0.014), (0.16, 0.07, 0.06), 2.2)
        wing = _points((side * 0.13, 0.33), (side * 0.145, 0.38), (side * 0.12, 0.43))
        sheet.line([wing], 3, (0.72, 0.58, 0.56), 2.6)
    sheet.line([_points((-0.09, 0.45), (0, 0.462), (0.09, 0.45))], 6, (0.74, 0.62, 0.60), 4)


def _mouth(sheet: _Sheet, look: Look, moment: Expression) -> None:
    half, corner = look.mouth_width + moment.smile * 0.8, 0.63 - moment.smile
    thick = 0.045 * look.lips
    steps = np.linspace(-1, 1, 15)
    middle = [(half * t, 0.63 + (corner - 0.63) * t * t) for t in steps]
    bow = 1 - 0.25 * np.exp(-((steps / 0.16) ** 2))
    upper = [(x, y - thick * (1 - t * t) * b) for (x, y), t, b in zip(middle, steps, bow, strict=True)]
    lower = [(x, y + 1.35 * thick * (1 - t * t) ** 0.8) for (x, y), t in zip(middle, steps, strict=True)]
    sheet.fill(_points(*upper, *reversed(middle)), _tint(look, (0.84, 0.62, 0.62)), 1.8, 0.65)
    sheet.fill(_points(*lower, *reversed(middle)), _tint(look, (0.93, 0.70, 0.70)), 1.8, 0.6)
    sheet.ink([_points(*middle)], 2, (0.22, 0.08, 0.08), 1.0, 0.75)
    sheet.line([_points(*[(x * 0.75, y + 0.05) for x, y in lower[3:-3]])], 7, (0.80, 0.72, 0.70), 6)


def _wrinkles(sheet: _Sheet, look: Look, moment: Expression, rng: np.random.Generator) -> None:
    depth = 0.08 + 0.30 * look.wrinkles
    dark = (1 - depth, 1 - depth * 1.2, 1 - depth * 1.25)
    light = (1 + depth * 0.5, 1 + depth * 0.5, 1 + depth * 0.45)
    for number in range(int(1 + 5 * look.wrinkles)):
        base = -0.26 - 0.085 * number + rng.normal(0, 0.012) - moment.lift * 0.7
        reach, phase = rng.uniform(0.2, 0.42), rng.uniform(0, 6)
        path = [
            (x, base + 0.012 * np.sin(9 * x + phase) + 0.05 * x * x) for x in np.linspace(-reach, reach, 24)
        ]
        sheet.line([_points(*path)], 2, dark, 1.8)
        sheet.line([_points(*[(x, y + 0.011) for x, y in path])], 3, light, 2.4)
    for side in (-1, 1):
        bend = rng.normal(0, 0.01)
        fold = _points((side * 0.15, 0.36), (side * (0.22 + bend), 0.46), (side * (0.26 + bend), 0.58))
        sheet.line([fold], 5, dark, 4.5)
        heights = rng.normal(0.06, 0.04, int(5 * look.wrinkles))
        feet = [_points((side * 0.42, y), (side * 0.50, y + (y - 0.06) * 0.7)) for y in heights]
        if feet:
            sheet.line(feet, 2, dark, 1.2)


def _glasses(sheet: _Sheet, look: Look) -> None:
    rims, arms = [], [_points((-0.09, 0.04), (0, 0.01), (0.09, 0.04))]
    for side in (-1, 1):
        x = side * look.eye_gap
        turn = np.append(_ROUND, 0.0)
        rims.append(_points(*[(x + 0.205 * np.cos(a), 0.07 + 0.15 * np.sin(a)) for a in turn]))
        arms.append(_points((side * 0.49, 0.02), (side * 0.78, -0.02)))
    sheet.ink([*rims, *arms], 6, (0.07, 0.06, 0.06), 0.9, 0.95)
