"""A second hand: flat heads painted with brushes, in rooms of their own.

Nothing here is shared with the solid heads of `clinic`, so that what is learned of one hand can be tried on the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from sample_clinic.drawing.noise import Plane, chance
from watermark.picture.pixels import Picture

STAGES = ("before", "after", "later")
SHOWN = {"before": None, "after": 0.8, "later": 0.95}  # share of the follicles; before, the person's own
FOLLICLES, BEARD = 5200, 900
GRAIN = 3.2  # grey levels
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Head:
    """Where a head is on the canvas, and how large: pixels and degrees."""

    x: float
    y: float
    wide: float
    high: float
    tilt: float


def draw_painting(
    person: int, room: int, *, stage: str = "before", shot: int = 0, size: tuple[int, int] = (900, 1100)
) -> Picture:
    """Paint one portrait, always the same for the same arguments.

    Args:
        person: who.
        room: where: wall, light.
        stage: one of `STAGES`; only the stubble, the day's pose and the day's face differ.
        shot: another number is another photograph of the same session: the head moves, the face too, grain differs.
        size: (width, height) in pixels.
    """
    day, breath = chance(person, room, stage, "day"), chance(person, room, stage, shot, "breath")
    head = _head(person, size, day, breath if shot else None)
    layer = Image.new("RGBA", size, (0, 0, 0, 0))
    brush = ImageDraw.Draw(layer)
    _body(brush, person, head, size)
    _face(brush, person, head, day, breath if shot else None)
    _stubble(brush, person, head, stage)
    layer = layer.rotate(head.tilt, Image.Resampling.BICUBIC, center=(head.x, size[1] * 0.8))
    canvas = _room(room, size)
    canvas.paste(layer, (0, 0), layer)
    cover: Plane = np.asarray(layer.getchannel("A"), np.float32) / np.float32(255)
    pixels = np.asarray(canvas, np.float32) * _shade(room, head, cover)[..., None]
    pixels += (28 * _clouds(chance(person, "pores"), size, (150, 400)) * cover)[..., None]
    pixels += breath.normal(0, GRAIN, pixels.shape)
    photograph = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.8)
    )
    return Picture(np.asarray(photograph))


def _clouds(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, ...]) -> Plane:
    """Smooth noise of several scales, each given in cells to 1000 pixels."""
    total = np.zeros((size[1], size[0]), np.float32)
    for count in cells:
        coarse = rng.random((size[1] * count // 1000 + 2, size[0] * count // 1000 + 2)).astype(np.float32)
        layer = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
        total += (np.asarray(layer, np.float32) - 0.5) / np.float32(count**0.5)
    return total


def _tone(colour: NDArray[np.floating], by: float = 1.0) -> Colour:
    red, green, blue = (int(part) for part in np.clip(colour * by, 0, 255))
    return red, green, blue


def _room(seed: int, size: tuple[int, int]) -> Image.Image:
    """Paint a wall: plain, with a frame and a door, with boards, or with a rail, a clock and a sign."""
    rng, (width, height) = chance(seed, "painted room"), size
    base = rng.uniform(90, 225, 3)
    slope = np.linspace(0, 1, height)[:, None] * rng.uniform(-30, 30) + np.linspace(
        0, 1, width
    ) * rng.uniform(-40, 40)
    wall = base + (slope + _clouds(rng, size, (3, 9, 60)) * rng.uniform(10, 40))[..., None]
    canvas = Image.fromarray(np.clip(wall, 0, 255).astype(np.uint8))
    brush, tone = ImageDraw.Draw(canvas), _tone(base * rng.uniform(0.5, 0.85))
    kind = seed % 4
    if kind == 1:
        left, right = rng.uniform(0.02, 0.1), rng.uniform(0.18, 0.26)
        brush.rectangle((left * width, 0.05 * height, right * width, 0.45 * height), outline=tone, width=9)
        brush.rectangle((0.8 * width, 0, 0.97 * width, 0.9 * height), fill=tone)
    elif kind == 2:  # noqa: PLR2004
        for x in range(0, width, width // int(rng.integers(8, 16))):
            brush.line((x, 0, x, height), fill=tone, width=3)
    elif kind == 3:  # noqa: PLR2004
        brush.line((0, 0.62 * height, width, 0.6 * height), fill=tone, width=14)
        brush.ellipse((0.04 * width, 0.1 * height, 0.2 * width, 0.3 * height), fill=tone)
        brush.text((0.78 * width, 0.1 * height), "CLINIC", font=ImageFont.load_default(40), fill=tone)
    return canvas


def _head(
    person: int, size: tuple[int, int], day: np.random.Generator, breath: np.random.Generator | None
) -> _Head:
    rng = chance(person, "painted head")
    still = np.zeros(3) if breath is None else breath.normal(0, [0.006, 0.005, 1.2])
    where = day.normal(0, [0.012, 0.012, 1.5]) + still
    return _Head(
        x=size[0] * (0.5 + rng.normal(0, 0.01) + where[0]),
        y=size[1] * (0.44 + where[1]),
        wide=size[0] * rng.uniform(0.23, 0.28),
        high=size[1] * rng.uniform(0.28, 0.33),
        tilt=float(where[2]),
    )


def _skin(person: int) -> NDArray[np.float64]:
    rng = chance(person, "painted skin")
    return np.array([232.0, 190, 165]) * rng.uniform(0.35, 1.05) * rng.uniform(0.93, 1.07, 3)


def _body(brush: ImageDraw.ImageDraw, person: int, head: _Head, size: tuple[int, int]) -> None:
    """Paint neck, shoulders, ears and the bare head."""
    skin, height = _skin(person), size[1]
    shirt = _tone(chance(person, "shirt").uniform(15, 240, 3))
    x, y, wide, high = head.x, head.y, head.wide, head.high
    brush.rectangle((x - wide / 2, y + 0.6 * high, x + wide / 2, height), fill=_tone(skin, 0.85))
    half = [(1.9, height), (1.5, y + 1.35 * high), (0.5, y + 1.12 * high)]
    outline = [(x - out * wide, down) for out, down in half] + [
        (x + out * wide, down) for out, down in half[::-1]
    ]
    brush.polygon(outline, fill=shirt)
    for side in (-1, 1):
        ear = x + side * 1.02 * wide
        brush.ellipse((ear - 26, y - 20, ear + 26, y + 0.3 * high), fill=_tone(skin, 0.9))
    brush.ellipse((x - wide, y - high, x + wide, y + high), fill=_tone(skin))


def _face(
    brush: ImageDraw.ImageDraw,
    person: int,
    head: _Head,
    day: np.random.Generator,
    breath: np.random.Generator | None,
) -> None:
    """Paint eyes, brows, nose, mouth, moles, and some people's glasses."""

    def mood(spread: float) -> float:
        return float(day.normal(0, spread) + (0 if breath is None else breath.normal(0, spread)))

    rng, skin = chance(person, "painted face"), _skin(person)
    x, y, wide, high = head.x, head.y, head.wide, head.high
    level, apart = y + high * rng.uniform(0.02, 0.1), wide * rng.uniform(0.38, 0.46)
    iris = _tone(rng.uniform(40, 140, 3))
    for side in (-1, 1):
        eye, across = x + side * apart + mood(1.5), wide * rng.uniform(0.16, 0.2)
        open_, gaze = across * rng.uniform(0.35, 0.5) + mood(1.5), mood(3)
        brush.ellipse((eye - across, level - open_, eye + across, level + open_), fill=(238, 236, 230))
        for size, colour in ((0.8, iris), (0.35, (10, 10, 10))):
            ring = size * open_
            brush.ellipse((eye + gaze - ring, level - ring, eye + gaze + ring, level + ring), fill=colour)
        brow = level - across * rng.uniform(1, 1.5) + mood(3)
        line = [eye - 1.2 * across, brow + rng.normal(0, 6), eye, brow - 7, eye + 1.2 * across, brow + 5]
        brush.line(line, fill=(50, 35, 28), width=int(rng.uniform(6, 14)), joint="curve")
    tip, nose = y + high * rng.uniform(0.38, 0.46), wide * rng.uniform(0.12, 0.2)
    brush.arc(
        (x - nose, tip - 1.3 * nose, x + nose, tip + 0.6 * nose), 20, 160, fill=_tone(skin, 0.62), width=7
    )
    brush.line((x + nose / 2, level, x + 0.7 * nose, tip - 10), fill=_tone(skin, 0.82), width=6)
    lips, half = y + high * rng.uniform(0.62, 0.68) + mood(3), wide * rng.uniform(0.28, 0.4) + mood(3)
    red = _tone(skin * np.array([0.8, 0.55, 0.55]))
    brush.ellipse((x - half, lips - 14, x + half, lips + 14 + mood(2)), fill=red)
    brush.line((x - half, lips, x + half, lips + mood(2)), fill=_tone(skin, 0.4), width=3)
    for angle, out, dot in rng.uniform([0, 0.1, 2], [2 * np.pi, 0.9, 5], (int(rng.integers(2, 12)), 3)):
        mole = (x + wide * out * np.cos(angle), y + high * out * np.sin(angle))
        brush.ellipse((mole[0] - dot, mole[1] - dot, mole[0] + dot, mole[1] + dot), fill=_tone(skin, 0.6))
    if person % 5 == 0:
        for side in (-1, 1):
            lens = x + side * apart
            brush.ellipse((lens - 44, level - 36, lens + 44, level + 36), outline=(20, 20, 20), width=6)


