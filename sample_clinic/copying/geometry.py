"""Copies that are mirrored, turned, stretched or cut."""

import cv2
import numpy as np
from numpy.random import Generator

from sample_clinic.copying.canvas import as_picture, colour, maybe, sized
from sample_clinic.copying.photometry import jpeg
from watermark.picture.pixels import Picture


def mirrored(picture: Picture, rng: Generator) -> Picture:
    """Mirror left to right, and save."""
    return jpeg(as_picture(picture.rgb[:, ::-1]), rng, 55, 90)


def rotated(picture: Picture, rng: Generator, degrees: float = 0.0) -> Picture:
    """Turn by a few degrees, or by `degrees`, either way.

    The corners are cut off or left plain.
    """
    angle = (degrees or rng.uniform(1, 12)) * rng.choice([-1, 1])
    middle = (picture.width / 2, picture.height / 2)
    cut = maybe(rng, 0.5)
    turn = np.abs(np.radians(angle))
    ratio = max(picture.width, picture.height) / min(picture.width, picture.height)
    zoom = np.cos(turn) + ratio * np.sin(turn) if cut else 1.0
    matrix = cv2.getRotationMatrix2D(middle, float(angle), float(zoom))
    return _warped(picture, matrix, colour(rng))


def _warped(picture: Picture, matrix: cv2.typing.MatLike, edge: tuple[int, int, int]) -> Picture:
    size = (picture.width, picture.height)
    return as_picture(cv2.warpAffine(picture.rgb, matrix, size, flags=cv2.INTER_CUBIC, borderValue=edge))


def quarter_turned(picture: Picture, rng: Generator) -> Picture:
    """Turn by 90° either way."""
    return as_picture(np.rot90(picture.rgb, int(rng.choice([1, 3]))))


def stretched(picture: Picture, rng: Generator) -> Picture:
    """Stretch or squeeze in one direction."""
    factor = rng.uniform(1.12, 1.45) ** rng.choice([-1, 1])
    return as_picture(sized(picture.rgb, picture.width * factor, picture.height))


def cropped(picture: Picture, rng: Generator, share: float = 0.0) -> Picture:
    """Keep a share of the area, by default 0.3 to 0.8.

    Of three places the one with most in it is kept.
    """
    share = share or rng.uniform(0.3, 0.8)
    bend = rng.uniform(0.85, 1.18)
    wide = max(1, round(picture.width * min(1.0, share**0.5 * bend)))
    high = max(1, round(picture.height * min(1.0, share**0.5 / bend)))
    places = [
        (int(rng.integers(0, picture.height - high + 1)), int(rng.integers(0, picture.width - wide + 1)))
        for _ in range(3)
    ]
    cuts = [picture.rgb[top : top + high, left : left + wide] for top, left in places]
    return as_picture(max(cuts, key=lambda cut: float(cut[::4, ::4].std())))


def foot_cut(picture: Picture, rng: Generator) -> Picture:
    """Cut off the lower part, where marks are."""
    return as_picture(picture.rgb[: round(picture.height * rng.uniform(0.68, 0.88))])


def half(picture: Picture, rng: Generator) -> Picture:
    """Keep the left, right, upper or lower half."""
    side, middle = int(rng.integers(4)), (picture.height // 2, picture.width // 2)
    rows = (slice(None), slice(None), slice(None, middle[0]), slice(middle[0], None))[side]
    columns = (slice(None, middle[1]), slice(middle[1], None), slice(None), slice(None))[side]
    return as_picture(picture.rgb[rows, columns])
