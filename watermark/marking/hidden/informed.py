"""The evidence layer: keyed per picture, read from a copy that was laid on our unmarked picture.

The picture itself is known and is taken out first, so that a mark far below what can be seen is read with certainty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.hidden import chips
from watermark.marking.hidden.chips import Seen
from watermark.marking.hidden.coding import CODED, Reading, decode, encode, presence
from watermark.marking.hidden.keys import MarkKey, Stream
from watermark.marking.hidden.strength import Plane, as_small, luma
from watermark.picture.pixels import Picture

PRESENT_FROM = 13.0
"""Standard deviations. Of 2^64 code words the best of an unmarked picture reaches 6.8 (measured; most 8.4); the chance
of 13 is below 1e-18 by the union bound."""

KNOWN_FROM, DOUBTFUL_FROM = 7.0, 5.0  # standard deviations, for a payload that is known beforehand
_FAINT, _ENOUGH = (0.3, 1.5), 300  # grey levels; chips
_SHOWN = {
    4: 0.5,
    9: 0.8,
}  # share of detail of each size; shrunk to half and saved as JPEG 70, 0.63 and 0.87 are left

_BLOCK = 96  # pixels: within one, the copy is taken for one filter of the original
_REACH = 2  # pixels that the filter reaches to each side
_LEAST = 900  # pixels of a block that must be covered
_RIDGE = 0.1  # of the count of pixels
_OUTLIER = 3.5  # standard deviations


@dataclass(frozen=True, slots=True, eq=False)
class Residual:
    """What a copy differs by from the unmarked picture.

    Attributes:
        values: float32 (height, width), grey levels.
        covered: bool (height, width), where the copy covers the picture and could be explained.
        ground: float32 (height, width), the unmarked picture's brightness.
    """

    values: Plane
    covered: NDArray[np.bool_]
    ground: Plane


def carrier(key: MarkKey, subject: str, payload: int, shape: tuple[int, int]) -> Plane:
    """Draw the layer of a subject and payload for a picture of (height, width): float32, variance near 1."""
    return chips.carrier(key, subject, shape, partial(_coded, encode(payload)))


def _coded(word: NDArray[np.float32], stream: Stream, count: int) -> NDArray[np.float32]:
    signs = stream.signs(count)
    return signs * word[stream.below(CODED, count)]


def known_residual(found: Picture, unmarked: Picture) -> Residual:
    """Subtract the very picture that was marked: for a file of ours, before anybody else had it."""
    ground = luma(unmarked.rgb)
    return Residual(luma(found.rgb) - ground, np.ones(ground.shape, np.bool_), ground)


def residual(found: Plane, covered: NDArray[np.bool_], unmarked: Picture, scale: float) -> Residual:
    """Explain a registered copy by the unmarked picture, block by block; what is left may be the mark.

    Each block is the original seen through a small filter and a change of colours, fitted by least squares twice, the
    second time without what fits worst (things laid over).

    Args:
        found: float32 (height, width), the copy's brightness, laid on the unmarked picture.
        covered: bool (height, width).
        unmarked: the picture before any mark, of the same size.
        scale: pixels of the unmarked picture per pixel of the copy; above 1 the copy is the smaller one.
    """
    rgb = as_small(unmarked.rgb, scale)
    grey = luma(rgb)
    height, width = grey.shape
    padded = cv2.copyMakeBorder(grey, _REACH, _REACH, _REACH, _REACH, cv2.BORDER_REFLECT)
    span = range(2 * _REACH + 1)
    parts = [padded[down : down + height, across : across + width] for down, across in product(span, span)]
    parts += [rgb[..., 0].astype(np.float32), rgb[..., 2].astype(np.float32), np.full_like(grey, 64)]
    values, explained = np.zeros_like(grey), np.zeros(grey.shape, np.bool_)
    for top, left in product(range(0, height, _BLOCK), range(0, width, _BLOCK)):
        where = slice(top, top + _BLOCK), slice(left, left + _BLOCK)
        inside = covered[where]
        if inside.sum() < min(_LEAST, inside.size // 2):
            continue
        basis = np.stack([part[where][inside] for part in parts], axis=1)
        values[where][inside] = _unexplained(np.asarray(basis, np.float32), found[where][inside])
        explained[where] = inside
    return Residual(values, explained, luma(unmarked.rgb))


def _unexplained(basis: Plane, seen: Plane) -> Plane:
    """Give what a robust linear fit of `basis` (n, k) leaves of `seen` (n,)."""
    weights = np.ones(len(seen), np.float32)
    left = seen
    for _ in range(2):
        weighed = basis * weights[:, None]
        normal = weighed.T @ basis
        normal[np.diag_indices_from(normal)] += np.float32(_RIDGE * len(seen))
        left = seen - basis @ np.linalg.solve(normal, weighed.T @ seen)
        usual = 1.48 * float(np.median(np.abs(left))) + 0.5
        weights = (np.abs(left) < _OUTLIER * usual).astype(np.float32)
    return np.asarray(left, np.float32)


def measure(left: Residual) -> tuple[Seen, ...]:
    """Measure the chips of every size in a residual, whoever's they are."""
    return chips.measure(left.values, left.covered, left.ground)


