"""A second, unrelated way of drawing portraits: flat shapes, inflated. It tests what was tuned on `clinic`.

Nothing of the first world's solids, skin, rooms or camera is used. People are harder to tell apart than in life: one
template, shifted by a few per cent. What is measured here says whether a rule holds beyond the generator it came from.
"""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.clinic import VIEWS, Person, Room
from sample_clinic.drawing.noise import Plane, chance
from watermark.picture.pixels import Picture

_CANVAS = 720  # pixels a side: the sheet on which a head is drawn before it is placed
_STAGES = {"before": 0.25, "after": 1.0, "later": 0.8}  # share of the added dots that shows


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """One head in one view and stage: colour (side, side, 3) linear, cover and relief (side, side)."""

    colour: Plane
    cover: Plane
    relief: Plane


def draw_portrait(
    person: Person,
    room: Room,
    *,
    stage: str = "before",
    view: str = "front",
    shot: int = 0,
    size: tuple[int, int] = (1200, 900),
) -> Picture:
    """Take one photograph; the arguments mean what they mean in `clinic.draw_portrait`."""
    head = _head(person.seed, stage, view)
    rng = chance(person.seed, room.seed, stage, view, shot, "studio shot")
    scene = _wall(room.style, room.seed, size)
    scene = _shifted(scene, rng.normal(0, 2.0, 2))
    columns, rows = _placed(room, view, size, rng)
    colour, cover, relief = (
        np.asarray(cv2.remap(part, columns, rows, cv2.INTER_LINEAR, borderValue=0), np.float32)
        for part in (head.colour, head.cover, head.relief)
    )
    lit = colour * _light(relief, room, rng)[..., None]
    scene += np.clip(cover, 0, 1)[..., None] * (lit - scene)
    return _developed(scene, room, rng)


