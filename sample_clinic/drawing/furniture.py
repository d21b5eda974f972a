"""What sites put around photographs, from logos to pages."""

# ruff: noqa: PLR2004 (a drawing is made of numbers)

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.everyday import draw_everyday
from sample_clinic.drawing.noise import chance
from watermark.picture.pixels import Picture, resize

Canvas = NDArray[np.uint8]
_WORDS = """before after results hair scalp clinic studio natural density session treatment book now
    consultation free real clients care skin line tattoo micro follicle confidence today our team trusted
    reviews contact price gallery""".split()  # noqa: SIM905 (forty words)
_FACES = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)


def _ink(rng: np.random.Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def _words(rng: np.random.Generator, count: int) -> str:
    return " ".join(rng.choice(_WORDS, count))


def _sheet(size: tuple[int, int], colour: tuple[int, int, int]) -> Canvas:
    canvas = np.empty((size[1], size[0], 3), np.uint8)
    canvas[:] = colour
    return canvas


def _write(
    canvas: Canvas, text: str, place: tuple[int, int], tall: float, ink: tuple[int, int, int], face: int = 0
) -> None:
    cv2.putText(canvas, text, place, _FACES[face], tall / 22, ink, max(1, round(tall / 12)), cv2.LINE_AA)


def draw_logo(seed: int, size: tuple[int, int] = (400, 200)) -> Picture:
    """Draw a company's sign and name on a plain ground."""
    rng = chance(seed, "logo")
    canvas = _sheet(size, (255, 255, 255) if rng.random() < 0.6 else _ink(rng))
    middle, radius, ink = (size[1] // 2, size[1] // 2), int(size[1] * 0.33), _ink(rng, 0, 180)
    for ring in range(int(rng.integers(1, 4))):
        corners = int(rng.integers(3, 9))
        turn = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 3)
        outline = np.stack(
            [middle[0] + (radius - 9 * ring) * np.cos(turn), middle[1] + (radius - 9 * ring) * np.sin(turn)],
            1,
        )
        if rng.random() < 0.5:
            cv2.fillPoly(canvas, [outline.astype(np.int32)], _ink(rng), cv2.LINE_AA)
        else:
            cv2.circle(canvas, middle, radius - 9 * ring, ink, int(rng.choice([-1, 4, 9])), cv2.LINE_AA)
    _write(
        canvas,
        _words(rng, 1).upper(),
        (size[1], int(size[1] * 0.58)),
        size[1] * 0.2,
        ink,
        int(rng.integers(4)),
    )
    return Picture(canvas)


def draw_badge(seed: int, side: int = 240) -> Picture:
    """Draw a round seal or a star rating."""
    rng = chance(seed, "badge")
    canvas = _sheet((side, side), (255, 255, 255))
    middle, ink = (side // 2, side // 2), _ink(rng, 0, 200)
    teeth = int(rng.integers(12, 40))
    turn = np.linspace(0, 2 * np.pi, teeth * 2, endpoint=False)
    radius = np.where(np.arange(teeth * 2) % 2, side * 0.47, side * 0.43)
    edge = np.stack([side / 2 + radius * np.cos(turn), side / 2 + radius * np.sin(turn)], 1).astype(np.int32)
    cv2.fillPoly(canvas, [edge], ink, cv2.LINE_AA)
    cv2.circle(canvas, middle, int(side * 0.37), (255, 255, 255), 3, cv2.LINE_AA)
    for star in range(5):
        _star(canvas, (side * (0.26 + 0.12 * star), side * 0.4), side * 0.05, (250, 210, 60))
    _write(canvas, _words(rng, 1).upper(), (int(side * 0.22), int(side * 0.62)), side * 0.09, (255, 255, 255))
    return Picture(canvas)


def _star(canvas: Canvas, middle: tuple[float, float], radius: float, ink: tuple[int, int, int]) -> None:
    turn = np.linspace(-np.pi / 2, 1.5 * np.pi, 10, endpoint=False)
    far = np.where(np.arange(10) % 2, radius * 0.4, radius)
    outline = np.stack([middle[0] + far * np.cos(turn), middle[1] + far * np.sin(turn)], 1)
    cv2.fillPoly(canvas, [outline.astype(np.int32)], ink, cv2.LINE_AA)


def draw_banner(seed: int, size: tuple[int, int] = (1200, 300)) -> Picture:
    """Draw an advertisement with large words."""
    rng = chance(seed, "banner")
    if rng.random() < 0.5:
        canvas = (draw_everyday(seed + 70_000, size).rgb * np.float32(rng.uniform(0.3, 0.8))).astype(np.uint8)
    else:
        canvas = _sheet(size, _ink(rng))
    ink = (255, 255, 255) if canvas.mean() < 128 else (20, 20, 30)
    tall = size[1] * rng.uniform(0.12, 0.22)
    for line in range(3):
        place = (int(size[0] * 0.05), int(size[1] * (0.3 + 0.25 * line)))
        _write(
            canvas,
            _words(rng, int(rng.integers(2, 5))).title(),
            place,
            tall * (1 if line == 0 else 0.6),
            ink,
            int(rng.integers(4)),
        )
    return Picture(canvas)


def draw_stock(seed: int, size: tuple[int, int] = (900, 600)) -> Picture:
    """Draw a stock picture with its agency's faint lettering."""
    rng = chance(seed, "stock")
    canvas = draw_everyday(seed + 80_000, size).rgb.copy()
    over = canvas.copy()
    word = _words(rng, 1)
    for row in range(0, size[1], 120):
        for column in range(-60, size[0], 260):
            _write(over, word, (column + row % 240 // 2, row), 26, (255, 255, 255))
    return Picture(cv2.addWeighted(over, 0.35, canvas, 0.65, 0).astype(np.uint8))


def _fitted(picture: Picture, size: tuple[int, int]) -> Canvas:
    """Fill (width, height) with the picture's middle."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    across, down = max(size[0], round(picture.width * scale)), max(size[1], round(picture.height * scale))
    sized = cv2.resize(
        picture.rgb, (across, down), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    left, top = (across - size[0]) // 2, (down - size[1]) // 2
    return np.asarray(sized[top : top + size[1], left : left + size[0]], np.uint8)


def collage(
    pictures: Sequence[Picture],
    *,
    columns: int = 2,
    cell: tuple[int, int] = (600, 600),
    gap: int = 6,
    labels: Sequence[str] = (),
) -> Picture:
    """Set pictures side by side, row after row.

    Each is cut to fill its cell; labels go across their feet.

    Args:
        pictures: at least one.
        columns: cells in a row.
        cell: (width, height) of each in pixels.
        gap: white pixels between.
        labels: one for each picture, or none.
    """
    rows = -(-len(pictures) // columns)
    canvas = _sheet((columns * (cell[0] + gap) - gap, rows * (cell[1] + gap) - gap), (255, 255, 255))
    for number, picture in enumerate(pictures):
        left, top = number % columns * (cell[0] + gap), number // columns * (cell[1] + gap)
        canvas[top : top + cell[1], left : left + cell[0]] = _fitted(picture, cell)
        if number < len(labels):
            foot = top + cell[1]
            canvas[foot - cell[1] // 12 : foot, left : left + cell[0]] //= 3
            _write(canvas, labels[number], (left + 14, foot - cell[1] // 36), cell[1] / 22, (255, 255, 255))
    return Picture(canvas)


def page_screenshot(
    picture: Picture, others: Sequence[Picture] = (), *, seed: int = 0, size: tuple[int, int] = (1280, 900)
) -> Picture:
    """Draw a browser window with the picture on a page."""
    rng = chance(seed, "page")
    dark = rng.random() < 0.25
    ground, ink = ((28, 28, 32), (220, 220, 220)) if dark else ((250, 250, 250), (40, 40, 40))
    canvas = _sheet(size, ground)
    canvas[:84] = (222, 225, 230)
    for number, colour in enumerate(((237, 106, 94), (245, 191, 79), (98, 197, 84))):
        cv2.circle(canvas, (22 + 22 * number, 20), 7, colour, -1, cv2.LINE_AA)
    cv2.rectangle(canvas, (110, 46), (size[0] - 60, 74), (255, 255, 255), -1)
    _write(
        canvas,
        "https://www." + _words(rng, 1) + "-" + _words(rng, 1) + ".example/gallery",
        (126, 66),
        11,
        (70, 70, 70),
    )
    _write(canvas, _words(rng, 3).title(), (60, 138), 24, ink, 1)
    wide = int(size[0] * rng.uniform(0.42, 0.62))
    shown = resize(picture, wide)
    shown = Picture(shown.rgb[: size[1] - 170])
    canvas[160 : 160 + shown.height, 60 : 60 + shown.width] = shown.rgb
    for line in range(int(rng.integers(8, 22))):
        _write(canvas, _words(rng, 4), (90 + shown.width, 180 + 26 * line), 11, ink)
    top, left = 160 + shown.height + 24, 60
    for other in others:
        if top + 150 < size[1] and left + 200 < size[0]:
            canvas[top : top + 150, left : left + 200] = _fitted(other, (200, 150))
            left += 216
    return Picture(canvas)
