"""The one way in which photographs come into the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gallery.events import Action
from gallery.model import Case, Digest, Photo, Stage
from gallery.services.approval import hold_back
from gallery.services.practice import Practice


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A sealed photograph on its way into the catalogue.

    Attributes:
        photo: What is recorded of it; its stage is found by the label.
        detail: What the ledger is told besides.
        thumbnail: A small JPEG, if one was made.
    """

    photo: Photo
    detail: Mapping[str, object] = field(default_factory=dict)
    thumbnail: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseArrival:
    """Photographs of one case, with its stages in the story's order."""

    case: Case
    stages: Sequence[Stage]
    photos: Sequence[Arrival]


def add_to_catalogue(p: Practice, arrivals: Sequence[CaseArrival], *, held: bool) -> dict[Digest, Photo]:
    """Add photographs to new or known cases, in the caller's transaction.

    A case that somebody approved is held back until it is approved anew.

    Args:
        p: The practice; the originals are in its vault already.
        arrivals: What comes in, each case once.
        held: Whether no case is released before somebody publishes it.

    Returns:
        The photographs by the digests of their originals.

    Raises:
        GalleryError: A photograph is in the catalogue already.
    """
    added: dict[Digest, Photo] = {}
    for arrival in arrivals:
        _open_case(p, arrival.case, held=held)
        stages = _stages(p, arrival)
        for one in arrival.photos:
            stage = stages[one.photo.stage.lower()]
            photo = replace(one.photo, stage_id=stage.id, stage=stage.label, stage_position=stage.position)
            added[photo.digest] = _add_photo(p, replace(one, photo=photo))
    return added


def _open_case(p: Practice, case: Case, *, held: bool) -> None:
    known = p.catalog.find_case(case.number)
    if known is None:
        p.catalog.add_case(case, p.now)
        if held:
            p.casework.hold(case.number)
        return
    p.catalog.tag_case(case.number, case.tags)
    if held or p.casework.approvals(case.number):
        hold_back(p, known)


def _stages(p: Practice, arrival: CaseArrival) -> dict[str, Stage]:
    """Add the missing stages, and give all by label in lower case."""
    stages = {stage.label.lower(): stage for stage in p.catalog.stages(arrival.case.number)}
    for stage in arrival.stages:
        if stage.label.lower() not in stages:
            stages[stage.label.lower()] = p.catalog.add_stage(stage)
    return stages


def _add_photo(p: Practice, one: Arrival) -> Photo:
    photo = p.catalog.add_photo(one.photo, p.now)
    if one.thumbnail is not None:
        p.casework.keep_thumbnail(photo.id, one.thumbnail)
    detail = {"case": photo.case, "stage": photo.stage, "view": photo.view, "digest": photo.digest}
    p.note(Action.PHOTO_TAKEN_IN, f"photo {photo.id}", **detail, taken_at=photo.taken_at, **one.detail)
    return photo
