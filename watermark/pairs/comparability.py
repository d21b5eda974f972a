"""Measures whether a before and an after can be compared.

A difference is measured and said, never retouched away. Laying the later photo over the earlier one turns, scales and
shifts it as a whole; the three numbers are data to be recorded with the pair.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.pairs.alignment import Similarity, align_pair, laid
from watermark.picture import features
from watermark.picture.pixels import Picture, resize

_Array = NDArray[np.float32]
_Rgb = NDArray[np.uint8]
_Mask = NDArray[np.bool_]

_LONGEST = 800  # pixels at which pairs are measured
_BLACK, _WHITE = 8, 97  # CIE lightness beyond which a pixel says nothing of the light
_FEWEST = 100  # pixels of a part that is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured thing.

    Attributes:
        name: light, colour, zoom, tilt, placing, pose, background or sharpness.
        value: how far the later photo is from the earlier one; its sign says the direction.
        unit: of the value.
        differs: a reader should be told.
        sentence: what to tell, in plain words; "" when it does not differ.
        hint: how to take the later photo again.
    """

    name: str
    value: float
    unit: str
    differs: bool
    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class Comparability:
    """Every measured thing, and how the two were aligned.

    The alignment is None where none was found.
    """

    items: tuple[Measurement, ...]
    alignment: Similarity | None

    @property
    def differences(self) -> tuple[Measurement, ...]:
        """What a reader should be told."""
        return tuple(item for item in self.items if item.differs)


@dataclass(frozen=True, slots=True)
class _Rule:
    """When a difference counts, its words and a hint."""

    limit: float
    unit: str
    more: str
    less: str
    hint: str


# Limits are about twice what is left when a drawn clinic repeats a photo with care.
_RULES = {
    "light": _Rule(
        0.3, "stops", "{after} is {size:.1f} stops brighter than {before}",
        "{after} is {size:.1f} stops darker than {before}",
        "Use the same lamps, and set the exposure by hand.",
    ),
    "colour": _Rule(
        5.0, "ΔE", "{after} was taken in light of another tint", "",
        "Set the white balance by hand, and keep daylight out.",
    ),
    "zoom": _Rule(
        6.0, "%", "{after} shows the head {size:.0f} % larger", "{after} shows the head {size:.0f} % smaller",
        "Stand at the same mark on the floor, with the same lens.",
    ),
    "tilt": _Rule(
        5.0, "degrees", "{after} is turned by {size:.0f} degrees", "{after} is turned by {size:.0f} degrees",
        "Hold the camera level, and the head as before.",
    ),
    "placing": _Rule(
        10.0, "% of the width", "{after} has the head in another place of the frame", "",
        "Frame the head as in the earlier photo.",
    ),
    "background": _Rule(
        8.0, "ΔE", "{after} has another background", "",
        "Use the same background, without things that move.",
    ),
    "sharpness": _Rule(
        60.0, "%", "{after} is sharper than {before}", "{after} is less sharp than {before}",
        "Use the same focus point and enough light.",
    ),
}  # fmt: skip


def compare_pair(
    before: Picture,
    after: Picture,
    alignment: Similarity | None = None,
    *,
    names: tuple[str, str] = ("before", "after"),
) -> Comparability:
    """Measure a pair, laid by the program or a person.

    Each measured thing is an item. When the two cannot be laid over each other, "pose" says so and zoom, tilt and
    placing are left out.
    """
    alignment = alignment or align_pair(before, after)
    first, second = resize(before, _LONGEST), resize(after, _LONGEST)
    measured: dict[str, float] = {}
    if alignment:
        measured |= _geometry(alignment, before, after)
        second_there, covered = laid(second, _rescaled(alignment, before, after), first)
    else:
        second_there = np.asarray(cv2.resize(second.rgb, (first.width, first.height)), np.uint8)
        covered = np.ones(first.rgb.shape[:2], np.bool_)
    measured |= _light(first.rgb, second_there, covered)
    measured["sharpness"] = 100 * (_blur(first) / _blur(second) - 1)
    items = [_item(name, measured[name], names) for name in _RULES if name in measured]
    return Comparability((*items, *([] if alignment else [_unlike(names)])), alignment)


def _item(name: str, value: float, names: tuple[str, str]) -> Measurement:
    rule = _RULES[name]
    # Half as sharp is as far as twice as sharp: a percentage is no measure downwards.
    least = 10_000 / (100 + rule.limit) - 100 if name == "sharpness" else -rule.limit
    differs = not least <= value <= rule.limit
    before, after = (f"the {name} photo" for name in names)
    words = (rule.less if value < 0 else rule.more).format(before=before, after=after, size=abs(value))
    return Measurement(
        name=name,
        value=round(value, 2),
        unit=rule.unit,
        differs=differs,
        sentence=f"{words[:1].upper()}{words[1:]}." if differs else "",
        hint=rule.hint if differs else "",
    )


