"""Seeded chance and natural-looking noise."""

import zlib
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


def chance(*keys: int | str) -> np.random.Generator:
    """Return the generator that belongs to these keys.

    It is the same on every machine.
    """
    return np.random.default_rng(
        [zlib.crc32(key.encode()) if isinstance(key, str) else abs(key) for key in keys]
    )


@lru_cache(maxsize=32)
def tile(seed: int, side: int = 512, slope: float = 1.0) -> Plane:
    """Draw one seamless tile of noise at every scale.

    Args:
        seed: which tile.
        side: in pixels.
        slope: how fast amplitude falls with frequency: 0 is white noise, 2 is clouds.

    Returns:
        float32, shape (side, side), mean 0, standard deviation 1; shared, so not to be written to.
    """
    white = chance(seed, "tile").standard_normal((side, side)).astype(np.float32)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    frequency[0, 0] = 1.0
    shaped = np.fft.irfft2(np.fft.rfft2(white) / (frequency * side) ** slope, s=(side, side))
    shaped -= shaped.mean()
    made: Plane = (shaped / shaped.std()).astype(np.float32)
    made.flags.writeable = False
    return made


def spread(
    noise: Plane, size: tuple[int, int], zoom: float, offset: tuple[float, float] = (0.0, 0.0)
) -> Plane:
    """Lay a seamless tile over (width, height) pixels.

    `zoom` pixels go to one of the tile's.
    """
    width, height = size
    columns = (np.arange(width, dtype=np.float32) / zoom + offset[0]) % noise.shape[1]
    rows = (np.arange(height, dtype=np.float32) / zoom + offset[1]) % noise.shape[0]
    return look_up(
        noise, np.broadcast_to(columns, (height, width)), np.broadcast_to(rows[:, None], (height, width))
    )


def look_up(noise: Plane, columns: Plane, rows: Plane) -> Plane:
    """Read a seamless tile at fractional positions.

    Linear interpolation; positions up to ±30,000.
    """
    found = cv2.remap(
        noise,
        np.ascontiguousarray(columns, np.float32),
        np.ascontiguousarray(rows, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    return np.asarray(found, np.float32)


def smoothstep(low: float, high: float, values: Plane) -> Plane:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((values - low) / np.float32(high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
