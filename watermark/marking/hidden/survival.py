"""What the hidden layers of a picture survive, measured on the picture itself."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.marking.hidden import blind, informed
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.lattice import Search
from watermark.marking.hidden.layers import HiddenMark
from watermark.marking.hidden.strength import luma
from watermark.picture.pixels import Picture

Pixels = NDArray[np.uint8]
Changed = tuple[Pixels, NDArray[np.float64]]
"""The copy, and the map from its pixels to the picture's: float64 (2, 3)."""


def _saved(format: str, quality: int, rgb: Pixels) -> Changed:  # noqa: A002
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, format, quality=quality)
    return np.asarray(Image.open(out).convert("RGB")), np.eye(2, 3)


def _shrunk(share: float, rgb: Pixels) -> Changed:
    small = max(1, round(rgb.shape[1] * share)), max(1, round(rgb.shape[0] * share))
    across, down = rgb.shape[1] / small[0], rgb.shape[0] / small[1]
    copy = np.asarray(cv2.resize(rgb, small, interpolation=cv2.INTER_AREA), np.uint8)
    return copy, np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5]])


def _cropped(share: float, rgb: Pixels) -> Changed:
    height, width = rgb.shape[:2]
    high, wide = round(height * share), round(width * share)
    top, left = (height - high) // 3, (width - wide) // 2
    return rgb[top : top + high, left : left + wide].copy(), np.array([[1.0, 0, left], [0, 1, top]])


def _mirrored(rgb: Pixels) -> Changed:
    return rgb[:, ::-1].copy(), np.array([[-1.0, 0, rgb.shape[1] - 1], [0, 1, 0]])


def _turned(degrees: float, rgb: Pixels) -> Changed:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    copy = cv2.warpAffine(rgb, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(copy, np.uint8), np.asarray(cv2.invertAffineTransform(turn), np.float64)


def _screenshot(rgb: Pixels) -> Changed:
    small, matrix = _shrunk(0.8, rgb)
    return _saved("JPEG", 80, small)[0], matrix


def _combined(rgb: Pixels) -> Changed:
    cut, first = _cropped(0.8, rgb)
    small, second = _shrunk(0.5, cut)
    whole = np.vstack([first, [0, 0, 1]]) @ np.vstack([second, [0, 0, 1]])
    return _saved("JPEG", 60, small)[0], whole[:2]


CHANGES: Final[Mapping[str, Callable[[Pixels], Changed]]] = MappingProxyType(
    {
        "saved as JPEG 70": partial(_saved, "JPEG", 70),
        "saved as JPEG 40": partial(_saved, "JPEG", 40),
        "saved as WebP 60": partial(_saved, "WEBP", 60),
        "shrunk to half": partial(_shrunk, 0.5),
        "shrunk to a quarter": partial(_shrunk, 0.25),
        "cut to half of each side": partial(_cropped, 0.5),
        "mirrored": _mirrored,
        "turned by 3 degrees": partial(_turned, 3.0),
        "screenshot": _screenshot,
        "cut, halved, JPEG 60": _combined,
    }
)
"""Ways of copying by name."""


@dataclass(frozen=True, slots=True)
class Survived:
    """Whether each layer was read after a change."""

    blind: bool
    informed: bool


def survival(published: Picture, plain: Picture, key: MarkKey, mark: HiddenMark) -> dict[str, Survived]:
    """Change a published picture in every way of `CHANGES`, and read its layers again.

    Args:
        published: with its layers.
        plain: without them, of the same size.
        key: the practice's.
        mark: what is hidden.
    """
    found = {}
    for name, change in CHANGES.items():
        copy, matrix = change(published.rgb)
        alone = blind.read(Search(luma(copy)), key).payload == mark.payload
        known = informed.read(informed.measure(_laid(copy, matrix, plain)), key, mark.subject)
        found[name] = Survived(alone, known.payload == mark.payload)
    return found


def _laid(copy: Pixels, matrix: NDArray[np.float64], plain: Picture) -> informed.Residual:
    size = plain.width, plain.height
    grey = cv2.warpAffine(luma(copy), matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones(copy.shape[:2], np.uint8), matrix, size, flags=cv2.INTER_NEAREST)
    covered = cv2.erode(inside, np.ones((5, 5), np.uint8), borderValue=0) > 0
    scale = float(abs(np.linalg.det(matrix[:, :2])) ** 0.5)
    return informed.residual(np.asarray(grey, np.float32), np.asarray(covered), plain, scale)