def _unlike(names: tuple[str, str]) -> Measurement:
    return Measurement(
        name="pose",
        value=100.0,
        unit="%",
        differs=True,
        sentence=f"The {names[0]} and the {names[1]} photo are too different in pose to be laid over each other.",
        hint="Take the photo again in the same pose, or point at the same two or three places in both.",
    )


# Geometry, light, colour, background, sharpness.


def _rescaled(alignment: Similarity, before: Picture, after: Picture) -> NDArray[np.float64]:
    """The same map at the size of measuring."""
    matrix = np.array(alignment.matrix)
    to_before = min(1.0, _LONGEST / max(before.width, before.height))
    to_after = min(1.0, _LONGEST / max(after.width, after.height))
    matrix[:, :2] *= to_before / to_after
    matrix[:, 2] *= to_before
    return matrix


def _geometry(alignment: Similarity, before: Picture, after: Picture) -> dict[str, float]:
    """Zoom in %, tilt in degrees, shift in % of the width."""
    framed = alignment.scale * after.width / before.width
    middle = np.array(alignment.matrix) @ np.array([after.width / 2, after.height / 2, 1.0])
    shift = middle - np.array([before.width / 2, before.height / 2])
    return {
        "zoom": 100 * (1 / framed - 1),
        "tilt": -alignment.turn,
        "placing": 100 * float(np.hypot(*shift)) / before.width,
    }


def _light(before: _Rgb, after: _Rgb, covered: _Mask) -> dict[str, float]:
    """Exposure in stops, tint and background in ΔE, over what both show.

    The head may have been treated and the room may have changed, but other light falls on both: of the two changes the
    smaller one counts as light. What the room changes beyond it is another background.
    """
    one, other = (_lab(rgb)[covered] for rgb in (before, after))
    behind = _behind(before.shape[:2])[covered]
    parts = [part for part in (behind, ~behind) if part.sum() > _FEWEST] or [np.ones(len(one), np.bool_)]
    stops = min((_stops(one[part, 0], other[part, 0]) for part in parts), key=abs)
    tints = [np.median(other[part, 1:] - one[part, 1:], axis=0) for part in parts]
    tint = min(tints, key=lambda tint: float(np.hypot(*tint)))
    relit = np.cbrt(2.0**stops * (one[parts[0], 0] + 16) ** 3) - 16
    rest = other[parts[0]] - np.column_stack([relit, one[parts[0], 1:] + tint])
    return {
        "light": stops,
        "colour": float(np.hypot(*tint)),
        "background": float(np.median(np.linalg.norm(rest, axis=1))),
    }


def _stops(one: _Array, other: _Array) -> float:
    """How much brighter the other is than the one, in stops.

    Pixels that are black or white in either do not count.
    """
    lit = (np.minimum(one, other) > _BLACK) & (np.maximum(one, other) < _WHITE)
    if lit.sum() < _FEWEST:
        lit = np.ones(len(one), np.bool_)
    return float(np.median(np.log2(_linear(other[lit]) / _linear(one[lit]))))


def _lab(rgb: _Rgb) -> _Array:
    """CIE Lab without the grain, float32 (height, width, 3)."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), 4)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _linear(lightness: _Array) -> _Array:
    """Luminance of a CIE lightness.

    Source: CIE 15, the cube root part.
    """
    return np.asarray(np.maximum((lightness + 16) / 116, 0.14) ** 3, np.float32)


def _behind(shape: tuple[int, ...]) -> _Mask:
    """Where the room is seen in a portrait.

    Beside and above the head, not below.
    """
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    beside = ((x / shape[1] - 0.5) / 0.4) ** 2 + ((y / shape[0] - 0.5) / 0.48) ** 2 > 1
    return np.asarray(beside & (y < 0.6 * shape[0]))


def _blur(picture: Picture) -> float:
    """Width of the sharpest strong edges, as a Gaussian's sigma.

    In pixels of a picture 800 pixels long.

    The gradient of a blurred step falls as the root of blur² + smoothing²; two smoothings give the blur.
    Source: Zhuo and Sim, Defocus map estimation from a single image, Pattern Recognition 44 (2011).
    """
    grey = features.grey(picture)
    fine, coarse = (_gradient(grey, sigma) for sigma in _SMOOTHINGS)
    strong = coarse >= np.quantile(coarse, 0.985)
    low, high = _SMOOTHINGS
    ratio = float(
        np.clip(np.quantile(fine[strong] / np.maximum(coarse[strong], 1e-3), 0.7), 1.02, high / low)
    )
    squared = (high**2 - ratio**2 * low**2) / (ratio**2 - 1)
    return float(np.sqrt(max(squared, 0.25)))


_SMOOTHINGS = (1.0, 2.5)


def _gradient(grey: _Rgb, sigma: float) -> _Array:
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), sigma)
    return np.asarray(cv2.magnitude(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)))
