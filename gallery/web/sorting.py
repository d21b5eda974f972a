"""The board where photographs are sorted into stages: as proposed, and as a person's form says."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from gallery.drafts import DraftPhoto, Place
from gallery.errors import GalleryError

VIEWS = ("front", "left", "right", "left oblique", "right oblique", "top", "back", "donor", "close-up")
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


def propose(photos: Sequence[DraftPhoto], stages: Sequence[str]) -> Board:
    """Propose stages by the days on which photographs were taken; those without a date are set aside."""
    days = sorted({photo.taken_at[:10] for photo in photos if photo.taken_at})
    later = ["after", *(f"later {number}" for number in range(2, len(days)))]
    labels = list(stages) or ["before", *later[: max(1, len(days) - 1)]]
    places = {}
    for photo in sorted(photos, key=lambda photo: (photo.taken_at, photo.file)):
        stage = min(days.index(photo.taken_at[:10]) + 1, len(labels)) if photo.taken_at else 0
        places[photo.id] = Place(stage, photo.view)
    return Board(tuple(labels), places)
