"""Landscapes, streets, still lifes and textures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.backdrop import backdrop_of, draw_backdrop
from sample_clinic.drawing.camera import camera_of, photograph
from sample_clinic.drawing.noise import Plane, chance, spread, tile
from watermark.picture.pixels import Picture


def draw_everyday(seed: int, size: tuple[int, int] = (1200, 900)) -> Picture:
    """Draw one everyday picture.

    `size` is (width, height) in pixels; the same seed gives the same picture.
    """
    rng = chance(seed, "everyday")
    draw = _KINDS[int(rng.integers(len(_KINDS)))]
    return photograph(draw(rng, seed, size), camera_of(seed * 7 + 3), seed, 0)


def _paint(rng: np.random.Generator, low: float = 0.03, high: float = 0.8) -> NDArray[np.float32]:
    return np.asarray(np.clip(rng.uniform(low, high) * rng.uniform(0.6, 1.4, 3), 0, 1), np.float32)


def _grain(
    rng: np.random.Generator, seed: int, which: int, slope: float, size: tuple[int, int], zoom: float
) -> Plane:
    """Draw noise that no other picture has.

    Even two places of one tile would be found by a matcher as a common patch.

    Tiles of other samples are numbered below `_FIRST_TILE`.
    """
    noise = tile(_FIRST_TILE + 2 * seed + which, 512, slope)
    return spread(noise, size, zoom, (float(rng.uniform(0, 512)), float(rng.uniform(0, 512))))


def _ridge(rng: np.random.Generator, width: int, rough: float) -> Plane:
    steps = np.arange(width, dtype=np.float32) / width
    line = np.zeros(width, np.float32)
    for octave in range(1, 9):
        line += np.sin(
            steps * 2 * np.pi * rng.uniform(0.5, 1.2) * 2**octave * 0.5 + rng.uniform(0, 7)
        ) / 2 ** (octave * rough)
    return line


def _landscape(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> Plane:
    width, height = size
    scene = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] * (
        _paint(rng, 0.4) - _paint(rng, 0.4)
    ) + _paint(rng, 0.5)
    scene = np.ascontiguousarray(np.broadcast_to(scene, (height, width, 3)))
    clouds = _grain(rng, seed, 0, 1.4, size, width / 512 * 1.3)
    scene += np.clip(clouds * 0.12, 0, 1)[..., None]
    rows = np.arange(height, dtype=np.float32)[:, None]
    ground = _grain(rng, seed, 1, 0.6, size, 1.3)
    for layer in range(int(rng.integers(2, 6))):
        line = height * (0.35 + 0.12 * layer + 0.07 * _ridge(rng, width, rng.uniform(0.7, 1.3)))
        below = np.clip(rows - line, 0, 1)[..., None]
        scene += below * (_paint(rng, 0.02, 0.4) * (1 + 0.3 * ground[..., None]) - scene)
    return scene


def _street(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> Plane:
    width, height = size
    scene = np.empty((height, width, 3), np.float32)
    scene[:] = _paint(rng, 0.4, 0.9)
    x = 0
    while x < width:
        wide, top = int(rng.integers(80, 260)), int(height * rng.uniform(0.05, 0.5))
        cv2.rectangle(scene, (x, top), (x + wide, height), _paint(rng).tolist(), -1)
        glass, step = _paint(rng).tolist(), int(rng.integers(22, 60))
        for row in range(top + 12, height - step, step):
            for column in range(x + 8, x + wide - step // 2, step):
                lit = [float(value * rng.uniform(0.5, 1.8)) for value in glass]
                cv2.rectangle(scene, (column, row), (column + step // 2, row + step * 2 // 3), lit, -1)
        x += wide
    floor = int(height * 0.88)
    scene[floor:] = _paint(rng, 0.05, 0.3)
    scene *= (1 + np.float32(0.08) * _grain(rng, seed, 0, 0.5, size, 1.0))[..., None]
    return scene


def _still_life(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> Plane:
    width, height = size
    scene = draw_backdrop(backdrop_of(seed), size, (0.0, 0.0))
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    texture = _grain(rng, seed, 0, 0.9, size, 0.8)
    for _ in range(int(rng.integers(3, 12))):
        x, y, radius = rng.uniform(0, width), height * rng.uniform(0.4, 1), height * rng.uniform(0.06, 0.26)
        u, v = (columns - x) / (radius * np.float32(rng.uniform(0.7, 1.5))), (rows - y) / radius
        inside = 1 - u * u - v * v
        depth = np.sqrt(np.clip(inside, 0, 1))
        light = 0.25 + 0.8 * np.clip(-0.5 * u - 0.5 * v + 0.7 * depth, 0, 1)
        ball = (light * (1 + 0.15 * texture))[..., None] * _paint(rng) + (np.clip(light - 0.95, 0, 1) * 3)[
            ..., None
        ]
        scene += np.clip(inside * radius * 0.5, 0, 1)[..., None] * (ball - scene)
    return scene


def _texture(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> Plane:
    width, height = size
    first, second = (
        _grain(rng, seed, which, rng.uniform(0.3, 1.5), size, rng.uniform(0.7, 4)) for which in (0, 1)
    )
    warp = np.sin(
        (np.arange(width, dtype=np.float32) * rng.uniform(0.01, 0.15))[None, :] + first * rng.uniform(0, 4)
    )
    mixed = (first * rng.uniform(0.05, 0.3))[..., None] * _paint(rng, 0.2) + (second * 0.15)[
        ..., None
    ] * _paint(rng, 0.2)
    return np.asarray(mixed + _paint(rng, 0.2) + (warp * rng.uniform(0, 0.2))[..., None], np.float32).reshape(
        height, width, 3
    )


def _room(rng: np.random.Generator, seed: int, size: tuple[int, int]) -> Plane:
    near = draw_backdrop(backdrop_of(seed + 5000), size, (0.0, 0.0))
    other = draw_backdrop(backdrop_of(seed + 9000), size, (0.0, 0.0))
    seam = int(size[0] * rng.uniform(0.3, 0.7))
    near[:, seam:] = other[:, seam:]
    return near


_FIRST_TILE = 100_000
_KINDS = (_landscape, _street, _still_life, _texture, _room)
