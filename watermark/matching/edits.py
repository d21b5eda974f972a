"""What was done to a photo, read off the way a copy lies on it: numbers, and the phrases that say them.

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
from watermark.matching.result import Overlap, Transform

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
SIDES = ("left", "top", "right", "bottom")
HALVES = {
    "right": "left",
    "left": "right",
    "bottom": "upper",
    "top": "lower",
}  # what is left when that side is gone


@dataclass(frozen=True, slots=True)
class Edits:
    """What was done, in numbers and in phrases; `part` is empty or like "the left half"."""

    transform: Transform
    overlap: Overlap
    part: str
    changes: tuple[str, ...]


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
    gone = {
        "left": left / width,
        "top": top / height,
        "right": 1 - right / width,
        "bottom": 1 - bottom / height,
    }
    ends = _ends(query, agreement)
    strips = {side: share for side, share in gone.items() if share > CUT and side in ends}
    cut = {side: share for side, share in gone.items() if side not in strips}
    part = _half(cut)
    marked = designs[0].mark if designs else None
    own = occlusions.own_blocks(designs, (record.width, record.height), record.frame, agreement.fine.shape)
    seen = occlusions.find_occlusions(agreement, _agreeing(agreement), edges, own)
    whole = tuple(
        r if side in strips else e for side, e, r in zip(SIDES, edges, reach(agreement), strict=True)
    )
    said = (
        *_shape(transform),
        *_cut({side: share for side, share in cut.items() if HALVES[side] != part}, mark, marked),
        *occlusions.phrases(seen, strips, edges, ends, record.frame),
        *_set_in(_share_of_found(query, agreement.homography, whole)),
        *_light(query, agreement, record.small_rgb()),
    )
    return Edits(transform, overlap, f"the {part} half" if part else "", said)


def _half(cut: dict[str, float]) -> str:
    """Which half is left, if one is: a half gone at one side, and little at the others."""
    for side in SIDES:
        others = [share for other, share in cut.items() if other != side]
        if abs(cut.get(side, 0) - 0.5) < NEARLY_HALF and max(others, default=0) < LITTLE:
            return HALVES[side]
    return ""


def extent(agreement: Agreement) -> tuple[float, float, float, float]:
    """The part of the small picture that agrees: left, top, right, bottom in its pixels."""
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
    """The part of the small picture over which the found picture lies, agreeing or not."""
    height, width = agreement.covered.shape
    across, down = (np.flatnonzero(agreement.covered.any(axis)) for axis in (0, 1))
    if not len(across):
        return 0.0, 0.0, float(width), float(height)
    return float(across[0]), float(down[0]), float(across[-1] + 1), float(down[-1] + 1)


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


def _ends(query: Query, agreement: Agreement) -> frozenset[str]:
    """The sides at which the found picture ends where ours does: what is gone there lies under something."""
    height, width = agreement.covered.shape
    outline = np.array(
        [(*corner, 1.0) for corner in registration.corners(query.picture.width, query.picture.height)]
    )
    seen = outline @ agreement.homography.matrix.T
    x, y = (seen[:, :2] / seen[:, 2:]).T
    beyond = {
        "left": -x.min() / width,
        "top": -y.min() / height,
        "right": x.max() / width - 1,
        "bottom": y.max() / height - 1,
    }
    return frozenset(side for side in SIDES if abs(float(beyond[side])) < BORDER)


def _agreeing(agreement: Agreement) -> NDArray[np.bool_]:
    """Blocks that agree in fine detail, and plain ones that are as light as they should be."""
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


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _shape(transform: Transform) -> list[str]:
    said = ["mirrored"] if transform.mirrored else []
    if abs(transform.rotation) > TURNED:
        way = "clockwise" if transform.rotation > 0 else "anticlockwise"
        said.append(f"turned {abs(transform.rotation):.0f}° {way}")
    if transform.stretch > STRETCHED:
        said.append(f"stretched by {_percent(transform.stretch - 1)}")
    return said


def _cut(cut: dict[str, float], state: MarkState, mark: Mark | None) -> list[str]:
    """The sides that are gone; the one where our mark was comes last and says so."""
    gone = {side: share for side, share in cut.items() if share > CUT}
    if not gone:
        return []
    marked = _marked_side(mark) if mark and state == MarkState.CROPPED else ""
    sides = sorted(gone, key=lambda side: (side == marked, SIDES.index(side)))
    named = [f"the {side} {_percent(gone[side])}" for side in sides]
    listed = ", ".join(named[:-1]) + " and " + named[-1] if len(named) > 1 else named[0]
    return [f"{listed} cut off" + (", where our mark was" if sides[-1] == marked else "")]


def _marked_side(mark: Mark) -> str:
    x, y = mark.middle
    near = {"left": x, "top": y, "right": 1 - x, "bottom": 1 - y}
    return min(near, key=near.__getitem__)


def _set_in(share: float) -> list[str]:
    return [] if share >= FILLING else [f"set in a larger picture, of which it fills {_percent(share)}"]


def _light(query: Query, agreement: Agreement, small: NDArray[np.uint8]) -> list[str]:
    """Brightness and colour, over what agrees."""
    size = (agreement.fine.shape[1], agreement.fine.shape[0])
    agreeing = agreement.fine > AGREES
    if agreeing.sum() < FEW:
        return []
    to_level = registration.scaling(agreement.photo.shape, (size[1], size[0]))
    moved = replace(agreement.homography, matrix=to_level @ agreement.homography.matrix)
    found = registration.warp(query, moved, size, colour=True)[0][agreeing].astype(np.float32)
    photo = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_AREA), np.float32)[agreeing]
    said = []
    apart = float(np.median(found.mean(1) - photo.mean(1)))
    if abs(apart) > BRIGHTER:
        said.append("brighter" if apart > 0 else "darker")
    colourless, coloured = (float(np.ptp(pixels, axis=1).mean()) for pixels in (found, photo))
    if colourless < COLOURED < coloured:
        said.append("without colour")
    return said
