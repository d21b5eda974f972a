"""What the attacks draw and measure with."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

Attack = Callable[[Picture, Generator], Picture]
Pixels = NDArray[np.uint8]


def as_picture(pixels: NDArray[np.generic]) -> Picture:
    """Round and clip any numbers to a Picture."""
    return Picture(np.ascontiguousarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def sized(pixels: Pixels, width: float, height: float) -> Pixels:
    """Resize to width by height, smoothly either way."""
    size = (max(1, round(width)), max(1, round(height)))
    way = cv2.INTER_AREA if size[0] < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=way), np.uint8)


def longest_side(picture: Picture, longest: float) -> Pixels:
    """Resize so that the long side has `longest` pixels."""
    scale = longest / max(picture.width, picture.height)
    return sized(picture.rgb, picture.width * scale, picture.height * scale)


def colour(rng: Generator, low: int = 0, high: int = 256) -> tuple[int, int, int]:
    """Choose a colour, each part from `low` up to `high`."""
    red, green, blue = (int(value) for value in rng.integers(low, high, 3))
    return red, green, blue


def clouds(rng: Generator, height: int, width: int) -> NDArray[np.float32]:
    """Draw smooth noise of several scales, 0 to 1."""
    total = np.zeros((height, width), np.float32)
    for cells in (3, 8, 24, 80):
        coarse = rng.random((cells, cells)).astype(np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC) / np.float32(cells**0.6)
    low, high = float(total.min()), float(total.max())
    return np.asarray((total - low) / np.float32(max(high - low, 1e-6)), np.float32)


def stranger(rng: Generator, height: int, width: int) -> Pixels:
    """Draw a neighbour picture of ovals and clouds."""
    mix = clouds(rng, height, width)[..., None]
    first, second = (np.array(colour(rng), np.float32) for _ in range(2))
    canvas = np.ascontiguousarray(first * mix + second * (1 - mix))
    for _ in range(int(rng.integers(1, 6))):
        place, size = rng.random(2) * (width, height), rng.uniform(0.05, 0.4, 2) * (width, height)
        shape = (int(place[0]), int(place[1])), (int(size[0]) + 1, int(size[1]) + 1)
        cv2.ellipse(canvas, *shape, float(rng.uniform(0, 180)), 0, 360, colour(rng), -1, cv2.LINE_AA)
    canvas *= 1 + rng.normal(0, 0.05, (height, width, 1))
    return np.asarray(np.clip(cv2.GaussianBlur(canvas, (0, 0), 1.0), 0, 255), np.uint8)


def letters(
    canvas: Pixels, rng: Generator, text: str, box: tuple[int, int, int, int], ink: tuple[int, int, int]
) -> None:
    """Write text so that it fills a box.

    The box is (left, top, right, bottom) in pixels.
    """
    face = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
    (wide, tall), _ = cv2.getTextSize(text, face, 1.0, 2)
    scale = min((box[2] - box[0]) / wide, (box[3] - box[1]) / (tall * 1.3))
    cv2.putText(canvas, text, (box[0], box[3] - 2), face, scale, ink, max(1, round(2 * scale)), cv2.LINE_AA)


def name(rng: Generator) -> str:
    """Make up a word of capital letters."""
    return "".join(rng.choice(list("AEIOUBCDFGKLMNPRSTVX"), int(rng.integers(4, 10))))


def fitted(pixels: Pixels, width: int, height: int) -> Pixels:
    """Fill width by height with the middle."""
    scale = max(width / pixels.shape[1], height / pixels.shape[0])
    whole = sized(pixels, max(width, pixels.shape[1] * scale), max(height, pixels.shape[0] * scale))
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    return whole[top : top + height, left : left + width]


def maybe(rng: Generator, share: float) -> bool:
    """Say yes in `share` of the cases."""
    return bool(rng.random() < share)
