"""The board where photographs are sorted into stages: as proposed, and as a person's form says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from werkzeug.datastructures import MultiDict

from gallery.errors import GalleryError
from gallery.model import DraftPhoto, Place
from gallery.services import grouping
from watermark.pairs.look import Look

VIEWS = (*grouping.CUSTOMARY, "left oblique", "right oblique", "back")
STAGE_WORDS = ("before", "after", "after session 1 of 3", "after session 2 of 3", "one year later")
_LONGEST_LABEL = 80
_MOST_STAGES = 30


@dataclass(frozen=True, slots=True)
class Board:
    """Stages by name, and where each photograph lies; stage 1 is the first name, 0 is set aside."""

    stages: tuple[str, ...]
    places: dict[int, Place]


def read_board(form: MultiDict[str, str], photos: Sequence[DraftPhoto], fixed: Sequence[str]) -> Board:
    """Read the board from a form; photographs lie in the order in which the form names them.

    Stages without a name and photographs are left out; `fixed` ones belong to a case and keep their names.

    Raises:
        GalleryError: Two stages have one name, or one with photographs has none.
    """
    known = {photo.id for photo in photos}
    names = {int(key[6:]): form[key] for key in form if re.fullmatch(r"stage-\d{1,3}", key)}
    labels = {number: " ".join(name.split())[:_LONGEST_LABEL] for number, name in sorted(names.items())}
    labels |= dict(enumerate(fixed, start=1))
    placed = {photo: place for photo, place in _places(form) if photo in known}
    used = {place.stage for place in placed.values()}
    kept = [number for number in sorted(labels) if labels[number] or number in used][:_MOST_STAGES]
    _check_labels([labels[number] for number in kept])
    renumbered = {old: new for new, old in enumerate(kept, start=1)}
    places = {photo: Place(renumbered.get(place.stage, 0), place.view) for photo, place in placed.items()}
    return Board(tuple(labels[number] for number in kept), places)


def _places(form: MultiDict[str, str]) -> Iterator[tuple[int, Place]]:
    for key in form:
        named = re.fullmatch(r"photo-(\d+)-stage", key)
        if named:
            stage = form[key]
            view = " ".join(form.get(f"photo-{named[1]}-view", "").split())[:40]
            yield int(named[1]), Place(int(stage) if stage.isdecimal() and len(stage) < 4 else 0, view)  # noqa: PLR2004


def _check_labels(labels: Sequence[str]) -> None:
    if "" in labels:
        raise GalleryError(
            "a stage with photos in it has no name",
            hint='name it, for instance "before"',
        )
    lower = [label.casefold() for label in labels]
    twice = next((label for label in labels if lower.count(label.casefold()) > 1), None)
    if twice is not None:
        raise GalleryError(f'two stages are named "{twice}"', hint="give each stage a name of its own")


def propose(photos: Sequence[DraftPhoto], looks: Mapping[int, Look], fixed: Sequence[str] = ()) -> Board:
    """Propose stages and views from names, times and looks; what nothing tells of is set aside.

    Args:
        photos: of one draft.
        looks: each one's signature, by its id.
        fixed: stages of the case that the photographs are for; they stay first, as they are.
    """
    proposal = grouping.propose([_item(photo, looks[photo.id]) for photo in photos])
    labels = [_label(label, fixed) for label in proposal.stages]
    stages = tuple(dict.fromkeys((*fixed, *labels))) or STAGE_WORDS[:2]
    places = {}
    story = sorted(
        zip(photos, proposal.placed, strict=True), key=lambda pair: (pair[0].taken_at, pair[0].file)
    )
    for photo, placed in story:
        stage = 0 if placed.stage is None else stages.index(labels[placed.stage]) + 1
        places[photo.id] = Place(stage, placed.view, placed.why, placed.sure)
    return Board(stages, places)


def _item(photo: DraftPhoto, look: Look) -> grouping.Item:
    part = re.fullmatch(r"(.*) \(part (\d+) of (\d+)\)", photo.file)
    return grouping.Item(
        key=photo.id,
        name=part[1] if part else photo.file,
        taken_at=datetime.fromisoformat(photo.taken_at) if photo.taken_at else None,
        look=look,
        part=(part[1], int(part[2]), int(part[3])) if part else None,
    )


def _label(label: str, fixed: Sequence[str]) -> str:
    """Name a proposed stage; a case that has stages does not begin again with a "before"."""
    if fixed and label == "before":
        return "later"
    return {name.casefold(): name for name in fixed}.get(label.casefold(), label)
