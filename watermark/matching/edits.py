"""What was done to a photo, read off a registered copy.

Sides, shares and places are those of the photo as it hangs in the catalogue, whichever way the copy was turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.design import Design
from watermark.marking.state import MarkState
from watermark.marking.visible import Mark
from watermark.matching import occlusions, registration
from watermark.matching.agreement import Agreement
from watermark.matching.bands import STEP
from watermark.matching.fingerprint import Record
from watermark.matching.registration import Homography, Query
from watermark.matching.result import Edit, EditKind, Half, Overlap, Side, Transform

Grey: TypeAlias = NDArray[np.uint8]
AGREES = 0.5
FEW = 6  # blocks
# What is worth a word: degrees, ratios, shares, grey levels, spread of the colours.
TURNED, STRETCHED, CUT, FILLING, BRIGHTER, COLOURED = 1.0, 1.05, 0.03, 0.85, 10, 3
NEARLY_HALF, LITTLE = 0.07, 0.2  # shares
LINE = 0.3  # share of a row or column that must agree for it to belong
HALF, PLAIN = 127, 25  # grey levels
SNAP = 40.0  # pixels of the small picture: plain margins that cannot agree are taken as agreeing
BORDER = 0.03  # share of the photo by which a picture must go on beyond its edge to be a larger one
_LEFT_OVER = {Side.RIGHT: Half.LEFT, Side.LEFT: Half.RIGHT, Side.BOTTOM: Half.UPPER, Side.TOP: Half.LOWER}
_GONE = {half: side for side, half in _LEFT_OVER.items()}


@dataclass(frozen=True, slots=True)
class Edits:
    """How a copy lies on the photo and what was done."""

    transform: Transform
    overlap: Overlap
    half: Half | None
    edits: tuple[Edit, ...]


def read_edits(
    query: Query,
    record: Record,
    agreement: Agreement,
    mark: MarkState = MarkState.UNKNOWN,
    designs: Sequence[Design] = (),
) -> Edits:
    """Read off what was done to the photo.

    Args:
        query: the found picture.
        record: the photo as the index keeps it.
        agreement: how they compare.
        mark: what became of the mark.
        designs: how the photo may have been published, the likeliest first.
    """
    transform = _transform(record, agreement.homography)
    edges = extent(agreement)
    left, top, right, bottom = edges
    width, height = record.frame
    overlap = Overlap(
        of_photo=min(1.0, (right - left) * (bottom - top) / (width * height)),
        of_found=_share_of_found(query, agreement.homography, edges),
    )
    shares = (left / width, top / height, 1 - right / width, 1 - bottom / height)
    gone = dict(zip(Side, shares, strict=True))
    ends = _ends(query, agreement)
    strips = {side: share for side, share in gone.items() if share > CUT and side in ends}
    cut = {side: share for side, share in gone.items() if side not in strips}
    half = _half(cut)
    marked = _marked_side(designs[0].mark) if designs and mark == MarkState.CROPPED else None
    own = occlusions.own_blocks(designs, (record.width, record.height), record.frame, agreement.fine.shape)
    seen = occlusions.find_occlusions(agreement, _agreeing(agreement), edges, own)
    whole = tuple(
        r if side in strips else e for side, e, r in zip(Side, edges, reach(agreement), strict=True)
    )
    filled = _share_of_found(query, agreement.homography, whole)
    edits = (
        *_shape(transform),
        *_cut({side: share for side, share in cut.items() if half is None or side != _GONE[half]}, marked),
        *occlusions.as_edits(seen, strips, edges, ends, record.frame),
        *([] if filled >= FILLING else [Edit(kind=EditKind.SET_IN, amount=filled)]),
        *_light(query, agreement, record.small_rgb()),
    )
    return Edits(transform, overlap, half, edits)


def _half(cut: dict[Side, float]) -> Half | None:
    """Which half is left, if little else is gone."""
    for side, half in ((side, _LEFT_OVER[side]) for side in Side):
        others = [share for other, share in cut.items() if other != side]
        if abs(cut.get(side, 0) - 0.5) < NEARLY_HALF and max(others, default=0) < LITTLE:
            return half
    return None


def extent(agreement: Agreement) -> tuple[float, float, float, float]:
    """The part of the small picture that agrees.

    Left, top, right and bottom in its pixels.
    """
    edges = reach(agreement)
    covered = cv2.resize(agreement.covered, agreement.fine.shape[::-1], interpolation=cv2.INTER_AREA) > HALF
    agreeing = _agreeing(agreement) & covered
    rows, columns = (
        np.flatnonzero(agreeing.sum(axis) > LINE * np.maximum(covered.sum(axis), 1)) for axis in (1, 0)
    )
    if not len(rows) or not len(columns):
        return edges
    seen = (columns[0] * STEP, rows[0] * STEP, (columns[-1] + 1) * STEP, (rows[-1] + 1) * STEP)
    left, top, right, bottom = (
        e if abs(e - s) < SNAP else float(s) for e, s in zip(edges, seen, strict=True)
    )
    return left, top, right, bottom


def reach(agreement: Agreement) -> tuple[float, float, float, float]:
    """The part of the small picture that the copy covers.

    Left, top, right and bottom in its pixels, agreeing or not.
    """
    height, width = agreement.covered.shape
    across, down = (np.flatnonzero(agreement.covered.any(axis)) for axis in (0, 1))
    if not len(across):
        return 0.0, 0.0, float(width), float(height)
    return float(across[0]), float(down[0]), float(across[-1] + 1), float(down[-1] + 1)


def box_in_found(query: Query, agreement: Agreement) -> tuple[float, float, float, float]:
    """Where the part that agrees lies in the found picture: left, top, right, bottom as shares of it."""
    left, top, right, bottom = extent(agreement)
    outline = np.array([[left, top, 1.0], [right, top, 1], [right, bottom, 1], [left, bottom, 1]])
    seen = outline @ np.linalg.inv(agreement.homography.matrix).T
    places = seen[:, :2] / seen[:, 2:] / (query.picture.width, query.picture.height)
    low, high = np.clip(places.min(0), 0, 1), np.clip(places.max(0), 0, 1)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _share_of_found(query: Query, homography: Homography, edges: tuple[float, ...]) -> float:
    left, top, right, bottom = edges
    size = (query.picture.width, query.picture.height)
    outline = np.array([[left, top, 1.0], [right, top, 1], [right, bottom, 1], [left, bottom, 1]])
    seen = outline @ np.linalg.inv(homography.matrix).T
    inside = cv2.intersectConvexConvex(
        (seen[:, :2] / seen[:, 2:]).astype(np.float32),
        np.array(list(registration.corners(*size)), np.float32),
    )[0]
    return float(min(1.0, inside / (size[0] * size[1])))


def _ends(query: Query, agreement: Agreement) -> frozenset[Side]:
    """The sides at which the copy ends where ours does.

    What is gone there lies under something.
    """
    height, width = agreement.covered.shape
    outline = np.array(
        [(*corner, 1.0) for corner in registration.corners(query.picture.width, query.picture.height)]
    )
    seen = outline @ agreement.homography.matrix.T
    x, y = (seen[:, :2] / seen[:, 2:]).T
    beyond = (-x.min() / width, -y.min() / height, x.max() / width - 1, y.max() / height - 1)
    return frozenset(side for side, by in zip(Side, beyond, strict=True) if abs(float(by)) < BORDER)


def _agreeing(agreement: Agreement) -> NDArray[np.bool_]:
    """Blocks that agree, plain ones by their lightness."""
    fine, size = agreement.fine, agreement.fine.shape[::-1]
    photo, found = (
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.float32)
        for p in (agreement.photo, agreement.found)
    )
    sure = fine > AGREES
    if sure.sum() < FEW:
        return sure
    slope = float(np.clip(float(np.std(found[sure])) / max(float(np.std(photo[sure])), 1.0), 0.3, 3.0))
    apart = found - slope * photo
    plain = np.isnan(fine) & (np.abs(apart - np.median(apart[sure])) < PLAIN)
    return np.asarray(sure | plain)


def _transform(record: Record, homography: Homography) -> Transform:
    grow = registration.scaling((record.frame[1], record.frame[0]), (record.height, record.width))
    matrix = grow @ homography.matrix
    matrix = matrix / matrix[2, 2]
    straight = matrix[:2, :2] @ np.diag([-1, 1]) if homography.mirrored else matrix[:2, :2]
    left, sizes, right = np.linalg.svd(straight)
    turn = left @ right
    rows = [(float(a), float(b), float(c)) for a, b, c in matrix]
    return Transform(
        matrix=tuple(rows),
        mirrored=homography.mirrored,
        rotation=float(-np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
        scale=float(np.sqrt(sizes[0] * sizes[1])),
        stretch=float(sizes[0] / sizes[1]),
    )


def _shape(transform: Transform) -> list[Edit]:
    edits = [Edit(kind=EditKind.MIRRORED)] if transform.mirrored else []
    if abs(transform.rotation) > TURNED:
        edits.append(Edit(kind=EditKind.TURNED, amount=transform.rotation))
    if transform.stretch > STRETCHED:
        edits.append(Edit(kind=EditKind.STRETCHED, amount=transform.stretch - 1))
    return edits


def _cut(cut: dict[Side, float], marked: Side | None) -> list[Edit]:
    """The sides that are gone, the marked one last."""
    gone = [side for side in Side if cut.get(side, 0.0) > CUT]
    return [
        Edit(kind=EditKind.CUT, side=side, amount=cut[side], marked=side == marked)
        for side in sorted(gone, key=lambda side: side == marked)
    ]


def _marked_side(mark: Mark | None) -> Side | None:
    """The side that a mark lies nearest."""
    if mark is None:
        return None
    x, y = mark.middle
    near = dict(zip(Side, (x, y, 1 - x, 1 - y), strict=True))
    return min(near, key=near.__getitem__)


def _light(query: Query, agreement: Agreement, small: NDArray[np.uint8]) -> list[Edit]:
    """Brightness and colour, over what agrees."""
    size = (agreement.fine.shape[1], agreement.fine.shape[0])
    agreeing = agreement.fine > AGREES
    if agreeing.sum() < FEW:
        return []
    to_level = registration.scaling(agreement.photo.shape, (size[1], size[0]))
    moved = replace(agreement.homography, matrix=to_level @ agreement.homography.matrix)
    found = registration.warp(query, moved, size, colour=True)[0][agreeing].astype(np.float32)
    photo = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)[agreeing]
    edits = []
    apart = float(np.median(found.mean(1) - photo.mean(1)))
    if abs(apart) > BRIGHTER:
        edits.append(Edit(kind=EditKind.BRIGHTER if apart > 0 else EditKind.DARKER))
    colourless, coloured = (float(np.ptp(pixels, axis=1).mean()) for pixels in (found, photo))
    if colourless < COLOURED < coloured:
        edits.append(Edit(kind=EditKind.COLOURLESS))
    return edits