def _placed(room: Room, view: str, size: tuple[int, int], rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Where on the head's sheet each pixel of (width, height) looks: placed by the room's habit, moved by the shot.

    Beside a shift and a turn the shot bends the head smoothly by a few pixels, as breathing and looks do.
    """
    habit = chance(room.style, view, "studio pose")
    width, height = size
    zoom = min(width, height) / _CANVAS * habit.uniform(0.95, 1.15) * rng.normal(1, 0.006)
    angle = np.radians(habit.normal(0, 2) + rng.normal(0, 0.8))
    middle = np.array([width, height]) * (0.5, 0.54) + rng.normal(0, 0.006 * min(size), 2)
    across, down = np.meshgrid(np.arange(width, dtype=np.float32) - middle[0], np.arange(height) - middle[1])
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    bends = rng.normal(0, 2.6, (2, 5, 5)).astype(np.float32)
    bend = [cv2.resize(field, size, interpolation=cv2.INTER_CUBIC) for field in bends]
    columns = cos * across + sin * down + _CANVAS / 2 + bend[0]
    rows = -sin * across + cos * down + _CANVAS / 2 + bend[1]
    return columns.astype(np.float32), rows.astype(np.float32)


@lru_cache(maxsize=16)
def _head(seed: int, stage: str, view: str) -> _Head:
    traits = chance(seed, "studio traits")
    tone = np.array((0.80, 0.56, 0.42)) * traits.uniform(0.12, 1.0) ** np.array((0.7, 0.9, 1.0))
    bare, torso = _shapes(view, traits)
    inside = np.asarray(cv2.distanceTransform((bare > 127).astype(np.uint8), cv2.DIST_L2, 5), np.float32)
    relief = np.sqrt(np.clip(inside * (0.6 * _CANVAS) - inside**2 * 0.6, 0, None))
    relief = np.asarray(cv2.GaussianBlur(relief, (0, 0), 26), np.float32)
    skin = _skin(seed, traits) * _scalp(seed, stage, view, traits)
    colour = (skin[..., None] * tone).astype(np.float32)
    if view in ("front", "closeup"):
        _features(colour, relief, traits, stage)
    dressed = (torso > 0) & (bare < 128)
    threads = 1 + 0.12 * np.sin(np.arange(_CANVAS) * 0.9)[:, None] * np.cos(np.arange(_CANVAS) * 0.7)
    tailor = chance(seed, "studio clothes")
    cloth = tailor.uniform(0.02, 0.6) * tailor.uniform(0.7, 1.3, 3)
    colour[dressed] = (threads[..., None] * cloth)[dressed]
    whole = np.asarray(cv2.GaussianBlur(np.maximum(bare, torso), (0, 0), 1.0), np.float32) / np.float32(255)
    return _Head(colour=colour, cover=whole, relief=relief)


def _shapes(view: str, traits: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Cut out the bare parts (head, ears, neck) and the clothes, as masks of 0 and 255."""
    wide, tall = 0.27 * traits.normal(1, 0.03), 0.37 * traits.normal(1, 0.03)
    unit, middle = _CANVAS, _CANVAS // 2
    bare, torso = np.zeros((2, unit, unit), np.uint8)
    cv2.fillPoly(bare, [_outline(view, float(wide), float(tall), traits)], 255, cv2.LINE_AA)
    if view in ("front", "donor"):
        for side in (-1, 1):
            ear = (int(middle + side * wide * unit), int(unit * 0.53))
            cv2.ellipse(
                bare, ear, (int(unit * 0.028), int(unit * 0.07)), side * -8, 0, 360, 255, -1, cv2.LINE_AA
            )
    if view not in ("top", "closeup"):
        half = int(unit * 0.13)
        cv2.rectangle(bare, (middle - half, middle), (middle + half, int(unit * 0.97)), 255, -1)
        cv2.ellipse(
            torso, (middle, int(unit * 1.13)), (int(unit * 0.46), int(unit * 0.21)), 0, 0, 360, 255, -1
        )
    return bare, torso


def _outline(view: str, wide: float, tall: float, traits: np.random.Generator) -> NDArray[np.int32]:
    """Trace the head: an egg from the front and behind, a profile from the side, an oval from above."""
    turn = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    bumps = np.zeros(turn.size)
    for waves in range(2, 7):
        bumps += traits.normal(0, 0.006) * np.cos(waves * turn + traits.uniform(0, 6))
    x, y = wide * np.sin(turn) * (1 + bumps), -tall * np.cos(turn) * (1 + bumps)
    below = np.clip(y / tall, 0, 1)
    if view in ("front", "donor", "closeup"):
        x *= 1 - 0.22 * below**3
    elif view in ("left", "right"):
        x *= 1.2 - 0.2 * below
        nose = np.exp(-(((y - 0.08) / 0.035) ** 2)) * 0.04 + np.exp(-(((y - 0.21) / 0.03) ** 2)) * 0.018
        x = (-1 if view == "left" else 1) * (x + nose * (x > 0))
    else:
        y *= 0.95
    if view == "closeup":
        x, y = x * 1.7, y * 1.7 + 0.28
    return ((np.stack([x, y], 1) + 0.5) * _CANVAS).astype(np.int32)


def _skin(seed: int, traits: np.random.Generator) -> Plane:
    """A skin of cells: furrows between random points at two sizes, blotches, a few spots."""
    rng = chance(seed, "studio skin")
    total = np.ones((_CANVAS, _CANVAS), np.float32)
    for count, depth in ((9000, 0.10), (1400, 0.07)):
        seeds = np.full((_CANVAS, _CANVAS), 255, np.uint8)
        points = rng.integers(0, _CANVAS, (2, count))
        seeds[points[0], points[1]] = 0
        away = np.asarray(cv2.distanceTransform(seeds, cv2.DIST_L2, 3), np.float32)
        total -= np.float32(depth) * np.clip(away / np.float32(0.55 * _CANVAS / count**0.5), 0, 1) ** 3
    for cells, depth in ((6, 0.10), (17, 0.06), (60, 0.04)):
        field = rng.normal(0, depth, (cells, cells)).astype(np.float32)
        total += cv2.resize(field, (_CANVAS, _CANVAS), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(traits.integers(6, 30))):
        place = (int(rng.integers(_CANVAS)), int(rng.integers(_CANVAS)))
        cv2.circle(total, place, int(rng.integers(1, 6)), float(rng.uniform(0.45, 0.85)), -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(total, (0, 0), 0.8), np.float32)


def _scalp(seed: int, stage: str, view: str, traits: np.random.Generator) -> Plane:
    """Stubble and dots where hair grows in this view, darker after treatment; a factor for the skin's light."""
    rng = chance(seed, view, "studio scalp")
    edge = {"front": 0.28, "closeup": 0.42, "left": 0.50, "right": 0.50, "top": 0.80, "donor": 0.66}[view]
    points = rng.random((2, 16_000))
    points[1] *= (
        edge + 0.04 * np.sin(points[0] * 9 + traits.uniform(0, 6)) + rng.normal(0, 0.01, points.shape[1])
    )
    own = rng.random(points.shape[1]) < 0.4 * (1 - 0.6 * (points[1] < edge * 0.6))
    added = rng.random(points.shape[1]) < 0.6 * _STAGES[stage]
    places = (points[:, own | added] * (_CANVAS - 2)).astype(np.intp)
    dots = np.zeros((_CANVAS, _CANVAS), np.float32)
    np.add.at(dots, (places[1], places[0]), np.asarray(rng.uniform(0.6, 1.4, places.shape[1]), np.float32))
    return np.asarray(np.exp(-2.6 * cv2.GaussianBlur(dots, (0, 0), 0.9)), np.float32)


def _features(colour: Plane, relief: Plane, traits: np.random.Generator, stage: str) -> None:
    """Paint eyes, brows, nose and mouth by plain shapes, in place; the day moves them by a little."""
    day = chance(int(traits.integers(1 << 30)), stage)
    unit, middle = _CANVAS, _CANVAS // 2
    iris = [float(value) for value in traits.uniform(0.01, 0.2, 3)]
    for side in (-1, 1):
        eye = (int(middle + side * unit * 0.115 + day.normal(0, 1)), int(unit * 0.49))
        cv2.ellipse(
            colour, eye, (int(unit * 0.042), int(unit * 0.018)), 0, 0, 360, (0.7, 0.68, 0.66), -1, cv2.LINE_AA
        )
        cv2.circle(colour, eye, int(unit * 0.017), iris, -1, cv2.LINE_AA)
        cv2.circle(colour, (eye[0] + 3, eye[1] - 3), 2, (1.0, 1.0, 1.0), -1, cv2.LINE_AA)
        brow = (eye[0], eye[1] - int(unit * traits.uniform(0.045, 0.06)))
        cv2.ellipse(
            colour,
            brow,
            (int(unit * 0.06), int(unit * 0.014)),
            0,
            185,
            355,
            (0.03, 0.02, 0.02),
            5,
            cv2.LINE_AA,
        )
        nostril = (middle + side * int(unit * 0.022), int(unit * 0.625))
        cv2.ellipse(colour, nostril, (7, 4), 0, 0, 360, (0.04, 0.02, 0.02), -1, cv2.LINE_AA)
    ridge = np.zeros_like(relief)
    cv2.ellipse(ridge, (middle, int(unit * 0.57)), (int(unit * 0.03), int(unit * 0.08)), 0, 0, 360, 40.0, -1)
    relief += cv2.GaussianBlur(ridge, (0, 0), 9)
    lips = (int(unit * traits.uniform(0.06, 0.08)), int(unit * 0.016))
    mouth = (middle, int(unit * 0.705 + day.normal(0, 1)))
    cv2.ellipse(colour, mouth, lips, 0, 0, 360, (0.30, 0.10, 0.10), -1, cv2.LINE_AA)
    cv2.ellipse(colour, mouth, lips, 0, 0, 180, (0.12, 0.03, 0.03), 2, cv2.LINE_AA)
    for line in range(int(traits.integers(0, 5))):
        y = unit * (0.31 + 0.025 * line)
        cv2.ellipse(
            colour,
            (middle, int(y + 60)),
            (int(unit * 0.15), 60),
            0,
            215,
            325,
            (0.10, 0.06, 0.05),
            1,
            cv2.LINE_AA,
        )


def _light(relief: Plane, room: Room, rng: np.random.Generator) -> Plane:
    """Shade the relief by one window and the walls."""
    habit = chance(room.style, "studio light")
    slope_x, slope_y = (
        cv2.Sobel(relief, cv2.CV_32F, 1, 0, ksize=5),
        cv2.Sobel(relief, cv2.CV_32F, 0, 1, ksize=5),
    )
    lamp = np.array([habit.uniform(-1, 1), habit.uniform(-1, -0.2), 1.0]) + rng.normal(0, 0.015, 3)
    lamp /= np.linalg.norm(lamp)
    length = np.sqrt(slope_x**2 + slope_y**2 + 48.0**2)
    facing = (-slope_x * lamp[0] - slope_y * lamp[1] + 48.0 * lamp[2]) / length
    glint = np.clip(facing, 0, 1) ** 30 * habit.uniform(0.1, 0.8)
    return np.asarray(habit.uniform(0.25, 0.5) + 0.75 * np.clip(facing, 0, 1) + glint, np.float32)


def _shifted(scene: Plane, by: NDArray[np.float64]) -> Plane:
    move = np.array([[1, 0, by[0]], [0, 1, by[1]]], np.float32)
    size = (scene.shape[1], scene.shape[0])
    return np.asarray(cv2.warpAffine(scene, move, size, borderMode=cv2.BORDER_REFLECT), np.float32)


@lru_cache(maxsize=4)
def _wall(style: int, own: int, size: tuple[int, int]) -> Plane:
    """Draw the room: bricks, boards, blinds, bokeh, two colours or plain paper. Shared: not to be written to."""
    rng, paint = chance(own, "studio wall"), chance(style, "studio paint")
    width, height = size
    wall = np.empty((height, width, 3), np.float32)
    wall[:] = paint.uniform(0.04, 0.8) * paint.uniform(0.8, 1.2, 3)
    kind = int(chance(style, "studio kind").integers(6))
    if kind < len(_PATTERNS):
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        wall *= _PATTERNS[kind](rows, columns, rng)[..., None]
    elif kind == 3:
        _bokeh(wall, rng)
    elif kind == 4:
        wall[:, int(width * rng.uniform(0.3, 0.7)) :] *= rng.uniform(0.3, 1.6, 3).astype(np.float32)
    wall *= np.linspace(1.1, 0.7, height, dtype=np.float32)[:, None, None]
    wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), float(rng.choice([0.7, 2.5, 6.0]))), np.float32)
    wall *= 1 + rng.normal(0, 0.02, (height, width, 1)).astype(np.float32)
    wall.flags.writeable = False
    return wall


