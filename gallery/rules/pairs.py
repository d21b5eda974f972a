"""Which photos make a pair, and how a view is framed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Protocol, TypeVar

from gallery.model import Alignment, Method, Photo
from watermark.pairs.alignment import AS_IT_IS, common_box, followed_by, inverse
from watermark.picture.framing import CommonFrame

if TYPE_CHECKING:
    from watermark.pairs.comparability import Comparability, Measurement

Alignments = Mapping[tuple[int, int], Alignment]
"""By the ids of the earlier and the later photo of a pair."""

ALIGNED_NOTE = (
    "Both photos were turned, scaled and cut as a whole, so that they lie over each other; "
    "nothing was retouched."
)
_REMOVED_BY_ALIGNMENT = frozenset({"zoom", "tilt", "placing"})


class Shot(Protocol):
    """A photo of one view in one stage."""

    @property
    def view(self) -> str:
        """What it shows ("front")."""

    @property
    def stage_id(self) -> int:
        """The stage it belongs to."""


AnyShot = TypeVar("AnyShot", bound=Shot)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos of one view, aligned upon the view's `first`."""

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
        """Whether its earlier photo is the earliest of the view."""
        return self.before.id == self.first.id


def views_of(photos: Iterable[AnyShot]) -> dict[str, list[AnyShot]]:
    """Give one photo of each stage that shows a view.

    Of the first stage it is the first photo, of later ones the last.
    """
    stages: dict[str, dict[int, AnyShot]] = {}
    for photo in photos:
        shown = stages.setdefault(photo.view, {})
        if photo.stage_id not in shown or len(shown) > 1:
            shown[photo.stage_id] = photo
    return {view: list(shown.values()) for view, shown in stages.items()}


def pairs_of(photos: Iterable[Photo]) -> list[Pair]:
    """Pair every two stages that show the same view."""
    return [
        Pair(view, before, after, same[0])
        for view, same in views_of(photos).items()
        for before, after in combinations(same, 2)
    ]


def recorded_alignment(pair: Pair, alignments: Alignments) -> Alignment | None:
    """Give a pair's recorded alignment, or None while undecided.

    It is recorded for the pair itself, or follows from the first photo of its view.
    """
    if pair.from_the_first:
        return alignments.get(pair.key)
    one, other = (alignments.get((pair.first.id, photo.id)) for photo in (pair.before, pair.after))
    if one is None or other is None or Method.AS_TAKEN in {one.method, other.method}:
        return None
    method = Method.POINTS if Method.POINTS in {one.method, other.method} else Method.AUTOMATIC
    return Alignment(followed_by(other.transform, inverse(one.transform)), method)


def frames_of(photos: Iterable[Photo], alignments: Alignments) -> dict[int, CommonFrame]:
    """Give the frame of each aligned photo by its id."""
    if not alignments:
        return {}
    by_case: dict[int, list[Photo]] = {}
    for photo in photos:
        by_case.setdefault(photo.case, []).append(photo)
    aligned = {first for first, _ in alignments}
    frames: dict[int, CommonFrame] = {}
    for same in by_case.values():
        if aligned.isdisjoint(photo.id for photo in same):
            continue
        for shown in views_of(same).values():
            frames |= _frames(shown[0], shown[1:], alignments)
    return frames


def _frames(first: Photo, others: Sequence[Photo], alignments: Alignments) -> dict[int, CommonFrame]:
    aligned = {
        photo.id: ((photo.width, photo.height), alignment.transform)
        for photo in others
        if (alignment := alignments.get((first.id, photo.id))) and _is_aligned(alignment)
    }
    box = common_box((first.width, first.height), list(aligned.values())) if aligned else None
    if box is None:
        return {}
    return {first.id: CommonFrame.of(AS_IT_IS, box)} | {
        photo: CommonFrame.of(matrix, box) for photo, (_, matrix) in aligned.items()
    }


def differences_to_tell(measured: "Comparability", alignment: Alignment | None) -> list["Measurement"]:
    """Give the differences of a pair that alignment does not remove."""
    removed = _REMOVED_BY_ALIGNMENT if _is_aligned(alignment) else ()
    return [item for item in measured.differences if item.name not in removed]


def sentences_about(measured: "Comparability", alignment: Alignment | None) -> list[str]:
    """Say to readers what differs in a pair besides the result."""
    sentences = [item.sentence for item in differences_to_tell(measured, alignment)]
    return [*sentences, ALIGNED_NOTE] if _is_aligned(alignment) else sentences


def _is_aligned(alignment: Alignment | None) -> bool:
    return alignment is not None and alignment.method is not Method.AS_TAKEN


def manual_alignment(alignment: Alignment | None) -> Alignment | None:
    """Give the alignment a pair is measured by, if points were clicked."""
    return alignment if alignment is not None and alignment.method is Method.POINTS else None
