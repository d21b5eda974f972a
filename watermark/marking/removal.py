"""What became of the visible mark in a copy that was laid on the picture we published: facts, no motives.

The copy is explained by the unmarked picture from beside the strokes; under them the known strokes are looked for,
cell by cell, and so is the photo's own fine detail, which nobody who covers or repaints a place can bring back. A mark
that is not there was taken off, if the hidden layer of the marked file is still in the copy; it was never there, if
the hidden layer would have to be there and is not. Source of the first step: projection on a known template.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.hidden.informed import Presence
from watermark.marking.hidden.strength import Plane, as_small, luma, wide_blur
from watermark.marking.state import MarkState
from watermark.picture.pixels import Picture

Mask = NDArray[np.bool_]

_REFERENCE = 1200  # pixels on the long side for which lengths are given
_STROKE = 6.0  # grey levels from which a pixel belongs to a stroke
_BLOCK, _CELL = 300, 90  # pixels of the reference
_BESIDE = 2000  # pixels that a block's fit needs; with fewer the whole picture's is taken
_LEAST = 60  # pixels of stroke that a cell needs
_RIDGE = 0.05
_OUTLIER = 3.0  # standard deviations
_SEEN_FROM = 0.12  # of the mark's energy that must lie in the copy
_KEPT_CELL, _ALIKE_CELL = (0.45, 1.8), 0.3  # of the mark's height; correlation
_KEPT_FROM, _PARTLY_FROM = 0.8, 0.12  # of the cells
_TRACES_FROM = 2.2  # times the usual energy
_DETAIL_LOST, _DETAIL_POWER = 0.5, 3.0  # of what is beside; grey levels squared


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was seen where the mark was published.

    Attributes:
        state: what became of it.
        covered: share of the mark's energy that lies within the copy, 0 to 1.
        kept: share of the mark's cells within the copy that still show it.
        traces: energy that nothing explains under the strokes, beside the usual one; 1 is usual.
        detail: share of the photo's own fine detail still there under the strokes, beside the share around them;
            NaN where it has none.
        hidden: what the hidden layer said.
    """

    state: MarkState
    covered: float = 0.0
    kept: float = 0.0
    traces: float = 1.0
    detail: float = float("nan")
    hidden: Presence = Presence.UNREADABLE


def examine(
    found: Plane,
    covered: Mask,
    scale: float,
    pictures: tuple[Picture, Picture],
    hidden: Presence = Presence.UNREADABLE,
) -> Examination:
    """Say what became of the mark.

    Args:
        found: float32 (height, width), the copy's brightness, laid on the published picture.
        covered: bool (height, width), where it covers it.
        scale: pixels of ours per pixel of the copy.
        pictures: what was published, without and with its visible mark, both of that size.
        hidden: what the hidden layer says.
    """
    plain, marked = (luma(as_small(picture.rgb, scale)) for picture in pictures)
    known = marked - plain
    strokes = np.abs(known) > _STROKE
    energy = float((known * known)[strokes].sum())
    if not strokes.any() or not covered.any():
        return Examination(state=MarkState.UNKNOWN, hidden=hidden)
    share = float((known * known)[strokes & covered].sum()) / energy
    if share < _SEEN_FROM:
        state = MarkState.NEVER if hidden == Presence.NOT_THERE else MarkState.CROPPED
        return Examination(state=state, covered=share, hidden=hidden)
    unit = max(found.shape) / _REFERENCE
    near = _grown(strokes, 11 * unit)
    explained = _explained(found, covered & ~near, as_small(pictures[0].rgb, scale), round(_BLOCK * unit))
    cells = list(_cells(found - explained, explained, known, (strokes, near, covered), unit))
    if not cells:
        return Examination(state=MarkState.UNKNOWN, covered=share, hidden=hidden)
    return _concluded(cells, share, hidden)


def _concluded(cells: "list[_Cell]", share: float, hidden: Presence) -> Examination:
    own = np.array([(cell.detail, cell.power) for cell in cells if cell.power > _DETAIL_POWER])
    seen = Examination(
        state=MarkState.UNKNOWN,
        covered=share,
        kept=float(np.average([cell.kept for cell in cells], weights=[cell.energy**0.5 for cell in cells])),
        traces=float(np.median([cell.traces for cell in cells])),
        detail=float(np.average(own[:, 0], weights=own[:, 1])) if len(own) else float("nan"),
        hidden=hidden,
    )
    return replace(seen, state=_state(seen))


def _state(seen: Examination) -> MarkState:
    if seen.kept >= _KEPT_FROM:
        return MarkState.KEPT if seen.covered > 0.5 else MarkState.PARTLY_KEPT  # noqa: PLR2004 (most of it)
    if seen.kept > _PARTLY_FROM:
        return MarkState.PARTLY_KEPT
    if seen.hidden == Presence.NOT_THERE:
        return MarkState.NEVER
    destroyed = seen.traces > _TRACES_FROM or seen.detail < _DETAIL_LOST
    if seen.hidden == Presence.THERE or destroyed:
        return MarkState.PAINTED_OVER
    return MarkState.UNKNOWN


