"""Copies with something on top, around or behind."""

import cv2
import numpy as np
from numpy.random import Generator

from sample_clinic.copying.canvas import as_picture, colour, letters, maybe, name, sized, stranger
from watermark.picture.pixels import Picture


def _foot(picture: Picture, rng: Generator) -> tuple[int, int, int, int]:
    """Choose the box where a mark would be.

    It is (left, top, right, bottom) in pixels.
    """
    high = rng.uniform(0.08, 0.16)
    left = rng.uniform(0.0, 0.35)
    right = rng.uniform(0.65, 1.0)
    top = rng.uniform(0.72, 0.9)
    share = np.array([left, top, right, min(1.0, top + high)])
    edges: list[int] = (share * np.array([picture.width, picture.height] * 2)).astype(int).tolist()
    return edges[0], edges[1], max(edges[2], edges[0] + 1), max(edges[3], edges[1] + 1)


def mark_inpainted(picture: Picture, rng: Generator) -> Picture:
    """Paint the mark's place over from what is around it."""
    left, top, right, bottom = _foot(picture, rng)
    mask = np.zeros(picture.rgb.shape[:2], np.uint8)
    mask[top:bottom, left:right] = 255
    edge = 12
    part = slice(max(0, top - edge), bottom + edge), slice(max(0, left - edge), right + edge)
    pixels = picture.rgb.copy()
    high, wide = pixels[part].shape[:2]
    small = sized(pixels[part], wide / 2, high / 2)
    hole = cv2.resize(mask[part], (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    healed = cv2.inpaint(small, hole, 4, cv2.INPAINT_TELEA)
    whole = sized(np.asarray(healed, np.uint8), pixels[part].shape[1], pixels[part].shape[0])
    pixels[part] = np.where(mask[part][..., None] > 0, whole, pixels[part])
    return as_picture(pixels)


def mark_boxed(picture: Picture, rng: Generator) -> Picture:
    """Lay a plain box over the mark's place."""
    left, top, right, bottom = _foot(picture, rng)
    pixels = picture.rgb.copy()
    pixels[top:bottom, left:right] = colour(rng)
    return as_picture(pixels)


def mark_blurred(picture: Picture, rng: Generator) -> Picture:
    """Blur the mark's place."""
    left, top, right, bottom = _foot(picture, rng)
    pixels = picture.rgb.copy()
    pixels[top:bottom, left:right] = cv2.GaussianBlur(
        pixels[top:bottom, left:right], (0, 0), rng.uniform(6, 18)
    )
    return as_picture(pixels)


def rivals_logo(picture: Picture, rng: Generator) -> Picture:
    """Set another company's logo in a corner or across."""
    pixels = picture.rgb.copy()
    wide, high = int(picture.width * rng.uniform(0.25, 0.6)), int(picture.height * rng.uniform(0.08, 0.2))
    left = int(rng.integers(0, max(1, picture.width - wide)))
    top = int(rng.integers(0, max(1, picture.height - high)))
    if maybe(rng, 0.7):
        pixels[top : top + high, left : left + wide] = colour(rng)
    box = (left + high // 4, top + high // 5, left + wide - high // 4, top + high - high // 5)
    letters(pixels, rng, name(rng), box, colour(rng))
    return as_picture(pixels)


def bannered(picture: Picture, rng: Generator) -> Picture:
    """Lay a strip with words over top or bottom."""
    pixels = picture.rgb.copy()
    for place in rng.choice(["top", "bottom"], int(rng.integers(1, 3)), replace=False):
        high = int(picture.height * rng.uniform(0.08, 0.2))
        top = 0 if place == "top" else picture.height - high
        pixels[top : top + high] = colour(rng)
        box = (picture.width // 20, top + high // 5, picture.width * 19 // 20, top + high - high // 5)
        letters(pixels, rng, name(rng) + " " + name(rng), box, colour(rng))
    return as_picture(pixels)


def _eyes(picture: Picture, rng: Generator) -> tuple[slice, slice]:
    top, high = rng.uniform(0.25, 0.5), rng.uniform(0.08, 0.18)
    left, wide = rng.uniform(0.1, 0.35), rng.uniform(0.35, 0.6)
    rows = slice(int(top * picture.height), int((top + high) * picture.height) + 2)
    return rows, slice(int(left * picture.width), int((left + wide) * picture.width) + 2)


def eyes_mosaic(picture: Picture, rng: Generator) -> Picture:
    """Turn the eyes into a mosaic."""
    where = _eyes(picture, rng)
    pixels = picture.rgb.copy()
    high, wide = pixels[where].shape[:2]
    cell = max(2.0, picture.width * rng.uniform(0.012, 0.035))
    coarse = sized(np.ascontiguousarray(pixels[where]), wide / cell, high / cell)
    pixels[where] = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_NEAREST)
    return as_picture(pixels)


def eyes_barred(picture: Picture, rng: Generator) -> Picture:
    """Lay a black bar over the eyes."""
    pixels = picture.rgb.copy()
    pixels[_eyes(picture, rng)] = int(rng.integers(0, 30))
    return as_picture(pixels)


def framed(picture: Picture, rng: Generator) -> Picture:
    """Put a plain, rounded or polaroid frame around it."""
    edge = int(max(picture.width, picture.height) * rng.uniform(0.02, 0.12))
    foot = edge * int(rng.choice([1, 1, 4]))
    paint = np.array(colour(rng) if maybe(rng, 0.5) else (255, 255, 255), np.uint8)
    inner = picture.rgb
    if maybe(rng, 0.4):
        mask = np.zeros(inner.shape[:2], np.uint8)
        radius = int(min(picture.width, picture.height) * rng.uniform(0.04, 0.2))
        cv2.rectangle(
            mask, (radius, radius), (picture.width - radius, picture.height - radius), 255, 2 * radius
        )
        mask[radius:-radius, radius:-radius] = 255
        inner = np.where(mask[..., None] > 0, inner, paint)
    border: list[int] = paint.tolist()
    return as_picture(cv2.copyMakeBorder(inner, edge, foot, edge, edge, cv2.BORDER_CONSTANT, value=border))


def new_background(picture: Picture, rng: Generator) -> Picture:
    """Set the middle on another background."""
    height, width = picture.height, picture.width
    mask = np.zeros((height, width), np.uint8)
    middle = (int(width * rng.uniform(0.42, 0.58)), int(height * rng.uniform(0.42, 0.55)))
    cv2.ellipse(
        mask,
        middle,
        (int(width * rng.uniform(0.26, 0.4)), int(height * rng.uniform(0.34, 0.48))),
        0,
        0,
        360,
        255,
        -1,
    )
    cv2.rectangle(mask, (int(width * 0.25), int(height * 0.75)), (int(width * 0.75), height), 255, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(1, 6))[..., None] / np.float32(255)
    return as_picture(picture.rgb * soft + stranger(rng, height, width) * (1 - soft))
