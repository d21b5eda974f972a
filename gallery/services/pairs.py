"""Pairs of a case, measured and aligned, never retouched."""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from gallery.errors import ConflictError, NotFoundError, RefusedError
from gallery.events import Action
from gallery.model import Alignment, Case, Digest, Method, Photo, Section
from gallery.parallel import in_background
from gallery.rules.pairs import (
    Pair,
    differences_to_tell,
    manual_alignment,
    pairs_of,
    recorded_alignment,
    sentences_about,
)
from gallery.services.approval import content_of, hold_back
from gallery.services.practice import Practice
from gallery.services.sections import SectionEdit, save_section
from gallery.store.vault import Vault
from watermark.pairs.alignment import Point, Similarity, align_by_points, align_pair, common_box, lay_over
from watermark.pairs.comparability import Comparability, Measurement, compare_pair
from watermark.picture.encode import encode
from watermark.picture.framing import Matrix
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import sandbox

MEASURED_PX = 1200
"""Long side at which pairs are measured and shown; recorded alignments are in pixels of the whole photographs."""

_LEAST_SHARED = {Method.AUTOMATIC: 0.5, Method.POINTS: 0.25}  # of the earlier photo's area
_MOST_REMEMBERED = 5_000


def measure(originals: Vault, pair: Pair, alignment: Alignment | None) -> Comparability:
    """Measure a pair, aligned by a person or else by the program."""
    before, after = _pictures(originals, pair)
    laid = _shown(pair, before, after, manual_alignment(alignment))
    return compare_pair(before, after, laid, names=(pair.before.stage, pair.after.stage))


def aligned(originals: Vault, pair: Pair, alignment: Alignment | None) -> tuple[bytes, bytes] | None:
    """Give both photos as JPEG in the earlier one's frame.

    None where neither a person nor the program aligned them.

    Raises:
        WatermarkError: Laid so, they share nothing.
    """
    before, after = _pictures(originals, pair)
    laid = _shown(pair, before, after, alignment) or align_pair(before, after)
    if laid is None:
        return None
    first, second = lay_over(before, after, laid)
    return encode(first, format="jpeg", quality=84), encode(second, format="jpeg", quality=84)


def found(pair: Pair, measured: Comparability) -> Alignment | None:
    """Give the alignment that was found when a pair was measured.

    In pixels of the whole photographs; None when too little agrees or is shared.
    """
    if measured.alignment is None:
        return None
    here, there = (min(1.0, MEASURED_PX / max(p.width, p.height)) for p in (pair.before, pair.after))
    alignment = Alignment(_rescaled(measured.alignment.matrix, there / here, 1 / here), Method.AUTOMATIC)
    return alignment if _shares_enough(pair, alignment) else None


def pointed(pair: Pair, values: Mapping[str, float]) -> Alignment:
    """Align a pair by two points in each photo.

    `values` hold "before-1-x" … "after-2-y", 0 to 100.

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
        raise RefusedError(
            "laid so, less than a quarter of the earlier photo would be left",
            hint="point at the same two places in both, in the same order",
        )
    return alignment


def _shares_enough(pair: Pair, alignment: Alignment) -> bool:
    """Tell whether both share enough of the earlier photo."""
    size, other = (pair.before.width, pair.before.height), (pair.after.width, pair.after.height)
    box = common_box(size, [(other, alignment.transform)])
    if box is None:
        return False
    shared = (box[2] - box[0]) * (box[3] - box[1])
    return shared >= _LEAST_SHARED[alignment.method] * size[0] * size[1]


def _pictures(originals: Vault, pair: Pair) -> tuple[Picture, Picture]:
    before, after = (
        sandbox().open_picture(originals.get(photo.digest), longest=MEASURED_PX)
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


_Measured = tuple[Digest, Digest, Alignment | None]
_lock = threading.Lock()
_remembered: dict[_Measured, Comparability] = {}


def measured_pair(originals: Vault, pair: Pair, alignment: Alignment | None) -> Comparability:
    """Measure a pair, or give what was measured of the same bytes before."""
    key = pair.before.digest, pair.after.digest, manual_alignment(alignment)
    with _lock:
        known = _remembered.get(key)
    if known is None:
        known = measure(originals, pair, alignment)
        with _lock:
            while len(_remembered) >= _MOST_REMEMBERED:
                del _remembered[next(iter(_remembered))]
            _remembered[key] = known
    return known


def measured_pairs(p: Practice, number: int) -> Iterator[tuple[Pair, Alignment | None, Comparability]]:
    """Give a case's pairs with their recorded alignment and what was measured of them."""
    alignments = p.casework.alignments()
    for pair in pairs_of(p.catalog.photos(number)):
        known = recorded_alignment(pair, alignments)
        yield pair, known, measured_pair(p.originals, pair, known)