def read(seen: tuple[Seen, ...], key: MarkKey, subject: str) -> Reading:
    """Read a subject's payload; none unless the presence statistic and the check sum both say so."""
    values, places = _chips(seen, key, subject)
    soft = np.bincount(places, values, minlength=CODED)
    if not soft.any():
        return Reading(None, 0.0)
    decoded = decode(soft / np.abs(soft).mean())
    score = presence(values, encode(decoded.payload)[places])
    sure = decoded.checks and score >= PRESENT_FROM
    return Reading(decoded.payload if sure else None, score)


def score(seen: tuple[Seen, ...], key: MarkKey, subject: str, payload: int) -> float:
    """Say how surely one known payload is there: standard normal if it is not."""
    values, places = _chips(seen, key, subject)
    return presence(values, encode(payload)[places])


class Presence(StrEnum):
    """Whether a hidden layer that is known is in a copy."""

    THERE = "there"
    NOT_THERE = "not-there"
    UNREADABLE = "unreadable"


def presence_of(
    left: Residual, found: Plane, key: MarkKey, subject: str, payloads: Sequence[int]
) -> tuple[Presence, int | None]:
    """Say whether any of the payloads that a subject was published with is in a copy, and which.

    It is not there only where it would have to be: where the copy still shows the photo's own detail as faint as the
    mark itself.

    Args:
        left: what the copy differs by.
        found: float32 (height, width), the copy's brightness, laid on the picture.
        key: the practice's.
        subject: the picture.
        payloads: what it was ever published with.
    """
    seen = measure(left)
    scores = {payload: score(seen, key, subject, payload) for payload in payloads}
    best = max(scores, key=lambda payload: scores[payload], default=None)
    if best is not None and scores[best] >= KNOWN_FROM:
        return Presence.THERE, best
    told = best is not None and scores[best] < DOUBTFUL_FROM and _shows_faint_detail(left, found)
    return (Presence.NOT_THERE if told else Presence.UNREADABLE), None


def _shows_faint_detail(left: Residual, found: Plane) -> bool:
    """Whether a copy still shows the picture's own detail as faint as the mark, at the size of all chips."""
    return all(_faint_detail(left, found, size) >= least for size, least in _SHOWN.items())


def _faint_detail(left: Residual, found: Plane, size: int) -> float:
    """Give the share of the picture's own faint detail that a copy still shows, of `size` pixels."""
    small = max(1, found.shape[1] // size), max(1, found.shape[0] // size)

    def detail(plane: Plane) -> Plane:
        means = np.asarray(cv2.resize(plane, small, interpolation=cv2.INTER_AREA), np.float32)
        return means - np.asarray(cv2.GaussianBlur(means, (0, 0), 1.0), np.float32)

    ours, theirs = detail(left.ground), detail(found)
    there = cv2.resize(left.covered.astype(np.float32), small, interpolation=cv2.INTER_AREA) > 0.99  # noqa: PLR2004
    faint = there & (np.abs(ours) > _FAINT[0]) & (np.abs(ours) < _FAINT[1])
    if faint.sum() < _ENOUGH:
        return 0.0
    return float((ours[faint] * theirs[faint]).sum() / (ours[faint] ** 2).sum())


def _chips(
    seen: tuple[Seen, ...], key: MarkKey, subject: str
) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Give every covered chip's value, its sign undone, and which coded bit it carries."""
    values, places = [], []
    for stream, measured in chips.each(seen, key, subject):
        signs = stream.signs(len(measured))
        bits = stream.below(CODED, len(measured))
        there = measured != 0
        values.append((measured * signs)[there])
        places.append(bits[there])
    return np.concatenate(values), np.concatenate(places)