def _bricks(rows: Plane, columns: Plane, rng: np.random.Generator) -> Plane:
    step = rows.shape[0] / rng.uniform(8, 20)
    columns = columns + (rows // step % 2) * step
    joint = (rows % step < step * 0.08) | (columns % (2 * step) < step * 0.08)
    brick = 1 + 0.15 * np.sin(
        rows // step * rng.uniform(20, 60) + columns // (2 * step) * rng.uniform(10, 30)
    )
    return np.where(joint, np.float32(0.5), brick).astype(np.float32)


def _boards(rows: Plane, columns: Plane, rng: np.random.Generator) -> Plane:
    wave = rng.uniform(0.5, 2.0, 4)
    across, down = columns / columns.shape[1], rows / rows.shape[0]
    swirl = 6 * np.sin(down * 3 * wave[0]) + 2 * np.sin(across * 40 * wave[1])
    return np.asarray(1 + 0.2 * np.sin(columns / 9 * wave[2] + swirl + 6 * wave[3]), np.float32)


def _blinds(rows: Plane, columns: Plane, rng: np.random.Generator) -> Plane:
    slat, start = rows.shape[0] / rng.uniform(12, 40), rng.uniform(0, rows.shape[0])
    return np.asarray(0.7 + 0.5 * ((rows + start + 0.004 * columns) % slat / slat), np.float32)


def _bokeh(wall: Plane, rng: np.random.Generator) -> None:
    height, width = wall.shape[:2]
    for _ in range(40):
        place, ink = (int(rng.integers(width)), int(rng.integers(height))), rng.uniform(0.1, 1, 3).tolist()
        layer = wall.copy()
        cv2.circle(layer, place, int(height * rng.uniform(0.02, 0.09)), ink, -1, cv2.LINE_AA)
        wall += 0.4 * (layer - wall)


_PATTERNS = (_bricks, _boards, _blinds)


def _developed(scene: Plane, room: Room, rng: np.random.Generator) -> Picture:
    """Expose, add shot noise (stronger where bright), lift the shadows as phones do, save."""
    habit = chance(room.seed, "studio camera")
    seen = np.clip(scene * (habit.uniform(0.7, 1.3) * habit.uniform(0.9, 1.1, 3)).astype(np.float32), 0, 1.2)
    seen += rng.normal(0, habit.uniform(0.008, 0.03), seen.shape) * np.sqrt(seen + 0.02)
    tone = np.clip(seen, 0, 1) ** (1 / 2.2)
    local = cv2.GaussianBlur(tone.astype(np.float32), (0, 0), max(scene.shape) / 40)
    tone = np.clip(tone + habit.uniform(0, 0.35) * (tone - local) + 0.08 * (0.5 - local), 0, 1)
    body = cv2.imencode(
        ".jpg",
        (tone[..., ::-1] * 255).astype(np.uint8),
        [cv2.IMWRITE_JPEG_QUALITY, int(habit.integers(70, 95))],
    )
    saved = np.asarray(cv2.imdecode(body[1], cv2.IMREAD_COLOR), np.uint8)
    return Picture(np.ascontiguousarray(saved[..., ::-1]))


__all__ = ["VIEWS", "Person", "Room", "draw_portrait"]