def measure_ahead(p: Practice, number: int) -> threading.Thread:
    """Measure a new case's pairs in the background."""
    pairs = pairs_of(p.catalog.photos(number))
    works = [partial(measured_pair, p.originals, pair, None) for pair in pairs]
    return in_background("measurements", works, "a pair is not measured yet")


@dataclass(frozen=True, slots=True)
class Card:
    """A measured pair.

    `recorded` is None where nobody decided; `proposed` is the program's alignment.
    """

    pair: Pair
    measured: Comparability
    recorded: Alignment | None
    proposed: Alignment | None

    @property
    def differences(self) -> list[Measurement]:
        """What readers are told, once it is aligned so."""
        return differences_to_tell(self.measured, self.recorded or self.proposed)


def cards_of(p: Practice, case: Case) -> list[Card]:
    """Give all pairs of a case, measured."""
    cards = []
    for pair, known, measured in measured_pairs(p, case.number):
        proposed = found(pair, measured) if known is None and pair.from_the_first else None
        cards.append(Card(pair, measured, known, proposed))
    return cards


def save_pairs(p: Practice, case: Case, cards: Sequence[Card], edit: SectionEdit) -> bool:
    """Record that the pairs were looked at, and align what can be."""

    def write() -> None:
        for card in cards:
            if card.proposed is not None:
                _write(p, case, card.pair, card.proposed)
        for card in cards:
            _tell(p, case, card.pair)

    return save_section(p, case, Section.PAIRS, edit, write)


def pair_of(p: Practice, number: int, before: int, after: int) -> Pair:
    """Give a pair of a case by the ids of its photos."""
    for pair in pairs_of(p.catalog.photos(number)):
        if pair.key == (before, after):
            return pair
    raise NotFoundError("this pair is not there any more", hint="look at the case's pairs again")


def state_of(alignment: Alignment | None) -> str:
    """Name how a pair is aligned, to notice that somebody changed it."""
    return "" if alignment is None else hashlib.sha256(repr(alignment).encode()).hexdigest()[:16]


def align_automatically(p: Practice, pair: Pair) -> Alignment:
    """Align a pair as the program does.

    Raises:
        RefusedError: Too little agrees, or too little is shared.
    """
    alignment = found(pair, measured_pair(p.originals, pair, None))
    if alignment is None:
        raise RefusedError("the two photos show too little alike", hint="point at two places in both instead")
    return alignment


def require_first(pair: Pair) -> None:
    """Make sure that a pair is one that people align.

    Raises:
        RefusedError: Its earlier photo is not the first of its view.
    """
    if not pair.from_the_first:
        raise RefusedError(
            f"{pair.before.stage} is not the first stage of this view",
            hint="lay each upon the first: this pair follows",
        )


def record_alignment(p: Practice, case: Case, pair: Pair, alignment: Alignment, *, seen: str) -> bool:
    """Record how a pair is aligned, and measure the pairs that follow it.

    Returns:
        Whether the case was public, and is held back.

    Raises:
        ConflictError: Somebody else aligned it since.
    """
    with p.together():
        if seen != state_of(p.casework.alignments().get(pair.key)):
            raise ConflictError(
                "somebody laid this pair in another way, after you opened it",
                hint="look at it here; your own two places are still below, "
                "send them again to replace the other's",
            )
        content = content_of(p, case)
        _write(p, case, pair, alignment)
        told = p.casework.differences()
        for other in pairs_of(p.catalog.photos(case.number)):
            if other.first.id == pair.first.id and other.key in told:
                _tell(p, case, other)
        return content != content_of(p, case) and hold_back(p, case)


def _write(p: Practice, case: Case, pair: Pair, alignment: Alignment) -> None:
    p.casework.write_alignment(*pair.key, alignment)
    how = {"method": str(alignment.method), "transform": alignment.transform}
    p.note(Action.PAIR_ALIGNED, f"case {case.number}", before=pair.before.id, after=pair.after.id, **how)


def _tell(p: Practice, case: Case, pair: Pair) -> None:
    """Measure a pair as it is aligned, and let readers be told."""
    known = recorded_alignment(pair, p.casework.alignments())
    measured = measured_pair(p.originals, pair, known)
    p.casework.write_differences(*pair.key, sentences_about(measured, known), p.now)
    seen = {item.name: item.value for item in measured.items}
    about = {"before": pair.before.id, "after": pair.after.id, "measured": seen}
    p.note(Action.PAIR_COMPARED, f"case {case.number}", **about)
