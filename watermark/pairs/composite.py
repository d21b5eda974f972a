"""Takes old composites apart into their photographs' boxes.

A cut needs a seam as straight as only paste makes it. A gutter proves itself; photographs that touch
must also be of one size and look alike, because a horizon or a door post is a straight line too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom exclusive."""

_Pixels = NDArray[np.uint8]
_Gap = tuple[int, int]

_VISIBLE = 10  # levels of 255: a step that JPEG noise does not make
_FLAT = 7  # levels: what JPEG leaves of one colour
_MOST = 0.82  # of a line must be flat in a gutter; a label strip may cross the rest
_LABEL = 0.45  # of a line is the paper of a label strip; the rest is its letters
_STRIP_EDGE = 0.6  # of a strip's last line must end at once
_LABEL_HEIGHT = 0.25  # of the height at most
_SMALLEST_SHARE = 0.16  # of the side: the narrowest photograph of a row
_SMALLEST_SIDE = 48  # pixels
_WIDEST_GUTTER = 0.3  # of the side
_EVEN = 0.06  # relative difference of sizes meant to be equal
_MIXED = 5  # pixels beside a gutter that JPEG and resizing may have mixed with it
_SAMPLED = 500  # lines looked at across a cut
_DEEPEST = 3  # cuts within cuts: a grid of four needs two

# On 360 everyday photographs the straightest flat band that was no gutter had 0.37 of its edge visible, and the best
# seam (0.8) parted halves alike 0.7; pasted gutters show 0.9 and more, and before and after are alike 0.9. How often
# it goes right: `benchmarks/composites.py`.
_GUTTER_EDGE = 0.5
_GUTTER_EDGE_OF_TWINS = 0.4
_GUTTER_EDGE_UNEVEN = 0.85
_SEAM_EDGE = 0.55
_SEAM_EDGE_OF_TWINS = 0.35
_SEAM_OVER_OTHERS = 1.6
_ALIKE = 0.55
_SEAM_ALIKE = 0.72
_SEAM_ALIKE_IF_FAINT = 0.85


class PanelLayout(StrEnum):
    """How photographs share one file."""

    SINGLE = "single"
    SIDE_BY_SIDE = "side by side"
    STACKED = "stacked"
    GRID = "grid"


