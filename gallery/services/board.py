"""The board on which a draft's photographs are sorted into stages and views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gallery.errors import RefusedError
from gallery.model import Draft, DraftPhoto, Place
from gallery.services import grouping
from gallery.services.practice import Practice
from gallery.stages import says_before
from watermark.picture.decode import open_picture
from watermark.picture.perceptual_hash import GreyGrid

VIEWS = (*grouping.CUSTOMARY, "left oblique", "right oblique", "back")
STAGE_WORDS = ("before", "after", "after session 1 of 3", "after session 2 of 3", "one year later")
_LONGEST_LABEL = 80
_MOST_STAGES = 30


@dataclass(frozen=True, slots=True)
class Board:
    """Stages by name, and the place of each photograph.

    Stage 1 is the first name; 0 is set aside.
    """

    stages: tuple[str, ...]
    places: dict[int, Place]


def arranged(
    names: Mapping[int, str], places: Mapping[int, Place], photos: Sequence[DraftPhoto], fixed: Sequence[str]
) -> Board:
    """Give the board as a person wants it, without its empty stages."""
    known = {photo.id for photo in photos}
    labels = {number: " ".join(name.split())[:_LONGEST_LABEL] for number, name in sorted(names.items())}
    labels |= dict(enumerate(fixed, start=1))
    placed = {photo: place for photo, place in places.items() if photo in known}
    used = {place.stage for place in placed.values()}
    kept = [number for number in sorted(labels) if labels[number] or number in used][:_MOST_STAGES]
    _check_labels([labels[number] for number in kept])
    renumbered = {old: new for new, old in enumerate(kept, start=1)}
    return Board(
        tuple(labels[number] for number in kept),
        {photo: Place(renumbered.get(place.stage, 0), place.view) for photo, place in placed.items()},
    )


def _check_labels(labels: Sequence[str]) -> None:
    if "" in labels:
        raise RefusedError("a stage with photos in it has no name", hint='name it, for instance "before"')
    lower = [label.casefold() for label in labels]
    twice = next((label for label in labels if lower.count(label.casefold()) > 1), None)
    if twice is not None:
        raise RefusedError(f'two stages are named "{twice}"', hint="give each stage a name of its own")


def with_another_stage(stages: tuple[str, ...]) -> tuple[str, ...]:
    """Add a stage under a name that is still free."""
    taken = {label.casefold() for label in stages}
    return (*stages, next((word for word in STAGE_WORDS if word not in taken), f"stage {len(stages) + 1}"))


def stages_of_case(p: Practice, draft: Draft) -> list[str]:
    """Name the stages that the case of a draft has already."""
    return [stage.label for stage in p.catalog.stages(draft.case)] if draft.case else []


def proposed(p: Practice, draft: Draft) -> Board:
    """Propose where a draft's photographs belong."""
    photos = p.drafts.photos(draft.id)
    looks = {photo.id: GreyGrid.of(open_picture(p.drafts.thumbnail(draft.id, photo.id))) for photo in photos}
    return propose(photos, looks, stages_of_case(p, draft))


def propose(photos: Sequence[DraftPhoto], looks: Mapping[int, GreyGrid], fixed: Sequence[str] = ()) -> Board:
    """Propose stages and views from names, times and looks.

    What nothing tells of is set aside. `looks` are by the photos' ids; `fixed` stages stay first, as they are.
    """
    proposal = grouping.propose([_item(photo, looks[photo.id], photos) for photo in photos])
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


def _item(photo: DraftPhoto, look: GreyGrid, photos: Sequence[DraftPhoto]) -> grouping.Item:
    part = part_of(photo, photos)
    return grouping.Item(
        key=photo.id,
        name=part[0] if part else photo.file,
        taken_at=datetime.fromisoformat(photo.taken_at) if photo.taken_at else None,
        look=look,
        part=part,
    )


def _label(label: str, fixed: Sequence[str]) -> str:
    """Name a proposed stage, which is not "before" where a case has stages."""
    if fixed and says_before(label):
        return "later"
    return {name.casefold(): name for name in fixed}.get(label.casefold(), label)


def part_name(name: str, number: int, of: int) -> str:
    """Name a part, numbered from 1, of an old composite."""
    return f"{name} (part {number} of {of})"


def part_of(photo: DraftPhoto, photos: Sequence[DraftPhoto]) -> tuple[str, int, int] | None:
    """Tell which part of which composite a photo is."""
    if photo.composite is None:
        return None
    parts = sorted(other.id for other in photos if other.composite == photo.composite)
    number, count = parts.index(photo.id) + 1, len(parts)
    return photo.file.removesuffix(part_name("", number, count)), number, count
