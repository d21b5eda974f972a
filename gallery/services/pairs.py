"""Pairs of a case, measured and aligned by the program or by two points."""

from collections.abc import Mapping

from gallery.errors import RefusedError
from gallery.model import Alignment, Method, Photo
from gallery.rules.pairs import Pair, measured_by
from gallery.settings import DataFolder
from gallery.store.vault import Vault
from watermark.pairs.alignment import (
    Matrix,
    Point,
    Similarity,
    align_by_points,
    align_pair,
    common_box,
    lay_over,
)
from watermark.pairs.comparability import Comparability, compare_pair
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import sandbox

MEASURED_PX = 1200
"""Long side at which pairs are measured and shown; recorded alignments are in pixels of the whole photographs."""

_LEAST_SHARED = {
    Method.AUTOMATIC: 0.5,
    Method.POINTS: 0.25,
}  # of the earlier photo, or too much would be cut off


def measure(folder: DataFolder, pair: Pair, alignment: Alignment | None) -> Comparability:
    """Measure a pair, as a person has laid it or else as the program finds it to lie."""
    before, after = _pictures(folder, pair)
    laid = _shown(pair, before, after, measured_by(alignment))
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


def found(pair: Pair, measured: Comparability) -> Alignment | None:
    """Give how a pair was found to lie when it was measured; None when too little agrees, or too little is shared."""
    if measured.alignment is None:
        return None
    here, there = (min(1.0, MEASURED_PX / max(p.width, p.height)) for p in (pair.before, pair.after))
    alignment = Alignment(_rescaled(measured.alignment.matrix, there / here, 1 / here), Method.AUTOMATIC)
    return alignment if _shares_enough(pair, alignment) else None


def pointed(pair: Pair, values: Mapping[str, float]) -> Alignment:
    """Lay a pair by two points, each as percent of its photo's width and height.

    Args:
        pair: the pair.
        values: "before-1-x" … "after-2-y", 0 to 100.

    Raises:
        WatermarkError: The points are at one place.
        RefusedError: Laid so, the two share too little to be shown.
    """

    def points(side: str, photo: Photo) -> list[Point]:
        return [
            (values[f"{side}-{n}-x"] / 100 * photo.width, values[f"{side}-{n}-y"] / 100 * photo.height)
            for n in (1, 2)
        ]

    similarity = align_by_points(points("before", pair.before), points("after", pair.after))
    alignment = Alignment(similarity.matrix, Method.POINTS)
    if not _shares_enough(pair, alignment):
        raise RefusedError(
            "laid so, less than a quarter of the earlier photo would be left",
            hint="point at the same two places in both, in the same order",
        )
    return alignment


def _shares_enough(pair: Pair, alignment: Alignment) -> bool:
    """Tell whether enough is left of the earlier photo when both are cut to what they share."""
    size, other = (pair.before.width, pair.before.height), (pair.after.width, pair.after.height)
    box = common_box(size, [(other, alignment.transform)])
    if box is None:
        return False
    shared = (box[2] - box[0]) * (box[3] - box[1])
    return shared >= _LEAST_SHARED[alignment.method] * size[0] * size[1]


def _pictures(folder: DataFolder, pair: Pair) -> tuple[Picture, Picture]:
    vault = Vault(folder.originals)
    before, after = (
        sandbox().open_picture(vault.get(photo.digest), longest=MEASURED_PX)
        for photo in (pair.before, pair.after)
    )
    return before, after


def _shown(pair: Pair, before: Picture, after: Picture, alignment: Alignment | None) -> Similarity | None:
    """Give a recorded alignment in pixels of the pictures as they were decoded."""
    if alignment is None or alignment.method is Method.AS_TAKEN:
        return None
    here, there = before.width / pair.before.width, after.width / pair.after.width
    return Similarity(_rescaled(alignment.transform, here / there, here))


def _rescaled(matrix: Matrix, linear: float, shift: float) -> Matrix:
    (a, b, c), (d, e, f) = matrix
    return (a * linear, b * linear, c * shift), (d * linear, e * linear, f * shift)
