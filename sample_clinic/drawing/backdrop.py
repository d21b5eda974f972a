"""The room behind a head, out of focus."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from sample_clinic.drawing.noise import Plane, chance, spread, tile

_WALLS = (
    (208, 206, 200),
    (186, 196, 204),
    (224, 220, 212),
    (150, 158, 164),
    (96, 104, 112),
    (60, 90, 140),
    (30, 32, 36),
    (196, 180, 160),
    (214, 226, 216),
)
KINDS = ("plain", "gradient", "door", "poster", "tiles", "curtain", "cabinet", "window", "panel", "plant")
_OFTEN = (0.24, 0.12, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08)  # most practices have a plain wall
_DRAWN_AT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Backdrop:
    """What is behind a head.

    `wall` is sRGB; `glow` is where its light comes from; `blur` says how far it is out of focus.
    """

    kind: str
    wall: tuple[int, int, int]
    glow: tuple[float, float]
    blur: float
    furniture: int
    plaster: int


def backdrop_of(style: int, own: int | None = None) -> Backdrop:
    """Draw one room's backdrop.

    With `own` it is another room furnished in the same style.
    """
    rng = chance(style, "backdrop")
    wall = np.array(_WALLS[rng.integers(len(_WALLS))]) + rng.integers(-12, 13, 3)
    made = Backdrop(
        kind=str(rng.choice(KINDS, p=_OFTEN)),
        wall=(int(wall[0]), int(wall[1]), int(wall[2])),
        glow=(float(rng.uniform(0.1, 0.9)), float(rng.uniform(-0.1, 0.6))),
        blur=float(rng.choice([0.8, 2.0, 5.0, 9.0])),
        furniture=style,
        plaster=style,
    )
    if own is None:
        return made
    tint = chance(own, "tint").integers(-7, 8, 3)
    painted = (made.wall[0] + int(tint[0]), made.wall[1] + int(tint[1]), made.wall[2] + int(tint[2]))
    return replace(made, wall=painted, furniture=own, plaster=own)


def draw_backdrop(backdrop: Backdrop, size: tuple[int, int], shift: tuple[float, float]) -> Plane:
    """Draw a backdrop as linear light.

    Args:
        backdrop: what to draw.
        size: (width, height) in pixels.
        shift: how far the camera moved, (x, y) in pixels.

    Returns:
        float32, shape (height, width, 3).
    """
    width, height = int(size[0] * _DRAWN_AT), int(size[1] * _DRAWN_AT)
    room: Plane = np.empty((height, width, 3), np.float32)
    room[:] = (np.array(backdrop.wall, np.float32) / 255) ** 2
    draw = _FURNISH.get(backdrop.kind)
    if draw is not None:
        draw(room, chance(backdrop.furniture, "furniture"))
    if any(shift):
        move = np.array([[1, 0, shift[0] * _DRAWN_AT], [0, 1, shift[1] * _DRAWN_AT]], np.float32)
        moved = cv2.warpAffine(room, move, (width, height), borderMode=cv2.BORDER_REFLECT)
        room = np.asarray(moved, np.float32)
    cv2.GaussianBlur(room, (0, 0), backdrop.blur * height / 450, dst=room)
    columns = np.linspace(0, 1, width, dtype=np.float32) - backdrop.glow[0]
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None] - backdrop.glow[1]
    room *= (0.55 + 0.6 * np.exp(-(columns**2 + rows**2) * np.float32(1.6)))[..., None]
    full = np.asarray(cv2.resize(room, size, interpolation=cv2.INTER_LINEAR), np.float32)
    start = chance(backdrop.plaster, "plaster").uniform(0, 512, 2)
    offset = (float(start[0]) - shift[0], float(start[1]) - shift[1])
    plaster = spread(tile(backdrop.plaster % 5 + 11, 512, 0.7), size, 1.0, offset)
    full *= (1 + np.float32(0.035 / max(1.0, backdrop.blur**0.5)) * plaster)[..., None]
    return full


def _colour(rng: np.random.Generator, low: float = 0.02, high: float = 0.7) -> tuple[float, float, float]:
    base = rng.uniform(low, high)
    red, green, blue = (float(np.clip(base * v, 0, 1)) for v in rng.uniform(0.7, 1.3, 3))
    return red, green, blue


def _box(room: Plane, box: tuple[float, float, float, float], colour: tuple[float, float, float]) -> None:
    height, width = room.shape[:2]
    corner = (round(box[0] * width), round(box[1] * height))
    cv2.rectangle(room, corner, (round(box[2] * width), round(box[3] * height)), colour, -1, cv2.LINE_AA)


def _gradient(room: Plane, rng: np.random.Generator) -> None:
    low = rng.uniform(0.2, 0.8)
    room *= np.linspace(1, low, room.shape[0], dtype=np.float32)[:, None, None]


def _door(room: Plane, rng: np.random.Generator) -> None:
    left, wide = rng.uniform(-0.1, 0.75), rng.uniform(0.25, 0.4)
    tone = _colour(rng, 0.1, 0.8)
    dark = (tone[0] * 0.5, tone[1] * 0.5, tone[2] * 0.5)
    _box(room, (left - 0.02, 0.08, left + wide + 0.02, 1.0), dark)
    _box(room, (left, 0.11, left + wide, 1.0), tone)
    for top, bottom in ((0.18, 0.5), (0.58, 0.92)):
        _box(room, (left + 0.05, top, left + wide - 0.05, bottom), dark)
        _box(room, (left + 0.057, top + 0.012, left + wide - 0.057, bottom - 0.012), tone)
    _box(room, (left + wide - 0.05, 0.53, left + wide - 0.02, 0.55), (0.05, 0.05, 0.05))


def _poster(room: Plane, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 4))):
        left, top = rng.uniform(-0.1, 0.85), rng.uniform(-0.1, 0.5)
        wide, high = rng.uniform(0.16, 0.34), rng.uniform(0.25, 0.5)
        _box(room, (left - 0.008, top - 0.01, left + wide + 0.008, top + high + 0.01), (0.03, 0.03, 0.03))
        _box(room, (left, top, left + wide, top + high), _colour(rng, 0.4, 0.9))
        _box(room, (left + 0.02, top + 0.03, left + wide - 0.02, top + high * 0.55), _colour(rng))
        for line in range(int(rng.integers(3, 8))):
            y = top + high * (0.62 + 0.045 * line)
            _box(
                room,
                (left + 0.02, y, left + 0.02 + (wide - 0.04) * rng.uniform(0.4, 1), y + 0.012),
                (0.08, 0.08, 0.1),
            )


def _tiles(room: Plane, rng: np.random.Generator) -> None:
    height, width = room.shape[:2]
    side = int(height * rng.uniform(0.08, 0.2))
    for row in range(height // side + 1):
        for column in range(width // side + 2):
            left, top = column * side - (row % 2) * int(side * 0.5), row * side
            room[top : top + side, max(0, left) : max(0, left + side)] *= np.float32(rng.uniform(0.9, 1.08))
            cv2.rectangle(room, (left, top), (left + side, top + side), (0.35, 0.35, 0.34), 2)


def _curtain(room: Plane, rng: np.random.Generator) -> None:
    width = room.shape[1]
    columns = np.arange(width, dtype=np.float32)
    folds = np.zeros(width, np.float32)
    for part in (1, 2.3, 4.1):
        folds += np.sin(columns / width * rng.uniform(25, 45) * part + rng.uniform(0, 6)) / part
    room *= (0.75 + 0.22 * folds)[None, :, None] * np.array(_colour(rng, 0.5, 0.9), np.float32)


def _cabinet(room: Plane, rng: np.random.Generator) -> None:
    left, tone = rng.uniform(-0.2, 0.6), _colour(rng, 0.3, 0.9)
    wide = rng.uniform(0.35, 0.6)
    _box(room, (left, -0.1, left + wide, 1.1), tone)
    for shelf in range(5):
        y = 0.05 + 0.22 * shelf
        _box(
            room,
            (left + 0.01, y, left + wide - 0.01, y + 0.19),
            (tone[0] * 0.35, tone[1] * 0.35, tone[2] * 0.35),
        )
        x = left + 0.02
        while x < left + wide - 0.05:
            across, tall = rng.uniform(0.02, 0.06), rng.uniform(0.06, 0.17)
            _box(room, (x, y + 0.19 - tall, x + across, y + 0.19), _colour(rng))
            x += across + rng.uniform(0.004, 0.03)


def _window(room: Plane, rng: np.random.Generator) -> None:
    left, top = rng.uniform(-0.2, 0.7), rng.uniform(-0.2, 0.15)
    _box(room, (left, top, left + 0.45, top + 0.7), (0.7, 0.7, 0.68))
    for column in range(2):
        x = left + 0.02 + column * 0.215
        _box(room, (x, top + 0.03, x + 0.195, top + 0.67), (0.88, 0.95, 1.0))
        _box(room, (x, top + 0.4, x + 0.195, top + 0.67), _colour(rng, 0.2, 0.5))


def _panel(room: Plane, rng: np.random.Generator) -> None:
    split = rng.uniform(0.3, 0.7)
    _box(room, (split, -0.1, 1.1, 1.1), _colour(rng, 0.05, 0.8))
    text = rng.choice(["HAIR", "SKIN", "STUDIO", "CLINIC", "CARE", "SCALP"])
    place = (int(room.shape[1] * rng.uniform(0, 0.7)), int(room.shape[0] * rng.uniform(0.1, 0.35)))
    letters = np.zeros(room.shape[:2], np.uint8)
    cv2.putText(letters, str(text), place, cv2.FONT_HERSHEY_DUPLEX, room.shape[0] / 300, 255, 4, cv2.LINE_AA)
    room += (letters[..., None] / np.float32(255)) * (np.array(_colour(rng), np.float32) - room)


def _plant(room: Plane, rng: np.random.Generator) -> None:
    height, width = room.shape[:2]
    root = (width * rng.choice([0.1, 0.88]), height * 0.95)
    for _ in range(26):
        angle, far = rng.uniform(-2.7, -0.45), height * rng.uniform(0.3, 0.75)
        tip = (root[0] + far * np.cos(angle) * 0.6, root[1] + far * np.sin(angle))
        green = (float(rng.uniform(0.02, 0.1)), float(rng.uniform(0.1, 0.3)), float(rng.uniform(0.02, 0.1)))
        middle = ((root[0] + tip[0]) / 2 + rng.normal(0, 12), (root[1] + tip[1]) / 2)
        leaf = np.array([root, (middle[0] - 9, middle[1]), tip, (middle[0] + 9, middle[1])]).astype(np.int32)
        cv2.fillPoly(room, [leaf], green, cv2.LINE_AA)


_FURNISH = {
    "gradient": _gradient,
    "door": _door,
    "poster": _poster,
    "tiles": _tiles,
    "curtain": _curtain,
    "cabinet": _cabinet,
    "window": _window,
    "panel": _panel,
    "plant": _plant,
}