@dataclass(frozen=True, slots=True)
class Panels:
    """The photographs found in one file.

    Attributes:
        layout: how they lie; SINGLE means the file is one photograph.
        boxes: one per photograph in reading order; the whole picture when SINGLE.
        confidence: 0 to 1 that the least sure cut is right; 1 when SINGLE.
    """

    layout: PanelLayout
    boxes: tuple[Box, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class _Cut:
    """Parallel gaps between photographs along one side, in pixels, end exclusive."""

    gaps: tuple[_Gap, ...]
    score: float


def find_panels(picture: Picture) -> Panels:
    """Find the photographs that were pasted into one file.

    A plain photograph stays whole.

    Gutters, frames and label strips are left out of the boxes, with a pixel or two where resizing mixed
    them with the photograph. Text written over a photograph stays.
    """
    whole = (0, 0, picture.width, picture.height)
    found = list(_panels(picture.rgb, whole, _DEEPEST))
    if len(found) < 2:  # noqa: PLR2004 (one photograph is no composite)
        return Panels(PanelLayout.SINGLE, (whole,), 1.0)
    boxes = tuple(sorted((box for box, _ in found), key=lambda box: _reading_order(box, found)))
    return Panels(_layout(boxes), boxes, round(min(score for _, score in found), 2))


def _reading_order(box: Box, found: list[tuple[Box, float]]) -> tuple[int, int]:
    """The row, then the place in it.

    A photograph's row is how many others end above its middle.
    """
    return sum(other[3] <= (box[1] + box[3]) // 2 for other, _ in found), box[0]


def _layout(boxes: tuple[Box, ...]) -> PanelLayout:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    if max(tops) < min(bottoms):
        return PanelLayout.SIDE_BY_SIDE
    return PanelLayout.STACKED if max(lefts) < min(rights) else PanelLayout.GRID


def _panels(rgb: _Pixels, box: Box, depth: int) -> Iterator[tuple[Box, float]]:
    """Cut at the surest seam, then look into each part.

    Yields each box with its least sure cut.
    """
    left, top, right, bottom = box = _without_strips(rgb, box)
    region = rgb[top:bottom, left:right]
    upright, lying = _best_cut(region), _best_cut(region.swapaxes(0, 1))
    cut = max(upright, lying, key=lambda cut: cut.score)
    if not cut.gaps or not depth:
        yield box, 1.0
        return
    low, high = (left, right) if cut is upright else (top, bottom)
    edges = [low, *(low + edge for gap in cut.gaps for edge in gap), high]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        part = (start, top, end, bottom) if cut is upright else (left, start, right, end)
        for inner, score in _panels(rgb, part, depth - 1):
            yield inner, min(cut.score, score)


def _best_cut(region: _Pixels) -> _Cut:
    """Find the surest upright cut of a region.

    No gaps and score 0 where there is none.
    """
    height, width = region.shape[:2]
    if min(width * _SMALLEST_SHARE * 2, height) < _SMALLEST_SIDE:
        return _Cut((), 0.0)
    lines = _seen(region[:: max(1, height // _SAMPLED)])
    cuts = [*_gutters(region, lines), *_seams(region, lines)]
    return max(cuts, key=lambda cut: cut.score, default=_Cut((), 0.0))


def _seen(rgb: _Pixels) -> NDArray[np.float32]:
    """Brightness and half of the colour, as float32.

    JPEG keeps half the detail of colours.
    """
    parts = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2YCrCb)
    return np.multiply(parts, (1, 0.5, 0.5), dtype=np.float32)


def _gutters(region: _Pixels, lines: NDArray[np.float32]) -> Iterator[_Cut]:
    """Yield gutters between photographs of one size.

    Also one between two of unlike size that look alike.
    """
    width = lines.shape[1]
    bands = list(_bands(lines))
    for count in (2, 3, 4):
        wanted = [width * number / count for number in range(1, count)]
        chosen = [
            min(bands, key=lambda band: abs(sum(band[0]) / 2 - place), default=None) for place in wanted
        ]
        gaps = [band[0] for band in chosen if band]
        edge = min((band[1] for band in chosen if band), default=0.0)
        if not gaps or not _of_one_size(gaps, width):
            continue
        if edge >= _GUTTER_EDGE or (count == 2 and edge >= _GUTTER_EDGE_OF_TWINS and _twins(region, gaps[0])):  # noqa: PLR2004
            yield _Cut(tuple(gaps), edge)
    for gap, edge in bands:
        smaller, larger = sorted((gap[0], width - gap[1]))
        if edge >= _GUTTER_EDGE_UNEVEN and 2 * smaller >= larger and _twins(region, gap):
            yield _Cut((gap,), edge)


def _bands(lines: NDArray[np.float32]) -> Iterator[tuple[_Gap, float]]:
    """Yield bands of one flat colour away from the sides.

    Each with the share of its two edges that is visible.
    """
    width = lines.shape[1]
    least = width * _SMALLEST_SHARE
    colours = np.median(lines, axis=0)
    flat = (np.abs(lines - colours).max(axis=2) <= _FLAT).mean(axis=0) >= _MOST
    for start, end in _runs(flat, colours):
        if start >= least and width - end >= least and 1 < end - start <= width * _WIDEST_GUTTER:
            colour = np.median(colours[start:end], axis=0)
            before = _differing(lines[:, max(0, start - _MIXED) : start][:, ::-1], colour)
            after = _differing(lines[:, end : end + _MIXED], colour)
            yield (start - _sharp(before), end + _sharp(after)), float(min(before.max(), after.max()))


def _of_one_size(gaps: list[_Gap], width: int) -> bool:
    edges = [0, *(edge for gap in gaps for edge in gap), width]
    sizes = [end - start for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return min(sizes) >= (1 - _EVEN) * max(sizes) > 0


def _twins(region: _Pixels, gap: _Gap) -> bool:
    return _correlation(region[:, : gap[0]], region[:, gap[1] :]) >= _ALIKE


def _runs(flat: NDArray[np.bool_], colours: NDArray[np.float32]) -> Iterator[_Gap]:
    """Yield (start, end) of neighbouring flat lines of one colour."""
    start = 0
    for line in range(1, len(flat) + 1):
        goes_on = (
            line < len(flat)
            and flat[line]
            and flat[start]
            and np.abs(colours[line] - colours[start]).max() < _FLAT
        )
        if not goes_on:
            if flat[start]:
                yield start, line
            start = line


def _differing(lines: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float64]:
    """Share of each upright line's pixels that visibly differ from a colour."""
    apart = np.abs(lines - colour) * np.array([1, 2, 2], np.float32)
    return np.asarray((apart.max(axis=2) > _VISIBLE).mean(axis=0))


def _sharp(differing: NDArray[np.float64]) -> int:
    """How many lines beside a gutter still belong to it."""
    return int(np.argmax(differing >= 0.8 * differing.max())) + 1


def _seams(region: _Pixels, lines: NDArray[np.float32]) -> Iterator[_Cut]:
    """Yield the seams between photographs that touch.

    Two, three or four of one size that look alike.
    """
    height, width = region.shape[:2]
    votes = _seam_votes(lines)
    others = float(np.quantile(votes, 0.97))
    for count in (2, 3, 4):
        part = width // count
        slack = max(2, round(0.012 * width))
        middles = [width * number // count for number in range(1, count)]
        found = [
            middle - slack + int(np.argmax(votes[middle - slack : middle + slack + 1])) for middle in middles
        ]
        vote = float(min(votes[seam] for seam in found))
        if part < max(_SMALLEST_SIDE, height // 4) or vote < max(
            _SEAM_EDGE_OF_TWINS, _SEAM_OVER_OTHERS * others
        ):
            continue
        alike = min(
            _correlation(region[:, max(0, seam - part) : seam], region[:, seam : seam + part])
            for seam in found
        )
        if alike >= (_SEAM_ALIKE if vote >= _SEAM_EDGE else _SEAM_ALIKE_IF_FAINT):
            yield _Cut(tuple((seam - 2, seam + 2) for seam in found), min(vote, alike))


def _seam_votes(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of lines with a sharp step at each column.

    A thin line counts as a step.

    Args:
        lines: shape (n, width, 3).

    Returns:
        Shape (width,), 0 to 1: between column x - 1 and x.
    """
    step = np.zeros(lines.shape[:2], np.float32)
    step[:, 2:-1] = np.abs(lines[:, 3:] - lines[:, :-3]).max(axis=2)
    thin = np.zeros_like(step)
    thin[:, 3:-3] = np.minimum(
        np.abs(lines[:, 3:-3] - lines[:, :-6]).max(axis=2), np.abs(lines[:, 3:-3] - lines[:, 6:]).max(axis=2)
    )
    step = np.maximum(step, thin)
    around = (cv2.blur(step, (33, 1)) * 33 - cv2.blur(step, (7, 1)) * 7) / 26
    return np.asarray(((step > _VISIBLE) & (step > 2 * around)).mean(axis=0), np.float32)


def _correlation(one: _Pixels, other: _Pixels) -> float:
    """Correlation of two small colour pictures, -1 to 1.

    The best over shifts of a seventh.
    """
    small = [
        cv2.GaussianBlur(
            cv2.resize(np.ascontiguousarray(part, np.float32), (48, 48), interpolation=cv2.INTER_AREA),
            (0, 0),
            1,
        )
        for part in (one, other)
    ]
    return max(
        float(cv2.matchTemplate(whole, part[7:-7, 7:-7], cv2.TM_CCOEFF_NORMED).max())
        for whole, part in (small, small[::-1])
    )


def _without_strips(rgb: _Pixels, box: Box) -> Box:
    """Take frames and label strips off the four sides of a box."""
    left, top, right, bottom = box
    for _ in range(3):  # a frame, a label, a frame
        region = rgb[top:bottom, left:right]
        trimmed = (
            left + _strip(region.swapaxes(0, 1), _MOST),
            top + _strip(region, _LABEL),
            right - _strip(region[:, ::-1].swapaxes(0, 1), _MOST),
            bottom - _strip(region[::-1], _LABEL),
        )
        if trimmed == (left, top, right, bottom):
            break
        left, top, right, bottom = trimmed
    return left, top, right, bottom


def _strip(region: _Pixels, share: float) -> int:
    """Height of a strip at a region's top, 0 for none.

    Lines mostly of one colour up to a straight edge.
    """
    height, width = region.shape[:2]
    highest = int(height * _LABEL_HEIGHT)
    lines = _seen(region[: highest + 4, :: max(1, width // _SAMPLED)])
    if highest < 3 or width < _SMALLEST_SIDE:  # noqa: PLR2004 (nothing to look at)
        return 0
    colour = np.median(lines[0], axis=0)
    paper = (np.abs(lines - colour).max(axis=2) <= _VISIBLE).mean(axis=1)
    end = int(np.argmax(paper < share))
    if not 0 < end <= highest or paper[max(0, end - 3)] < _MOST or paper[end + 2] > 1 - _STRIP_EDGE:
        return 0
    return end + 1
