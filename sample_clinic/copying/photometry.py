"""Copies with other values at the same places."""

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image

from sample_clinic.copying.canvas import as_picture, longest_side, maybe, sized
from watermark.picture.pixels import Picture


def jpeg(picture: Picture, rng: Generator, low: int = 10, high: int = 60) -> Picture:
    """Save as JPEG at a quality between `low` and `high`."""
    return _saved(picture, ".jpg", cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(low, high + 1)))


def webp(picture: Picture, rng: Generator) -> Picture:
    """Save as lossy WebP."""
    return _saved(picture, ".webp", cv2.IMWRITE_WEBP_QUALITY, int(rng.integers(15, 70)))


def _saved(picture: Picture, suffix: str, option: int, quality: int) -> Picture:
    _, body = cv2.imencode(suffix, picture.rgb[..., ::-1], [option, quality])
    return as_picture(np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR))[..., ::-1])


def shrunk(picture: Picture, rng: Generator, longest: int = 0) -> Picture:
    """Shrink and save as sites do.

    The longest side becomes `longest` pixels, or some thumbnail size.
    """
    return jpeg(as_picture(longest_side(picture, longest or float(rng.integers(200, 640)))), rng, 60, 88)


def enlarged(picture: Picture, rng: Generator) -> Picture:
    """Shrink to half or less, then enlarge again."""
    small = sized(picture.rgb, *(rng.uniform(0.3, 0.5) * np.array([picture.width, picture.height])))
    return as_picture(sized(small, picture.width * rng.uniform(0.9, 1.3), picture.height * 1.1))


def blurred(picture: Picture, rng: Generator) -> Picture:
    """Blur as if out of focus."""
    sigma = rng.uniform(0.0015, 0.005) * max(picture.width, picture.height)
    return as_picture(cv2.GaussianBlur(picture.rgb, (0, 0), sigma))


def noised(picture: Picture, rng: Generator) -> Picture:
    """Add grain."""
    return as_picture(picture.rgb + rng.normal(0, rng.uniform(8, 28), picture.rgb.shape))


def sharpened(picture: Picture, rng: Generator) -> Picture:
    """Sharpen hard, as upscalers and phones do."""
    soft = cv2.GaussianBlur(picture.rgb, (0, 0), rng.uniform(1.0, 3.0)).astype(np.float32)
    return as_picture(picture.rgb + rng.uniform(0.8, 2.2) * (picture.rgb - soft))


def smoothed(picture: Picture, rng: Generator) -> Picture:
    """Smooth skin and keep edges, as beauty filters do."""
    pixels = picture.rgb
    for _ in range(int(rng.integers(1, 3))):
        pixels = np.asarray(cv2.bilateralFilter(pixels, 9, rng.uniform(25, 70), rng.uniform(3, 9)), np.uint8)
    return sharpened(as_picture(pixels), rng) if maybe(rng, 0.5) else as_picture(pixels)


def denoised(picture: Picture, rng: Generator) -> Picture:
    """Denoise by non-local means.

    It is done on a smaller copy, as such services do, which is then enlarged.
    """
    small = longest_side(picture, min(700, max(picture.width, picture.height)))
    flat = cv2.fastNlMeansDenoising(np.ascontiguousarray(small), None, float(rng.uniform(4, 12)), 5, 13)
    return as_picture(sized(np.asarray(flat, np.uint8), small.shape[1] * 1.5, small.shape[0] * 1.5))


# other colours


def grey(picture: Picture, rng: Generator) -> Picture:
    """Turn grey, with a contrast of its own."""
    flat = picture.rgb @ rng.dirichlet([6, 10, 3])
    return as_picture(np.repeat(((flat - 128) * rng.uniform(0.8, 1.3) + 128)[..., None], 3, axis=2))


def sepia(picture: Picture, rng: Generator) -> Picture:
    """Tint brown."""
    flat = (picture.rgb @ np.array([0.3, 0.59, 0.11]))[..., None]
    return as_picture(flat * np.array([1.07, 0.87, 0.65]) * rng.uniform(0.85, 1.15))


def recoloured(picture: Picture, rng: Generator) -> Picture:
    """Turn the hues and change the saturation."""
    mix = np.eye(3) + rng.normal(0, 0.14, (3, 3))
    return as_picture(
        (picture.rgb.astype(np.float32) @ mix.astype(np.float32)) * rng.uniform(0.85, 1.15)
        + rng.normal(0, 10, 3)
    )


def filtered(picture: Picture, rng: Generator) -> Picture:
    """Apply a social network's filter.

    It bends each colour's curve, darkens the corners and fades the blacks.
    """
    levels = np.linspace(0, 1, 256)
    table = np.stack(
        [
            255 * (rng.uniform(0, 0.15) + (1 - rng.uniform(0.1, 0.2)) * levels ** rng.uniform(0.6, 1.6))
            for _ in range(3)
        ],
        1,
    )
    pixels = np.take_along_axis(table, picture.rgb.reshape(-1, 3), axis=0).reshape(picture.rgb.shape)
    across = np.linspace(-1, 1, picture.width) ** 2 + np.linspace(-1, 1, picture.height)[:, None] ** 2
    return as_picture(pixels * (1 - rng.uniform(0, 0.25) * across)[..., None])


def few_colours(picture: Picture, rng: Generator) -> Picture:
    """Keep about 48 colours, as a small palette does."""
    few = Image.fromarray(picture.rgb).quantize(int(rng.integers(40, 57)))
    return as_picture(np.asarray(few.convert("RGB")))


def brighter(picture: Picture, rng: Generator) -> Picture:
    """Brighten, clipping what was light."""
    return as_picture(picture.rgb * rng.uniform(1.15, 1.55) + rng.uniform(0, 25))


def darker(picture: Picture, rng: Generator) -> Picture:
    """Darken."""
    return as_picture(255 * (picture.rgb / 255.0) ** rng.uniform(1.2, 2.0) * rng.uniform(0.75, 1.0))


def contrasted(picture: Picture, rng: Generator) -> Picture:
    """Raise or lower the contrast."""
    factor = rng.uniform(1.25, 1.8) if maybe(rng, 0.6) else rng.uniform(0.45, 0.75)
    return as_picture((picture.rgb.astype(np.float32) - 128) * factor + 128)
