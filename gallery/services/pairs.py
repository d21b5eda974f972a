"""Pairs of a case, measured and laid over each other by the program or by two points; never retouched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from gallery.errors import GalleryError
from gallery.model import Alignment, Method, Photo
from gallery.settings import DataFolder
from gallery.store.vault import Vault
from watermark.pairs.alignment import (
    AS_IT_IS,
    CommonFrame,
    Matrix,
    Point,
    Similarity,
    align_by_points,
    align_pair,
    common_box,
    followed_by,
    inverse,
    lay_over,
)
from watermark.pairs.comparability import Comparability, Measurement, compare_pair
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import sandbox

MEASURED_PX = 1200
"""Long side at which pairs are measured and shown; recorded alignments are in pixels of the whole photographs."""

Alignments = Mapping[tuple[int, int], Alignment]
"""By the ids of the earlier and the later photo of a pair."""

LAID = "Both photos were turned, scaled and cut as a whole, so that they lie over each other; nothing was retouched."
_PUT_RIGHT = frozenset(
    {"zoom", "tilt", "placing"}
)  # differences that laying photographs over each other takes away
_LEAST_SHARED = {
    Method.AUTOMATIC: 0.5,
    Method.POINTS: 0.25,
}  # of the earlier photo, or too much would be cut off


@dataclass(frozen=True, slots=True)
class Pair:
    """An earlier and a later photo of one view; all of a view are laid upon the `first`."""

    view: str
    before: Photo
    after: Photo
    first: Photo

    @property
    def key(self) -> tuple[int, int]:
        """The ids of its photos."""
        return self.before.id, self.after.id

    @property
    def from_the_first(self) -> bool:
        """Whether its earlier photo is the earliest of the view: only such pairs are laid, others follow."""
        return self.before.id == self.first.id


def views_of(photos: Iterable[Photo]) -> dict[str, list[Photo]]:
    """Give one photo of each stage that shows a view: of the first stage its first, of later ones their last."""
    stages: dict[str, dict[int, Photo]] = {}
    for photo in photos:
        shown = stages.setdefault(photo.view, {})
        if photo.stage_id not in shown or len(shown) > 1:
            shown[photo.stage_id] = photo
    return {view: list(shown.values()) for view, shown in stages.items()}


def pairs_of(photos: Iterable[Photo]) -> list[Pair]:
    """Pair every two stages that show the same view, as the public site does."""
    return [
        Pair(view, before, after, same[0])
        for view, same in views_of(photos).items()
        for before, after in combinations(same, 2)
    ]


def recorded(pair: Pair, alignments: Alignments) -> Alignment | None:
    """Give how a pair lies as it was recorded, for itself or by the first photo of its view; None if undecided."""
    if pair.from_the_first:
        return alignments.get(pair.key)
    one, other = (alignments.get((pair.first.id, photo.id)) for photo in (pair.before, pair.after))
    if one is None or other is None or Method.AS_TAKEN in {one.method, other.method}:
        return None
    method = Method.POINTS if Method.POINTS in {one.method, other.method} else Method.AUTOMATIC
    return Alignment(followed_by(other.transform, inverse(one.transform)), method)


def frames_of(photos: Iterable[Photo], alignments: Alignments) -> dict[int, CommonFrame]:
    """Give the frame in which each photo that was laid is published, by its id: the part that its view shares."""
    if not alignments:
        return {}
    by_case: dict[int, list[Photo]] = {}
    for photo in photos:
        by_case.setdefault(photo.case, []).append(photo)
    laid = {first for first, _ in alignments}
    frames: dict[int, CommonFrame] = {}
    for same in by_case.values():
        if laid.isdisjoint(photo.id for photo in same):
            continue
        for shown in views_of(same).values():
            frames |= _frames(shown[0], shown[1:], alignments)
    return frames


def _frames(first: Photo, others: Sequence[Photo], alignments: Alignments) -> dict[int, CommonFrame]:
    ways = {photo.id: alignments.get((first.id, photo.id)) for photo in others}
    laid = {
        photo.id: ((photo.width, photo.height), way.transform)
        for photo in others
        if (way := ways[photo.id]) and way.method is not Method.AS_TAKEN
    }
    box = common_box((first.width, first.height), list(laid.values())) if laid else None
    if box is None:
        return {}
    return {first.id: CommonFrame.of(AS_IT_IS, box)} | {
        photo: CommonFrame.of(matrix, box) for photo, (_, matrix) in laid.items()
    }


def measured_by(alignment: Alignment | None) -> Alignment | None:
    """Give what a pair is measured by: two points that a person clicked; all else the program finds again alike."""
    return alignment if alignment is not None and alignment.method is Method.POINTS else None


def measure(folder: DataFolder, pair: Pair, alignment: Alignment | None) -> Comparability:
    """Measure a pair, as a person has laid it or else as the program finds it to lie."""
    before, after = _pictures(folder, pair)
    laid = _shown(pair, before, after, measured_by(alignment))
    return compare_pair(before, after, laid, names=(pair.before.stage, pair.after.stage))


def differences_to_tell(measured: Comparability, alignment: Alignment | None) -> list[Measurement]:
    """Give what readers are told of a pair: not what laying its photographs over each other puts right."""
    laid = alignment is not None and alignment.method is not Method.AS_TAKEN
    return [item for item in measured.differences if not (laid and item.name in _PUT_RIGHT)]


def sentences_about(measured: Comparability, alignment: Alignment | None) -> list[str]:
    """Say to readers what differs in a pair besides the result, and that it was laid over each other if it was."""
    said = [item.sentence for item in differences_to_tell(measured, alignment)]
    return [*said, LAID] if alignment is not None and alignment.method is not Method.AS_TAKEN else said


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
        GalleryError: Laid so, the two share too little to be shown.
    """

    def points(side: str, photo: Photo) -> list[Point]:
        return [
            (values[f"{side}-{n}-x"] / 100 * photo.width, values[f"{side}-{n}-y"] / 100 * photo.height)
            for n in (1, 2)
        ]

    similarity = align_by_points(points("before", pair.before), points("after", pair.after))
    alignment = Alignment(similarity.matrix, Method.POINTS)
    if not _shares_enough(pair, alignment):
        raise GalleryError(
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
