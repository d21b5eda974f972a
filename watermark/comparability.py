"""Measures whether a before and an after can be compared: light, tint, distance, pose, background, sharpness.

A difference is measured and said, never retouched away. Laying the later photo over the earlier one turns, scales and
shifts it as a whole; the three numbers are data to be recorded with the pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.fingerprint import local
from watermark.pixels import Picture, resize

Point = tuple[float, float]
"""x and y in pixels."""

_Array = NDArray[np.float32]
_Rgb = NDArray[np.uint8]
_Mask = NDArray[np.bool_]

_LONGEST = 800  # pixels at which pairs are measured
_RATIO = 0.85  # a feature's best partner must be so much nearer than its second
_APART = 0.1  # pixels between places that a person pointed at
_REACH = 5.0  # pixels a pair may miss the common turn by: heads are not flat
_LEAST_PAIRS = 10
_BLACK, _WHITE = 8, 97  # CIE lightness beyond which a pixel says nothing of the light
_FEWEST = 100  # pixels of a part that is measured
_MOST_ZOOM, _MOST_TURN = 1.6, 30.0  # beyond, the two were hardly taken as a pair


@dataclass(frozen=True, slots=True)
class Similarity:
    """How the later photo is laid over the earlier one.

    Attributes:
        matrix: 2 by 3, from the later photo's pixels to the earlier one's.
        pairs: features that agree on it; 0 where a person pointed.
    """

    matrix: tuple[tuple[float, float, float], tuple[float, float, float]]
    pairs: int = 0

    @property
    def scale(self) -> float:
        """How much larger the later photo has to be shown."""
        return hypot(self.matrix[0][0], self.matrix[1][0])

    @property
    def turn(self) -> float:
        """Degrees by which it has to be turned, clockwise on the screen."""
        return degrees(atan2(self.matrix[1][0], self.matrix[0][0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
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
    """Every measured thing, and how the two were laid over each other to measure it (None where that failed)."""

    items: tuple[Item, ...]
    alignment: Similarity | None

    @property
    def differences(self) -> tuple[Item, ...]:
        """What a reader should be told."""
        return tuple(item for item in self.items if item.differs)


@dataclass(frozen=True, slots=True)
class _Rule:
    """From where on a difference counts, what to say of it in either direction, and how to do better."""

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
    """Measure a pair; the alignment is found unless a person gave one.

    Args:
        before: the earlier photo.
        after: the later one.
        alignment: how the later photo lies over the earlier one, from `align_by_points`.
        names: of the two, as sentences call them.

    Returns:
        An item for each measured thing. When the two cannot be laid over each other, "pose" says so and zoom, tilt and
        placing are left out.
    """
    alignment = alignment or align_pair(before, after)
    first, second = resize(before, _LONGEST), resize(after, _LONGEST)
    measured: dict[str, float] = {}
    if alignment:
        measured |= _geometry(alignment, before, after)
        second_there, covered = _laid(second, _rescaled(alignment, before, after), first)
    else:
        second_there = np.asarray(cv2.resize(second.rgb, (first.width, first.height)), np.uint8)
        covered = np.ones(first.rgb.shape[:2], np.bool_)
    measured |= _light(first.rgb, second_there, covered)
    measured["sharpness"] = 100 * (_blur(first) / _blur(second) - 1)
    items = [_item(name, measured[name], names) for name in _RULES if name in measured]
    return Comparability((*items, *([] if alignment else [_unlike(names)])), alignment)


def _item(name: str, value: float, names: tuple[str, str]) -> Item:
    rule = _RULES[name]
    # Half as sharp is as far as twice as sharp: a percentage is no measure downwards.
    least = 10_000 / (100 + rule.limit) - 100 if name == "sharpness" else -rule.limit
    differs = not least <= value <= rule.limit
    before, after = (f"the {name} photo" for name in names)
    words = (rule.less if value < 0 else rule.more).format(before=before, after=after, size=abs(value))
    return Item(
        name=name,
        value=round(value, 2),
        unit=rule.unit,
        differs=differs,
        sentence=f"{words[:1].upper()}{words[1:]}." if differs else "",
        hint=rule.hint if differs else "",
    )


def _unlike(names: tuple[str, str]) -> Item:
    return Item(
        name="pose",
        value=100.0,
        unit="%",
        differs=True,
        sentence=f"The {names[0]} and the {names[1]} photo are too different in pose to be laid over each other.",
        hint="Take the photo again in the same pose, or point at the same two or three places in both.",
    )


# Geometry.


def align_by_points(before: Sequence[Point], after: Sequence[Point]) -> Similarity:
    """Lay the later photo over the earlier one by two or three places that a person pointed at in both.

    Args:
        before: places in the earlier photo.
        after: the same places, in the same order, in the later one.

    Raises:
        WatermarkError: Fewer than two places, another number in each, or all at one place.
    """
    if len(before) != len(after) or len(before) < 2:  # noqa: PLR2004 (a similarity has four unknowns)
        raise WatermarkError(
            f"expected the same two or three places in both photos, found {len(before)} and {len(after)}",
            hint="point at the same places in the same order",
        )
    there = np.array([complex(*point) for point in before])
    here = np.array([complex(*point) for point in after])
    spread = here - here.mean()
    if np.abs(spread).max() < _APART or np.abs(there - there.mean()).max() < _APART:
        raise WatermarkError(
            "expected places apart from each other, found one place", hint="point at places far apart"
        )
    # Least squares of there = factor · here + shift over complex numbers: one turn and one scale for the whole picture.
    factor = complex((spread.conj() @ (there - there.mean())) / (spread.conj() @ spread))
    shift = complex(there.mean() - factor * here.mean())
    return Similarity(((factor.real, -factor.imag, shift.real), (factor.imag, factor.real, shift.imag)))


def align_pair(before: Picture, after: Picture) -> Similarity | None:
    """Find how the later photo lies over the earlier one by what both show; None when too little agrees.

    The middle of the pictures, where the head is, counts first; the room behind only when that does not do.
    """
    area = min(local.QUERY_AREA, *(picture.width * picture.height for picture in (before, after)))
    here, there = (local.describe_suspect(local.grey(picture), area=area) for picture in (after, before))
    central = here.take(_in_the_middle(here, after)), there.take(_in_the_middle(there, before))
    found = _agreeing(*central, before.width / 640) or _agreeing(here, there, before.width / 640)
    if found is None or abs(found.turn) > _MOST_TURN:
        return None
    return found if 1 / _MOST_ZOOM < found.scale * after.width / before.width < _MOST_ZOOM else None


def _in_the_middle(features: local.Features, picture: Picture) -> NDArray[np.intp]:
    x, y = features.places.T
    return np.flatnonzero(
        ((x / picture.width - 0.5) / 0.34) ** 2 + ((y / picture.height - 0.48) / 0.42) ** 2 < 1
    )


def _agreeing(here: local.Features, there: local.Features, unit: float) -> Similarity | None:
    """Fit one turn, scale and shift to the features of both that pair up."""
    if min(len(here), len(there)) < _LEAST_PAIRS:
        return None
    near = cv2.BFMatcher().knnMatch(here.described, there.described, k=2)
    pairs = [best for best, second in near if best.distance < _RATIO * second.distance]
    if len(pairs) < _LEAST_PAIRS:
        return None
    cv2.setRNGSeed(1)
    matrix, kept = cv2.estimateAffinePartial2D(
        here.places[[pair.queryIdx for pair in pairs]],
        there.places[[pair.trainIdx for pair in pairs]],
        method=cv2.RANSAC,
        ransacReprojThreshold=_REACH * unit,
        maxIters=4000,
        confidence=0.999,
    )
    agreeing = int(np.count_nonzero(kept))
    if agreeing < _LEAST_PAIRS:
        return None
    (a, b, c), (d, e, f) = np.asarray(matrix).tolist()
    return Similarity(((a, b, c), (d, e, f)), agreeing)


def lay_over(before: Picture, after: Picture, alignment: Similarity) -> tuple[Picture, Picture]:
    """Give both photos in the earlier one's frame, cut to the part that both show.

    Raises:
        WatermarkError: They share nothing.
    """
    laid, covered = _laid(after, np.array(alignment.matrix), before)
    left, top, right, bottom = _largest_box(covered)
    if right - left < 2 or bottom - top < 2:  # noqa: PLR2004
        raise WatermarkError(
            "expected photos that overlap, found two that do not", hint="point at the places again"
        )
    box = (slice(top, bottom), slice(left, right))
    return Picture(before.rgb[box].copy()), Picture(laid[box].copy())


def _laid(after: Picture, matrix: NDArray[np.float64], before: Picture) -> tuple[NDArray[np.uint8], _Mask]:
    size = (before.width, before.height)
    laid = cv2.warpAffine(after.rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = np.full(after.rgb.shape[:2], 255, np.uint8)
    covered = cv2.warpAffine(full, matrix, size, flags=cv2.INTER_NEAREST) > 0
    return np.asarray(laid, np.uint8), np.asarray(covered)


def _largest_box(covered: _Mask) -> tuple[int, int, int, int]:
    """Shrink from the frame's sides, the emptiest side first, until nothing uncovered is left."""
    edges = [0, 0, covered.shape[1], covered.shape[0]]
    while edges[0] < edges[2] and edges[1] < edges[3]:
        part = covered[edges[1] : edges[3], edges[0] : edges[2]]
        bare = [1 - float(side.mean()) for side in (part[:, 0], part[0], part[:, -1], part[-1])]
        worst = int(np.argmax(bare))
        if bare[worst] == 0:
            break
        edges[worst] += 1 if worst < 2 else -1  # noqa: PLR2004 (left and top come first)
    return edges[0], edges[1], edges[2], edges[3]


