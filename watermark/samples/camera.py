"""What a lens, a sensor and a saved file do to light: blur, falling corners, colour cast, grain, sharpening, JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np

from watermark.pixels import Picture
from watermark.samples.noise import Plane, chance, tile


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """One camera and the way it is set; unchanged through a session."""

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
    """Draw one practice's camera: a phone, a compact, a good one badly lit."""
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
    """Turn linear light (height, width, 3) into the picture the camera saves; grain differs from shot to shot."""
    rng = chance(seed, "sensor", shot)
    height, width = light.shape[:2]
    light = light * (np.array(camera.cast, np.float32) * np.float32(camera.exposure * rng.normal(1, 0.015)))
    columns = np.linspace(-1, 1, width, dtype=np.float32) ** 2
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    light *= (1 - np.float32(camera.falling_corners * 0.5) * (columns + rows))[..., None]
    cv2.GaussianBlur(light, (0, 0), camera.blur * max(width, height) / 1200, dst=light)
    tone = np.sqrt(np.clip(light, 0, 1, out=light))
    tone += np.float32(camera.contrast * 0.35) * tone * (1 - tone) * (tone - np.float32(0.5)) * 4
    grey = tone.mean(axis=2, keepdims=True)
    tone = grey + (tone - grey) * np.float32(camera.saturation)
    tone *= 255
    tone += _grain(rng, height, width, camera.grain)
    soft = cv2.GaussianBlur(tone, (0, 0), 1.2)
    cv2.addWeighted(tone, 1 + camera.sharpening, soft, -camera.sharpening, 0, dst=tone)
    pixels = np.clip(tone, 0, 255).astype(np.uint8)
    _ok, body = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, camera.quality])
    return Picture(np.ascontiguousarray(cv2.imdecode(body, cv2.IMREAD_COLOR)[..., ::-1], np.uint8))


def _grain(rng: np.random.Generator, height: int, width: int, strength: float) -> Plane:
    """Sensor grain: finer in brightness, coarser in colour. Cut at random from a large noise tile, for speed."""
    grain = tile(7, 1024, 0.12)

    def cut(rows: int, columns: int) -> Plane:
        top, left = rng.integers(0, 1024, 2)
        picked = grain.take(range(top, top + rows), axis=0, mode="wrap").take(range(left, left + columns), axis=1, mode="wrap")
        return np.asarray(picked[:: rng.choice([-1, 1]), :: rng.choice([-1, 1])], np.float32)

    fine = cut(height, width)
    coarse = np.dstack([cut(height // 2 + 1, width // 2 + 1) for _ in range(3)])
    colour = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray((colour * np.float32(0.6) + fine[..., None]) * np.float32(strength), np.float32)