def _stubble(brush: ImageDraw.ImageDraw, person: int, head: _Head, stage: str) -> None:
    """Paint the same follicles at every stage, more of them in later ones, and some people's beard."""
    rng = chance(person, "follicles")
    spots, kept, tones = rng.random((FOLLICLES, 2)), rng.random(FOLLICLES), rng.uniform(25, 90, FOLLICLES)
    hairline, own = rng.uniform(-0.62, -0.3), rng.uniform(0.08, 0.35)
    across, down = 2 * spots[:, 0] - 1, 1.15 * spots[:, 1] * (hairline + 1) - 1
    shown = (across**2 + down**2 < 0.97) & (kept < (SHOWN[stage] or own))  # noqa: PLR2004
    shown &= (np.abs(across) > 0.6) | (down < hairline)  # noqa: PLR2004
    for dot in np.flatnonzero(shown):
        x, y, size = head.x + across[dot] * head.wide, head.y + down[dot] * head.high, 1.1 + kept[dot] * 0.8
        tone = _tone(tones[dot] * np.array([1, 0.85, 0.8]))
        brush.ellipse((x - size, y - size, x + size, y + size), fill=tone)
    if person % 3 == 0:
        chin = (rng.random((BEARD, 2)) * [2, 1] - [1, 0]) * [0.75, 0.48] + [0, 0.5]
        for right, low in chin[(chin**2).sum(1) < 0.95]:  # noqa: PLR2004
            x, y = head.x + right * head.wide, head.y + low * head.high
            brush.ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), fill=(60, 50, 46))


def _shade(room: int, head: _Head, cover: Plane) -> Plane:
    """Light from one side on the head, and the corners darker."""
    height, width = cover.shape
    lamp = chance(room, "lamp").uniform(-0.4, 0.4)
    across, down = (
        np.arange(width, dtype=np.float32)[None] - head.x,
        np.arange(height, dtype=np.float32)[:, None],
    )
    side = np.clip(across / head.wide * np.sign(lamp) + 0.2, -1, 1) * abs(lamp) * 0.45 * cover
    corner = 0.2 * ((across / width) ** 2 + ((down - head.y) / height) ** 2)
    return np.asarray(1 - side - corner, np.float32)