def _rescaled(alignment: Similarity, before: Picture, after: Picture) -> NDArray[np.float64]:
    """The same map between the two at the size at which they are measured."""
    matrix = np.array(alignment.matrix)
    to_before = min(1.0, _LONGEST / max(before.width, before.height))
    to_after = min(1.0, _LONGEST / max(after.width, after.height))
    matrix[:, :2] *= to_before / to_after
    matrix[:, 2] *= to_before
    return matrix


def _geometry(alignment: Similarity, before: Picture, after: Picture) -> dict[str, float]:
    """Zoom in percent, tilt in degrees, shift of the middle in percent of the width; of the pictures as framed."""
    framed = alignment.scale * after.width / before.width
    middle = np.array(alignment.matrix) @ np.array([after.width / 2, after.height / 2, 1.0])
    shift = middle - np.array([before.width / 2, before.height / 2])
    return {
        "zoom": 100 * (1 / framed - 1),
        "tilt": -alignment.turn,
        "placing": 100 * float(np.hypot(*shift)) / before.width,
    }


# Light, colour, background, sharpness.


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
    """How much brighter the other is than the one, in stops, where neither is black or white."""
    lit = (np.minimum(one, other) > _BLACK) & (np.maximum(one, other) < _WHITE)
    if lit.sum() < _FEWEST:
        lit = np.ones(len(one), np.bool_)
    return float(np.median(np.log2(_linear(other[lit]) / _linear(one[lit]))))


def _lab(rgb: _Rgb) -> _Array:
    """CIE Lab, without the grain; float32 (height, width, 3), L from 0 to 100."""
    smooth = cv2.GaussianBlur(rgb, (0, 0), 4)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _linear(lightness: _Array) -> _Array:
    """Luminance of a CIE lightness (Source: CIE 15, the cube root part)."""
    return np.asarray(np.maximum((lightness + 16) / 116, 0.14) ** 3, np.float32)


def _behind(shape: tuple[int, ...]) -> _Mask:
    """Where the room is seen in a portrait: beside and above the head, not below."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    beside = ((x / shape[1] - 0.5) / 0.4) ** 2 + ((y / shape[0] - 0.5) / 0.48) ** 2 > 1
    return np.asarray(beside & (y < 0.6 * shape[0]))


def _blur(picture: Picture) -> float:
    """How wide the sharpest of the strong edges are, as the sigma of a Gaussian in pixels at 800 pixels' length.

    The gradient of a blurred step falls as the root of blur² + smoothing²; two smoothings give the blur.
    Source: Zhuo and Sim, Defocus map estimation from a single image, Pattern Recognition 44 (2011).
    """
    grey = local.grey(picture)
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
