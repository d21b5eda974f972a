"""What happens to pictures that are copied, for hidden marks: 27 usual changes and nine hard ones, exactly defined.

Unlike `sample_clinic.copying` nothing is drawn by lot but where a crop is cut, so that figures can be compared.
"""

import io
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Change = Callable[[Pixels, np.random.Generator], Pixels]


def _saved(rgb: Pixels, kind: str, quality: int) -> Pixels:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, kind, quality=quality)
    return np.asarray(Image.open(out).convert("RGB"))


def _jpeg(quality: int, rgb: Pixels, _: np.random.Generator) -> Pixels:
    return _saved(rgb, "JPEG", quality)


def _webp(quality: int, rgb: Pixels, _: np.random.Generator) -> Pixels:
    return _saved(rgb, "WEBP", quality)


def _size(width: float, height: float, rgb: Pixels) -> Pixels:
    way = Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(rgb).resize((round(width), round(height)), way), np.uint8)


def _shrunk(by: float, rgb: Pixels, _: np.random.Generator, *, back: bool = False) -> Pixels:
    small = _size(rgb.shape[1] * by, rgb.shape[0] * by, rgb)
    return _size(rgb.shape[1], rgb.shape[0], small) if back else small


def _cropped(share: float, rgb: Pixels, rng: np.random.Generator) -> Pixels:
    height, width = rgb.shape[:2]
    high, wide = round(height * share), round(width * share)
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    return rgb[top : top + high, left : left + wide].copy()


def _flipped(rgb: Pixels, _: np.random.Generator) -> Pixels:
    return rgb[:, ::-1].copy()


def _turned(degrees: float, rgb: Pixels, _: np.random.Generator) -> Pixels:
    height, width = rgb.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    return np.asarray(
        cv2.warpAffine(rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT),
        np.uint8,
    )


def _toned(gain: float, pivot: float, rgb: Pixels, _: np.random.Generator) -> Pixels:
    toned = (rgb.astype(np.float32) - pivot) * gain + pivot
    return np.asarray(np.clip(toned, 0, 255).round(), np.uint8)


def _blurred(rgb: Pixels, _: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0), np.uint8)


def _overlaid(rgb: Pixels, _: np.random.Generator) -> Pixels:
    """A bar along the foot, a logo in a corner, and words across."""
    drawn, (height, width) = rgb.copy(), rgb.shape[:2]
    drawn[-height // 10 :] = (20, 30, 90)
    cv2.circle(drawn, (width // 8, height // 8), height // 12, (240, 200, 30), -1)
    face, size = cv2.FONT_HERSHEY_DUPLEX, width / 600
    cv2.putText(drawn, "RIVAL STUDIO", (width // 4, height // 2), face, size, (255, 255, 255), 3)
    return drawn


def _screen(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    return _saved(_shrunk(0.83, rgb, rng), "JPEG", 80)


def _page(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture on a white page with a bar of words above, as a JPEG."""
    small = _shrunk(0.83, rgb, rng)
    height, width = small.shape[:2]
    page = np.full((height + 260, width + 180, 3), 255, np.uint8)
    page[:70] = (35, 35, 40)
    page[150 : 150 + height, 90 : 90 + width] = small
    return _saved(page, "JPEG", 80)


def _combined(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    return _saved(_shrunk(0.5, _cropped(0.8, rgb, rng), rng), "JPEG", 60)


def _in_turn(*changes: Change) -> Change:
    def change(rgb: Pixels, rng: np.random.Generator) -> Pixels:
        for one in changes:
            rgb = one(rgb, rng)
        return rgb

    return change


def _stretched(rgb: Pixels, _: np.random.Generator) -> Pixels:
    return _size(rgb.shape[1] * 1.1, rgb.shape[0], rgb)


def _perspective(rgb: Pixels, _: np.random.Generator) -> Pixels:
    height, width = rgb.shape[:2]
    before = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    by = 0.03 * width
    after = before + np.array([[by, by], [0, 0], [-by, 0], [0, -by]], np.float32)
    matrix = cv2.getPerspectiveTransform(before, after)
    return np.asarray(
        cv2.warpPerspective(
            rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        ),
        np.uint8,
    )


def _noisy(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    noise = rng.normal(0, 10, rgb.shape)
    return np.clip(rgb + noise, 0, 255).round().astype(np.uint8)


def _median(rgb: Pixels, _: np.random.Generator) -> Pixels:
    return np.asarray(cv2.medianBlur(rgb, 5), np.uint8)


def _collage(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """Beside another picture of its size, both shown small."""
    other = rng.integers(60, 200, (9, 12, 3)).astype(np.uint8)
    beside = np.asarray(cv2.resize(other, rgb.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)
    both = np.hstack([rgb, beside])
    return _saved(_shrunk(0.45, both, rng), "JPEG", 80)


USUAL: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "as it is": lambda rgb, _: rgb,
        **{f"JPEG {quality}": partial(_jpeg, quality) for quality in (90, 70, 50, 30)},
        **{f"to {share:.0%} and back": partial(_shrunk, share, back=True) for share in (0.75, 0.5, 0.25)},
        **{f"to {share:.0%}": partial(_shrunk, share) for share in (0.75, 0.5, 0.25)},
        **{f"crop {share:.0%} of each side": partial(_cropped, share) for share in (0.9, 0.7, 0.5)},
        "mirrored": _flipped,
        "turned 2 degrees": partial(_turned, 2.0),
        "turned 5 degrees": partial(_turned, 5.0),
        "30 % brighter": partial(_toned, 1.3, 0.0),
        "30 % darker": partial(_toned, 0.7, 0.0),
        "30 % more contrast": partial(_toned, 1.3, 128.0),
        "30 % less contrast": partial(_toned, 0.7, 128.0),
        "blurred by 1 pixel": _blurred,
        "words, logo and bar": _overlaid,
        "screenshot": _screen,
        "page screenshot": _page,
        "WebP 60": partial(_webp, 60),
        "combination": _combined,
    }
)
"""The 27 usual changes by name."""

HARD: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "JPEG 30": partial(_jpeg, 30),
        "to 25%": partial(_shrunk, 0.25),
        "crop 50% of each side": partial(_cropped, 0.5),
        "WebP 60": partial(_webp, 60),
        "combination": _combined,
        "stretched by 10 %": _stretched,
        "perspective of 3 %": _perspective,
        "noise, JPEG 70": _in_turn(_noisy, partial(_jpeg, 70)),
        "collage": _collage,
    }
)
"""The nine hardest."""


def changed(name: str, rgb: Pixels, picture: str) -> Pixels:
    """Change a picture; its name decides where crops are cut."""
    change = USUAL.get(name) or HARD[name]
    return change(rgb, np.random.default_rng(zlib.crc32(f"{name} {picture}".encode())))
