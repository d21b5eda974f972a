"""Pairs of a case, measured and laid over each other by the program or by two points; never retouched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gallery.casework import Alignment
from gallery.model import Photo
from gallery.settings import DataFolder
from gallery.vault import Vault
from watermark.comparability import Comparability, compare_pair
from watermark.overlay import Point, Similarity, align_by_points, align_pair, lay_over
from watermark.pixels import Picture, encode, open_picture

MEASURED_PX = 1200
"""Long side at which pairs are measured and shown; recorded alignments are in pixels of the whole photographs."""

Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Pair:
    """The first and the last photo of one view."""

    view: str
    before: Photo
    after: Photo


def pairs_of(photos: Iterable[Photo]) -> list[Pair]:
    """Pair the first and the last stage that show the same view, as the public site does."""
    by_view: dict[str, list[Photo]] = {}
    for photo in photos:
        by_view.setdefault(photo.view, []).append(photo)
    pairs = [Pair(view, same[0], same[-1]) for view, same in by_view.items()]
    return [pair for pair in pairs if pair.before.stage_id != pair.after.stage_id]


def measure(folder: DataFolder, pair: Pair, alignment: Alignment | None) -> Comparability:
    """Measure a pair, with the alignment that was recorded or else with one found now."""
    before, after = _pictures(folder, pair)
    laid = _shown(pair, before, after, alignment)
    return compare_pair(before, after, laid, names=(pair.before.stage, pair.after.stage))


def aligned(folder: DataFolder, pair: Pair, alignment: Alignment | None) -> tuple[bytes, bytes] | None:
    """Give both photos as JPEG in the earlier one's frame; None where nothing says how they lie.

    Raises:
        WatermarkError: Laid so, they share nothing.
    """
    before, after = _pictures(folder, pair)
    laid = _shown(pair, before, after, alignment) or align_pair(before, after)
    if laid is None:
        return None
    first, second = lay_over(before, after, laid)
    return encode(first, format="jpeg", quality=84), encode(second, format="jpeg", quality=84)


def found(folder: DataFolder, pair: Pair) -> Alignment | None:
    """Find how a pair lies, in pixels of the whole photographs; None when too little agrees."""
    before, after = _pictures(folder, pair)
    similarity = align_pair(before, after)
    if similarity is None:
        return None
    here, there = before.width / pair.before.width, after.width / pair.after.width
    return Alignment(_rescaled(similarity.matrix, there / here, 1 / here), "automatic")


def pointed(pair: Pair, values: Mapping[str, float]) -> Alignment:
    """Lay a pair by two points, each as percent of its photo's width and height.

    Args:
        pair: the pair.
        values: "before-1-x" … "after-2-y", 0 to 100.

    Raises:
        WatermarkError: The points are at one place.
    """

    def points(side: str, photo: Photo) -> list[Point]:
        return [
            (values[f"{side}-{n}-x"] / 100 * photo.width, values[f"{side}-{n}-y"] / 100 * photo.height)
            for n in (1, 2)
        ]

    similarity = align_by_points(points("before", pair.before), points("after", pair.after))
    return Alignment(similarity.matrix, "points")


def _pictures(folder: DataFolder, pair: Pair) -> tuple[Picture, Picture]:
    vault = Vault(folder.originals)
    before, after = (
        open_picture(vault.get(photo.digest), longest=MEASURED_PX) for photo in (pair.before, pair.after)
    )
    return before, after


def _shown(pair: Pair, before: Picture, after: Picture, alignment: Alignment | None) -> Similarity | None:
    """Give a recorded alignment in pixels of the pictures as they were decoded."""
    if alignment is None:
        return None
    here, there = before.width / pair.before.width, after.width / pair.after.width
    return Similarity(_rescaled(alignment.transform, here / there, here))


def _rescaled(matrix: Matrix, linear: float, shift: float) -> Matrix:
    (a, b, c), (d, e, f) = matrix
    return (a * linear, b * linear, c * shift), (d * linear, e * linear, f * shift)
