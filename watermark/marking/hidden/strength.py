"""How strongly a picture may be changed where: as much as its own detail hides.

Source of the idea: contrast and luminance masking, as in Podilchuk and Zeng, IEEE JSAC 16(4), 1998. Edges on plain
ground hide nothing beside them, so the quietest neighbourhood counts as much as the place itself.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

Plane = NDArray[np.float32]

_CELL = 4  # pixels: masking is worked out on a coarser grid, as it is smooth
_FLOOR, _GAIN, _MOST = 0.5, 0.33, 20.0
_DARK, _BRIGHT = 60.0, 160.0  # grey levels beyond which more is hidden
_PEAK = 255.0


def luma(rgb: NDArray[np.uint8]) -> Plane:
    """Give a picture's brightness: float32 (height, width), 0 to 255 (ITU-R BT.601 weights)."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.float32)


def as_small(rgb: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Give a picture the sharpness it has in a copy that is `scale` times smaller."""
    if scale <= 1.05:  # noqa: PLR2004 (as sharp)
        return rgb
    height, width = rgb.shape[:2]
    small = max(1, round(width / scale)), max(1, round(height / scale))
    shrunk = cv2.resize(rgb, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def wide_blur(plane: Plane, sigma: float) -> Plane:
    """Blur widely on a coarser grid: the same to the eye, a tenth of the cost."""
    height, width = plane.shape
    small = max(1, width // 4), max(1, height // 4)
    coarse = cv2.GaussianBlur(cv2.resize(plane, small, interpolation=cv2.INTER_AREA), (0, 0), sigma / 4)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def strength(grey: Plane) -> Plane:
    """Give how much may be changed at each pixel.

    Args:
        grey: float32 (height, width), 0 to 255.

    Returns:
        float32 (height, width), above 0, in arbitrary units.
    """
    height, width = grey.shape
    small = max(1, width // _CELL), max(1, height // _CELL)
    coarse = np.asarray(cv2.resize(grey, small, interpolation=cv2.INTER_AREA), np.float32)
    low = cv2.resize(cv2.GaussianBlur(coarse, (0, 0), 0.75), (width, height), interpolation=cv2.INTER_LINEAR)
    high = grey - low
    power = np.asarray(cv2.resize(high * high, small, interpolation=cv2.INTER_AREA), np.float32)
    activity = np.sqrt(cv2.GaussianBlur(power, (0, 0), 1.0))
    quiet = cv2.GaussianBlur(cv2.erode(activity, np.ones((3, 3), np.uint8)), (0, 0), 1.0)
    masked = np.sqrt(np.maximum(activity, 1e-3) * np.maximum(quiet, 1e-3))
    ground = cv2.GaussianBlur(coarse, (0, 0), 1.5)
    seen = 1 + 0.6 * np.clip((_DARK - ground) / _DARK, 0, 1)
    seen += 0.35 * np.clip((ground - _BRIGHT) / (_PEAK - _BRIGHT), 0, 1)
    allowed = (_FLOOR + _GAIN * np.minimum(masked, _MOST) ** 0.8) * seen
    # What is clipped at black or white carries nothing, and its other half would shift the brightness.
    allowed *= np.clip(coarse / 6, 0.01, 1) * np.clip((_PEAK - coarse) / 6, 0.01, 1)
    smooth = cv2.GaussianBlur(np.asarray(allowed, np.float32), (0, 0), 0.5)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def scaled(change: Plane, psnr: float) -> Plane:
    """Scale a change of brightness so that it costs this much, rounding to whole grey levels included.

    Args:
        change: float32 (height, width), in any unit.
        psnr: peak signal to noise ratio of the changed picture, dB.
    """
    allowed = _PEAK**2 / 10 ** (psnr / 10)
    sample = change[:: max(1, change.shape[0] // 240)]
    gain = (allowed / max(float(np.mean(sample * sample)), 1e-12)) ** 0.5
    for _ in range(4):
        cost = float(np.mean(np.rint(gain * sample) ** 2))
        gain *= min(2.0, (allowed / max(cost, allowed / 100)) ** 0.5)
    return change * np.float32(0.995 * gain)  # the sample may lie a little off


def brightened(picture: Picture, change: Plane) -> Picture:
    """Add a change, float32 (height, width) in grey levels, to all three colours of a picture."""
    whole = np.rint(change).astype(np.int16)
    drawn = cv2.add(picture.rgb, cv2.merge([whole, whole, whole]), dtype=cv2.CV_8U)
    return Picture(np.asarray(drawn, np.uint8))


def psnr(one: Picture, other: Picture) -> float:
    """Give the peak signal to noise ratio of two pictures of one size, dB; infinite for equal ones."""
    error = float(np.mean((one.rgb.astype(np.float32) - other.rgb) ** 2))
    return 10 * float(np.log10(_PEAK**2 / error)) if error else float("inf")
