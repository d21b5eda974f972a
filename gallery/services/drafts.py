"""Dropped photographs on their way to a case."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from gallery.errors import ConflictError, RefusedError
from gallery.model import Box, Case, Draft, DraftPhoto, NewPhoto, Photo, Place, Stage
from gallery.parallel import in_background
from gallery.services.board import (
    Board,
    arranged,
    part_name,
    part_of,
    proposed,
    stages_of_case,
    with_another_stage,
)
from gallery.services.intake.check import INTAKE_LIMITS
from gallery.services.intake.writer import Arrival, CaseArrival, add_to_catalogue
from gallery.services.lookup import Lookup
from gallery.services.pictures import SCREEN_PX, screen_size, thumbnail
from gallery.services.practice import Practice
from gallery.settings import DataFolder
from gallery.stages import sessions_in
from gallery.store.vault import digest_of
from watermark.errors import WatermarkError
from watermark.pairs.composite import find_panels
from watermark.picture.decode import Header
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, crop
from watermark.picture.sandbox import sandbox

LARGEST_FILE = INTAKE_LIMITS.max_bytes
_MOST_PHOTOS = 200


@dataclass(frozen=True, slots=True)
class Received:
    """The photographs of a file, and all bytes to be kept."""

    photos: tuple[NewPhoto, ...]
    files: tuple[bytes, ...]


def plain_name(name: str) -> str:
    """Give a file's bare name, short and printable."""
    name = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in name if letter.isprintable())[-200:] or "photo"


def start(p: Practice) -> Draft:
    """Start a draft for a new case, and sweep what abandoned ones left."""
    p.incoming.sweep(p.drafts.digests())
    return p.drafts.start(p.actor, p.now)


def start_for(p: Practice, number: int) -> Draft:
    """Start a draft with more photographs for a case."""
    p.open_case(number)
    stages = [stage.label for stage in p.catalog.stages(number)]
    return p.drafts.start(p.actor, p.now, case=number, stages=stages)


def add_file(p: Practice, draft: int, name: str, data: bytes) -> int:
    """Read a dropped file and add its photographs to a draft.

    Gives how many there are: more than one where it was an old composite.

    Raises:
        ConflictError: The draft is full, or a photograph is in it or in a case already.
        RefusedError: The file is no picture, is damaged, too large, or takes too long.
    """
    try:
        received = _receive(name, data)
    except WatermarkError as error:
        raise RefusedError(f"{name}: {error}", hint=error.hint) from error
    if len(p.drafts.photos(draft)) >= _MOST_PHOTOS:
        raise ConflictError(f"{name}: a draft holds at most {_MOST_PHOTOS} photos; make it a case first")
    here = {photo.digest: photo.file for photo in p.drafts.photos(draft)}
    for photo in received.photos:
        known = p.catalog.photo_of(photo.digest)
        if known is not None:
            place = f"Patient {known.case} already ({known.stage}, {known.view})"
            raise ConflictError(f"{name}: is in {place}")
        if photo.digest in here:
            raise ConflictError(f"{photo.file} is the same photo as {here[photo.digest]}")
    for kept in received.files:
        p.incoming.put(kept)
    p.drafts.add_photos(draft, received.photos)
    return len(received.photos)


def _receive(name: str, data: bytes, *, split: bool = True) -> Received:
    """Read a file, and cut an old composite into its parts without loss.

    Whoever made it, it is opened in a process of its own with a cap on time and memory (ADR 9).
    """
    opened = sandbox().open_first(data, INTAKE_LIMITS, longest=SCREEN_PX)
    facts, picture = opened.header, opened.frames[0].picture
    boxes = _boxes(picture, facts) if split else ()
    if boxes:
        return _parts(name, data, boxes)
    photo = NewPhoto(
        file=name,
        digest=digest_of(data),
        size=len(data),
        file_size=len(data),
        width=facts.width,
        height=facts.height,
        format=facts.format,
        taken_at=_moment(facts.taken_at),
        camera=facts.camera or "",
        thumbnail=thumbnail(picture),
    )
    return Received((photo,), (data,))


def _boxes(picture: Picture, facts: Header) -> tuple[Box, ...]:
    """Find the parts of a composite, in pixels of its full size."""
    panels = find_panels(picture)
    if len(panels.boxes) < 2:  # noqa: PLR2004 (one photograph is no composite)
        return ()
    across, down = facts.width / picture.width, facts.height / picture.height
    return tuple(
        (round(left * across), round(top * down), round(right * across), round(bottom * down))
        for left, top, right, bottom in panels.boxes
    )


def _parts(name: str, data: bytes, boxes: tuple[Box, ...]) -> Received:
    whole = sandbox().open_picture(data, INTAKE_LIMITS)
    photos, files = [], [data]
    for number, box in enumerate(boxes, start=1):
        part = crop(whole, box)
        cut = encode(part, format="png")
        photos.append(
            NewPhoto(
                file=part_name(name, number, len(boxes)),
                digest=digest_of(cut),
                composite=digest_of(data),
                box=box,
                size=len(cut),
                file_size=len(data),
                width=part.width,
                height=part.height,
                format="png",
                taken_at="",  # the file's date is that of the composite, not of either photograph
                camera="",
                thumbnail=thumbnail(part),
            )
        )
        files.append(cut)
    return Received(tuple(photos), tuple(files))


def _moment(taken: datetime | None) -> str:
    return taken.isoformat(timespec="seconds") if taken else ""