@dataclass(frozen=True, slots=True)
class _Cell:
    """One square of the picture with strokes in it: what of the mark, of traces and of the photo's detail is there."""

    energy: float
    kept: bool
    traces: float
    detail: float
    power: float


def _cells(
    left: Plane, explained: Plane, mark: Plane, masks: tuple[Mask, Mask, Mask], unit: float
) -> Iterator[_Cell]:
    """Look at each square in which strokes lie.

    Args:
        left: float32 (height, width), what the copy shows beside what the unmarked picture explains.
        explained: what it explains.
        mark: what the mark changed.
        masks: bool, the strokes, their surroundings with them, and what the copy covers.
        unit: pixels per pixel of the reference.
    """
    strokes, near, covered = masks
    unexplained, expected = (plane - _blur(plane, 8 * unit) for plane in (left, mark))
    fine = explained - _blur(explained, 3 * unit)
    usual = _around(unexplained * unexplained, covered & ~near, 25 * unit) + 0.5
    step = max(16, round(_CELL * unit))
    for top, edge in product(range(0, left.shape[0], step), range(0, left.shape[1], step)):
        where = slice(top, top + step), slice(edge, edge + step)
        under = strokes[where] & covered[where]
        if under.sum() >= max(12, _LEAST * unit**2):
            inside = near[where] & covered[where]
            planes = (plane[where] for plane in (unexplained, expected, usual, fine))
            yield _cell(*planes, inside=inside, under=under)


def _cell(seen: Plane, wanted: Plane, usual: Plane, fine: Plane, *, inside: Mask, under: Mask) -> _Cell:
    weighed = np.asarray(wanted / usual, np.float32)
    energy = _dot(weighed, wanted, inside)
    height = _dot(weighed, seen, inside) / max(energy, 1e-6)
    alike = _dot(wanted, seen, inside) / max(
        (_dot(wanted, wanted, inside) * _dot(seen, seen, inside)) ** 0.5, 1e-6
    )
    rest = seen - np.float32(np.clip(height, 0, 1.3)) * wanted
    power = _dot(fine, fine, under)
    return _Cell(
        energy=energy,
        kept=_KEPT_CELL[0] < height < _KEPT_CELL[1] and alike > _ALIKE_CELL,
        traces=_dot(np.asarray(rest / usual, np.float32), rest, under) / int(under.sum()),
        detail=1 + _dot(rest, fine, under) / max(power, 1e-6),
        power=power / int(under.sum()),
    )


def _dot(one: Plane, other: Plane, where: Mask) -> float:
    return float((one[where].astype(np.float64) * other[where]).sum())


def _explained(found: Plane, beside: Mask, rgb: NDArray[np.uint8], block: int) -> Plane:
    """Give the copy as the unmarked picture explains it, fitted beside the strokes and continued under them.

    Each block is a filter of three by three pixels and a change of colours, fitted by robust least squares; a block
    with too little beside its strokes takes the whole picture's.
    """
    grey = luma(rgb)
    padded = cv2.copyMakeBorder(grey, 1, 1, 1, 1, cv2.BORDER_REFLECT)
    height, width = grey.shape
    span = range(3)
    parts = [padded[down : down + height, across : across + width] for down, across in product(span, span)]
    parts += [rgb[..., 0].astype(np.float32), rgb[..., 2].astype(np.float32), np.full_like(grey, 64)]
    rows, columns = np.nonzero(beside)
    every = slice(None, None, max(1, len(rows) // 40_000))
    chosen = rows[every], columns[every]
    whole = _fit(np.stack([part[chosen] for part in parts], 1), found[chosen])
    explained = np.empty_like(grey)
    for top, left in product(range(0, height, block), range(0, width, block)):
        where = slice(top, top + block), slice(left, left + block)
        clear = beside[where]
        factors = whole
        if clear.sum() >= _BESIDE:
            factors = _fit(np.stack([part[where][clear] for part in parts], 1), found[where][clear])
        explained[where] = sum(part[where] * factor for part, factor in zip(parts, factors, strict=True))
    return explained


def _fit(basis: Plane, seen: Plane) -> Plane:
    weights, factors = np.ones(len(seen), np.float32), np.zeros(basis.shape[1], np.float32)
    for _ in range(3 if len(seen) else 0):
        weighed = basis * weights[:, None]
        normal = weighed.T @ basis
        normal[np.diag_indices_from(normal)] += np.float32(_RIDGE * len(seen))
        factors = np.linalg.solve(normal, weighed.T @ seen).astype(np.float32)
        left = np.abs(seen - basis @ factors)
        weights = (left < _OUTLIER * (1.48 * float(np.median(left)) + 0.4)).astype(np.float32)
    return factors


def _blur(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(0.5, sigma)), np.float32)


def _around(values: Plane, where: Mask, reach: float) -> Plane:
    """Average values over the pixels of `where` that are near."""
    weights = where.astype(np.float32)
    summed = wide_blur(values * weights, reach)
    return np.asarray(summed / (wide_blur(weights, reach) + 1e-3), np.float32)


def _grown(mask: Mask, reach: float) -> Mask:
    side = 2 * round(reach / 2) + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)), np.uint8) > 0
