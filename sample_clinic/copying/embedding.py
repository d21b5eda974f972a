"""Copies set among other things, as on pages and screens."""

import cv2
import numpy as np
from numpy.random import Generator

from sample_clinic.copying.canvas import (
    as_picture,
    clouds,
    colour,
    fitted,
    letters,
    longest_side,
    maybe,
    name,
    sized,
    stranger,
)
from sample_clinic.copying.photometry import jpeg
from watermark.picture.pixels import Picture


def beside_another(picture: Picture, rng: Generator) -> Picture:
    """Set it beside a stranger's picture, as in a composite."""
    high = int(rng.uniform(400, 900))
    wide = int(high * rng.uniform(0.6, 1.1))
    sides = [fitted(picture.rgb, wide, high), stranger(rng, high, wide)]
    if maybe(rng, 0.5):
        sides.reverse()
    gap = np.full((high, int(rng.integers(0, 16)), 3), colour(rng), np.uint8)
    return as_picture(np.hstack([sides[0], gap, sides[1]]))


def tile_of_four(picture: Picture, rng: Generator) -> Picture:
    """Make it one tile of four."""
    high, wide = (int(value) for value in rng.uniform(280, 520, 2))
    tiles = [stranger(rng, high, wide) for _ in range(3)]
    tiles.insert(int(rng.integers(0, 4)), fitted(picture.rgb, wide, high))
    return as_picture(np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])]))


def page_screenshot(picture: Picture, rng: Generator) -> Picture:
    """Take a screenshot of a web page that shows it."""
    width, height = int(rng.integers(1000, 1500)), int(rng.integers(700, 950))
    canvas = np.full((height, width, 3), rng.choice([255, 246, 30]), np.uint8)
    ink = colour(rng, 0, 90) if canvas[0, 0, 0] > 128 else colour(rng, 170, 256)  # noqa: PLR2004
    bar = int(rng.integers(60, 130))
    canvas[:bar] = colour(rng, 190, 240)
    canvas[bar // 2 : bar // 2 + 22, width // 8 : width * 5 // 6] = 255
    shown = longest_side(picture, rng.uniform(0.4, 0.62) * width)[: height - bar - 40]
    left, top = int(rng.integers(10, width - shown.shape[1] - 9)), bar + int(rng.integers(10, 40))
    canvas[top : top + shown.shape[0], left : left + shown.shape[1]] = shown
    free = (
        (left + shown.shape[1] + 20, width - 20) if left < width - left - shown.shape[1] else (20, left - 20)
    )
    for y in range(top, height - 40, int(rng.integers(24, 44))):
        if free[1] - free[0] > 120:  # noqa: PLR2004
            letters(canvas, rng, name(rng) + " " + name(rng), (free[0], y, free[1], y + 18), ink)
    if maybe(rng, 0.5):
        canvas[-90:] = stranger(rng, 90, width)
    return jpeg(as_picture(canvas), rng, 60, 95)


def phone_screenshot(picture: Picture, rng: Generator) -> Picture:
    """Take a screenshot of a phone's app that shows it."""
    width, height = int(rng.integers(380, 760)), 0
    shown = longest_side(picture, width * max(1.0, picture.height / picture.width))
    shown = sized(shown, width, shown.shape[0] * width / shown.shape[1])
    height = max(int(width * rng.uniform(1.8, 2.2)), shown.shape[0] + 160)
    canvas = np.full((height, width, 3), rng.choice([255, 0, 18]), np.uint8)
    ink = (30, 30, 30) if canvas[0, 0, 0] else (230, 230, 230)
    top = int(rng.integers(70, max(71, height - shown.shape[0] - 80)))
    canvas[top : top + shown.shape[0]] = shown
    letters(canvas, rng, "9:41", (width // 20, 8, width // 5, 30), ink)
    cv2.circle(canvas, (34, top - 30), 18, colour(rng), -1, cv2.LINE_AA)
    letters(canvas, rng, name(rng).lower(), (64, top - 42, width // 2, top - 20), ink)
    for number in range(3):
        centre = (34 + 52 * number, top + shown.shape[0] + 28)
        cv2.circle(canvas, centre, 13, ink, 2, cv2.LINE_AA)
    for y in range(top + shown.shape[0] + 60, height - 70, 30):
        letters(canvas, rng, " ".join(name(rng) for _ in range(3)), (16, y, width - 30, y + 20), ink)
    return jpeg(as_picture(canvas), rng, 60, 95)


def photo_of_screen(picture: Picture, rng: Generator) -> Picture:
    """Photograph it on a screen.

    The screen slants and brings its grid, moiré, glare, another gamma and a bezel.
    """
    shown = longest_side(picture, rng.uniform(700, 1100)).astype(np.float64)
    height, width = shown.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = rng.uniform(0.35, 1.2, 2)
    shown *= (1 + rng.uniform(0.01, 0.05) * np.sin(waves[0] * rows + rng.uniform(-0.3, 0.3) * columns))[
        ..., None
    ]
    shown *= (1 + rng.uniform(0.01, 0.04) * np.sin(waves[1] * columns + rng.uniform(-0.2, 0.2) * rows))[
        ..., None
    ]
    shown = 255 * (np.clip(shown, 0, 255) / 255) ** rng.uniform(0.75, 1.3) * rng.uniform(0.8, 1.1, 3)
    edge = int(0.08 * max(height, width))
    bezel = cv2.copyMakeBorder(shown, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=[18, 18, 20])
    size = (bezel.shape[1], bezel.shape[0])
    corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float32)
    slanted = corners + rng.uniform(-0.07, 0.07, (4, 2)).astype(np.float32) * np.array(size, np.float32)
    seen = cv2.warpPerspective(
        bezel, cv2.getPerspectiveTransform(corners, slanted), size, borderValue=colour(rng)
    )
    glare = clouds(rng, size[1], size[0]) ** 4 * rng.uniform(0, 70)
    seen = cv2.GaussianBlur(seen + glare[..., None], (0, 0), rng.uniform(0.5, 1.3))
    return jpeg(as_picture(seen + rng.normal(0, rng.uniform(2, 7), seen.shape)), rng, 70, 92)