def large(p: Practice, draft: int, photo: int) -> bytes:
    """Give a draft's photograph as large as a screen."""
    return screen_size(p.incoming.get(p.drafts.photo(draft, photo).digest))


def sort_if_untouched(p: Practice, number: int) -> None:
    """Sort a draft that no person has sorted yet."""
    draft = p.drafts.draft(number)
    if draft.version == 1:
        board = proposed(p, draft)
        p.drafts.propose(number, board.stages, board.places)


def sort_anew(p: Practice, number: int, version: int) -> None:
    """Sort a draft as the program proposes, over what a person did.

    Raises:
        ChangedMeanwhileError: Somebody else saved the draft since `version`.
    """
    board = proposed(p, p.drafts.draft(number))
    with p.together():
        p.drafts.arrange(number, version, board.stages, board.places, p.actor, p.now)
        p.drafts.propose(number, board.stages, board.places)


def arrange(p: Practice, number: int, version: int, board: Board, *, another_stage: bool = False) -> Draft:
    """Save a draft as a person sorted it.

    Raises:
        ChangedMeanwhileError: Somebody else saved the draft since `version`.
    """
    stages = with_another_stage(board.stages) if another_stage else board.stages
    return p.drafts.arrange(number, version, stages, board.places, p.actor, p.now)


def board_from(p: Practice, draft: Draft, names: dict[int, str], places: dict[int, Place]) -> Board:
    """Give the board of a draft as a person wants it."""
    return arranged(names, places, p.drafts.photos(draft.id), stages_of_case(p, draft))


def whole_name(photo: DraftPhoto, photos: Sequence[DraftPhoto]) -> str:
    """Name the file that one of a draft's photographs came in."""
    part = part_of(photo, photos)
    return part[0] if part else photo.file


def join(p: Practice, number: int, photo: int) -> str | None:
    """Put the parts of a composite together again.

    Gives the file's name, or None where it was not split.
    """
    part = p.drafts.photo(number, photo)
    if part.composite is None:
        return None
    received = _receive(
        whole_name(part, p.drafts.photos(number)), p.incoming.get(part.composite), split=False
    )
    parts = [other.id for other in p.drafts.photos(number) if other.composite == part.composite]
    with p.together():
        p.drafts.remove_photos(number, parts)
        p.drafts.add_photos(number, received.photos)
    return received.photos[0].file


def discard(p: Practice, number: int, version: int) -> None:
    """Throw a draft and its files away.

    Raises:
        ChangedMeanwhileError: Somebody else saved the draft since `version`.
    """
    needed = p.drafts.digests()
    p.drafts.remove(number, version)
    for digest in needed - p.drafts.digests():
        p.incoming.discard(digest)


def make_case(p: Practice, draft: Draft) -> tuple[int, int]:
    """Make a draft a case, or add it to the one it is for.

    Photographs that were set aside are left out. Interrupted at any moment, the draft is still there, or the case is.
    Gives the case's number, and how many photographs came in.
    """
    photos = [photo for photo in p.drafts.photos(draft.id) if photo.stage]
    _check(photos)
    for photo in photos:
        p.originals.put(p.incoming.get(photo.digest))
        if photo.composite is not None:
            p.composites.put(p.incoming.get(photo.composite))
    needed = p.drafts.digests()
    with p.together():
        number = draft.case or p.catalog.next_number()
        arrivals = [_arrival(p, photo, number, draft.stages[photo.stage - 1]) for photo in photos]
        stages = [_stage(number, draft.stages[at - 1]) for at in sorted({photo.stage for photo in photos})]
        add_to_catalogue(
            p, [CaseArrival(case=Case(number=number), stages=stages, photos=arrivals)], held=True
        )
        p.drafts.remove(draft.id, draft.version)
        still_needed = p.drafts.digests()
    for digest in needed - still_needed:
        p.incoming.discard(digest)
    return number, len(photos)


def _check(photos: list[DraftPhoto]) -> None:
    if not photos:
        raise RefusedError("no photo is in a stage yet", hint="put at least one photo into a stage")
    without = [photo.file for photo in photos if not photo.view]
    if without:
        raise RefusedError(
            f"the view is missing for: {', '.join(without[:5])}",
            hint="choose front, left, right, top … under each of them",
        )


def _stage(number: int, label: str) -> Stage:
    session, sessions = sessions_in(label)
    return Stage(case=number, label=label, session=session, sessions=sessions)


def _arrival(p: Practice, photo: DraftPhoto, number: int, stage: str) -> Arrival:
    return Arrival(
        photo=Photo(
            case=number,
            stage=stage,
            view=photo.view,
            file=photo.file,
            digest=photo.digest,
            bytes=photo.size,
            width=photo.width,
            height=photo.height,
            format=photo.format,
            taken_at=photo.taken_at,
        ),
        detail={"camera": photo.camera}
        | ({"cut_from": photo.composite, "box": list(photo.box or ())} if photo.composite else {}),
        thumbnail=p.drafts.thumbnail(photo.draft, photo.id),
    )


_turn = threading.Lock()


def watch_for_copies(folder: DataFolder) -> threading.Thread:
    """Fingerprint new photos in the background.

    Interrupted, the next crawl or command does it.
    """

    def work() -> None:
        with _turn:
            Lookup(folder).index()

    return in_background("fingerprints", [work], "new photos are not fingerprinted yet")
