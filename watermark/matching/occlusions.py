"""What was laid over a photo, or blurred in it.

Blocks of a copy that disagree in one piece.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.design import Design
from watermark.matching.agreement import Agreement
from watermark.matching.bands import STEP
from watermark.matching.result import Edit, EditKind, Place, Side
from watermark.picture.framing import Size

Box: TypeAlias = tuple[float, float, float, float]
DIFFERS = 0.25  # correlation of a block that shows something else
LEAST = 0.012  # of the agreeing part: a smaller piece is not worth a word
MOST = 0.5  # of it: more than that is no cover but a copy in bad shape
SOUND = 0.6  # median correlation of the other blocks, below which disagreement says nothing
HALF, FLAT = 127, 3.0  # grey levels
LIKE = 0.7  # correlation of blocks' lightness
TEXTURED = 0.4  # share of a piece where the photo has detail that could be seen, or the copy has other
LETTERED = 8.0  # grey levels of band-passed contrast that only letters and edges have
AROUND = 3  # sides
WIDE, BAR = 0.8, 2.5  # share of the width; ratio of the sides
LOW, HIGH = 0.36, 0.64  # where the middle begins and ends


@dataclass(frozen=True, slots=True)
class Occlusion:
    """A piece of the photo that the copy shows otherwise.

    Attributes:
        box: left, top, right, bottom in pixels of the small picture.
        blurred: the same lights and darks without their detail: a mosaic or a blur, nothing laid over it.
    """

    box: Box
    blurred: bool


def find_occlusions(
    agreement: Agreement, agreeing: NDArray[np.bool_], edges: Box, own: NDArray[np.bool_]
) -> tuple[Occlusion, ...]:
    """Find pieces inside `edges` that disagree while all around agrees.

    Args:
        agreement: how the copy compares with the photo.
        agreeing: bool (rows, columns), blocks that agree.
        edges: left, top, right, bottom of the agreeing part in pixels of the small picture.
        own: bool (rows, columns), blocks in which our own mark or label stands; nothing is said of them.
    """
    fine = agreement.fine
    inside = np.zeros(fine.shape, bool)
    left, top, right, bottom = (round(edge / STEP) for edge in edges)
    inside[top:bottom, left:right] = True
    inside &= cv2.resize(agreement.covered, fine.shape[::-1], interpolation=cv2.INTER_AREA) > HALF
    inside &= ~own
    differ = inside & ~agreeing & (np.isnan(fine) | (fine < DIFFERS))
    rest = fine[inside & ~differ & np.isfinite(fine)]
    if not len(rest) or np.median(rest) < SOUND or differ.sum() > MOST * inside.sum():
        return ()
    joined = cv2.morphologyEx(differ.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    opened = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    pieces = []
    for label in range(1, count):
        x, y, wide, high, blocks = (int(value) for value in stats[label])
        piece = np.asarray(labels == label)
        # plain ground that is merely lighter or darker is a filter's work: something must be gone, or have come
        seen = np.isfinite(fine[piece]) | (agreement.bands.other.spread[piece] > LETTERED**2)
        if blocks >= max(4, LEAST * inside.sum()) and seen.mean() > TEXTURED:
            box = (float(x * STEP), float(y * STEP), float((x + wide) * STEP), float((y + high) * STEP))
            pieces.append(Occlusion(box, _blurred(agreement, piece)))
    return tuple(pieces)


def own_blocks(
    designs: Sequence[Design], photo: Size, shown: Size, grid: tuple[int, int]
) -> NDArray[np.bool_]:
    """Tell the blocks that published marks and labels touch.

    Args:
        designs: how the photo was published.
        photo: (width, height) of the photo itself.
        shown: (width, height) of its small picture.
        grid: rows and columns of blocks.

    Returns:
        bool (rows, columns).
    """
    area = np.zeros(shown[::-1], np.uint8)
    around = np.ones((2 * STEP + 1, 2 * STEP + 1), np.uint8)  # a block's correlation looks a step beyond it
    for design in designs:
        label = cv2.dilate(design.label_area(photo, shown).astype(np.uint8), around)
        area |= np.asarray(label, np.uint8) | design.mark_area(photo, shown).astype(np.uint8)
    return np.asarray(cv2.resize(area.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA) > 0)


def _blurred(agreement: Agreement, piece: NDArray[np.bool_]) -> bool:
    """Whether a piece keeps its lights and darks without detail."""
    size = piece.shape[::-1]
    photo, shown = (
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_AREA), np.float32)[piece]
        for p in (agreement.photo, agreement.found)
    )
    if min(photo.std(), shown.std()) < FLAT:
        return False
    return bool(np.corrcoef(photo, shown)[0, 1] > LIKE)


def as_edits(
    pieces: tuple[Occlusion, ...],
    strips: Mapping[Side, float],
    edges: Box,
    ends: AbstractSet[Side],
    frame: tuple[int, int],
) -> list[Edit]:
    """Name what was laid over the photo, and where.

    Args:
        pieces: found inside `edges`.
        strips: how much of the photo lies under something at a side, as shares.
        edges: left, top, right, bottom of the agreeing part in pixels of the small picture.
        ends: the sides at which the copy ends where the photo does; at others its neighbours begin.
        frame: width and height of the small picture.
    """
    touched = {piece: _touched(piece, edges) for piece in pieces}
    if len(set(strips).union(*touched.values()) & ends) >= AROUND:
        return [Edit(kind=EditKind.OTHER_BACKGROUND)]
    seen = [Edit(kind=EditKind.STRIP_AT_SIDE, side=side, amount=share) for side, share in strips.items()]
    for piece in pieces:
        if touched[piece] - ends:
            continue
        left, top, right, bottom = piece.box
        across = (right - left) / frame[0] > WIDE
        x, y = (left + right) / 2 / frame[0], (top + bottom) / 2 / frame[1]
        if piece.blurred:
            kind = EditKind.BLURRED_ACROSS if across else EditKind.BLURRED
        elif across:
            kind = EditKind.STRIP
        else:
            kind = EditKind.BAR if (right - left) > BAR * (bottom - top) else EditKind.BOX
        seen.append(Edit(kind=kind, place=_place(0.5 if across else x, y)))
    return list(dict.fromkeys(seen))


def _touched(piece: Occlusion, edges: Box) -> set[Side]:
    """The sides of the agreeing part that a piece reaches.

    A strip across reaches only the one it lies at.
    """
    near = (abs(own - edge) <= STEP for own, edge in zip(piece.box, edges, strict=True))
    touched = {side for side, close in zip(Side, near, strict=True) if close}
    across, upright = {Side.LEFT, Side.RIGHT} <= touched, {Side.TOP, Side.BOTTOM} <= touched
    if across != upright:
        return touched - ({Side.LEFT, Side.RIGHT} if across else {Side.TOP, Side.BOTTOM})
    return touched


def _place(x: float, y: float) -> Place:
    up = "upper" if y < LOW else "lower" if y > HIGH else ""
    side = "left" if x < LOW else "right" if x > HIGH else ""
    return Place(f"{up} {side}".strip() or "middle")
