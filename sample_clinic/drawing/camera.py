"""What a lens, a sensor and a saved file do to light.

These are blur, dark corners, cast, grain, sharpening and JPEG.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_clinic.drawing.noise import Plane, chance, tile
from watermark.picture.pixels import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera's settings, unchanged through a session."""

    exposure: float
    cast: tuple[float, float, float]
    contrast: float
    saturation: float
    blur: float
    falling_corners: float
    grain: float
    sharpening: float
    quality: int


def camera_of(seed: int) -> Camera:
    """Draw the settings of one practice's camera."""
    rng = chance(seed, "camera")
    warm = rng.normal(0, 0.06)
    return Camera(
        exposure=float(np.clip(rng.normal(1.02, 0.12), 0.75, 1.35)),
        cast=(float(1 + warm), float(1 + rng.normal(0, 0.015)), float(1 - warm)),
        contrast=float(rng.uniform(0.1, 0.7)),
        saturation=float(rng.uniform(0.8, 1.25)),
        blur=float(rng.uniform(0.4, 1.1)),
        falling_corners=float(rng.uniform(0.02, 0.25)),
        grain=float(rng.uniform(1.2, 5.0)),
        sharpening=float(rng.uniform(0.1, 0.9)),
        quality=int(rng.integers(78, 96)),
    )


def photograph(light: Plane, camera: Camera, seed: int, shot: int) -> Picture:
    """Turn linear light into what the camera saves.

    `light` is float32 of shape (height, width, 3) and is used up.
    """
    rng = chance(seed, "sensor", shot)
    height, width = light.shape[:2]
    columns = np.linspace(-1, 1, width, dtype=np.float32) ** 2
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    level = np.float32(camera.exposure * rng.normal(1, 0.015))
    light *= (level - level * np.float32(camera.falling_corners * 0.5) * (columns + rows))[..., None]
    light = np.asarray(cv2.transform(light, np.diag(camera.cast).astype(np.float32)), np.float32)
    cv2.GaussianBlur(light, (0, 0), camera.blur * max(width, height) / 1200, dst=light)
    tone = np.sqrt(np.clip(light, 0, 1, out=light), out=light)
    mix = np.eye(3) * camera.saturation + np.full((3, 3), (1 - camera.saturation) / 3)
    tone = np.asarray(cv2.transform(tone, (255 * mix).astype(np.float32)), np.float32)
    tone += _grain(rng, height, width, camera.grain)
    soft = cv2.GaussianBlur(tone, (0, 0), 1.2)
    cv2.addWeighted(tone, 1 + camera.sharpening, soft, -camera.sharpening, 0, dst=tone)
    pixels = np.asarray(cv2.LUT(np.clip(tone, 0, 255, out=tone).astype(np.uint8), _curve(camera.contrast)))
    _, body = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
    saved = np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR), np.uint8)
    return Picture(np.ascontiguousarray(saved[..., ::-1]))


def _curve(contrast: float) -> NDArray[np.uint8]:
    """Return the camera's tone curve.

    It has 256 levels and is steeper in the middle.
    """
    level = np.linspace(0, 1, 256)
    bent = level + contrast * 1.4 * level * (1 - level) * (level - 0.5)
    return np.asarray(np.clip(bent * 255, 0, 255).round(), np.uint8)


def _grain(rng: np.random.Generator, height: int, width: int, strength: float) -> Plane:
    """Draw sensor grain, finer in brightness than in colour.

    It is cut at random from a large tile, for speed.
    """
    grain = tile(7, 2048, 0.12)

    def cut(rows: int, columns: int) -> Plane:
        times = (-(-rows // 1024) + 1) // 2, (-(-columns // 1024) + 1) // 2
        whole = grain if times == (1, 1) else np.tile(grain, times)
        top = int(rng.integers(0, whole.shape[0] - rows + 1))
        left = int(rng.integers(0, whole.shape[1] - columns + 1))
        return whole[top : top + rows, left : left + columns]

    coarse = cv2.merge([cut(height // 2 + 1, width // 2 + 1) for _ in range(3)])
    colour = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    colour *= np.float32(strength * 0.6)
    colour += (cut(height, width) * np.float32(strength))[..., None]
    return colour
