"""A sorted draft becomes a case, or joins one: originals sealed, then all written in one transaction."""

import logging
import threading
from datetime import datetime

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Case, Draft, DraftPhoto, Photo, Stage
from gallery.services.lookup import Lookup
from gallery.settings import DataFolder
from gallery.stages import sessions_in
from gallery.store.catalog import Catalog
from gallery.store.vault import Vault
from gallery.web.content import hold_back
from gallery.web.receiving import composite_vault, draft_vault
from gallery.web.workplace import Rooms
from watermark.errors import WatermarkError


def take_in(rooms: Rooms, folder: DataFolder, draft: Draft, actor: str, now: datetime) -> tuple[int, int]:
    """Make a draft a case, or add it to the one it is for; photographs that were set aside are left out.

    Interrupted at any moment, the draft is still there, or the case is.

    Returns:
        The case's number, and how many photographs came in.

    Raises:
        GalleryError: A photograph is not ready, or is in the catalogue already.
    """
    photos = [photo for photo in rooms.drafts.photos(draft.id) if photo.stage]
    _check(photos)
    _seal(folder, photos)
    needed = rooms.drafts.digests()
    with rooms.together():
        number = draft.case or rooms.catalog.next_number()
        if draft.case is None:
            rooms.catalog.add_case(Case(number=number), now)
            rooms.casework.hold(number)
        else:
            hold_back(rooms.catalog.case(number), actor)
        stages = _stages(rooms.catalog, draft, number, {photo.stage for photo in photos})
        for photo in photos:
            _add(rooms, photo, stages[photo.stage], actor, now)
        rooms.drafts.remove(draft.id, draft.version)
        still_needed = rooms.drafts.digests()
    for digest in needed - still_needed:
        draft_vault(folder).discard(digest)
    return number, len(photos)


def _check(photos: list[DraftPhoto]) -> None:
    if not photos:
        raise GalleryError("no photo is in a stage yet", hint="put at least one photo into a stage")
    without = [photo.file for photo in photos if not photo.view]
    if without:
        raise GalleryError(
            f"the view is missing for: {', '.join(without[:5])}",
            hint="choose front, left, right, top … under each of them",
        )


def _seal(folder: DataFolder, photos: list[DraftPhoto]) -> None:
    drafts, originals = draft_vault(folder), Vault(folder.originals)
    for photo in photos:
        originals.put(drafts.get(photo.digest))
        if photo.composite is not None:
            composite_vault(folder).put(drafts.get(photo.composite))


def _stages(catalog: Catalog, draft: Draft, number: int, used: set[int]) -> dict[int, Stage]:
    """Add the stages that have photographs and are not there yet; gives each by its number on the board."""
    there = {stage.label: stage for stage in catalog.stages(number)}
    stages = {}
    for at, label in enumerate(draft.stages, start=1):
        if label in there:
            stages[at] = there[label]
        elif at in used:
            session, sessions = sessions_in(label)
            stages[at] = catalog.add_stage(
                Stage(case=number, label=label, session=session, sessions=sessions)
            )
    return stages


def _add(rooms: Rooms, photo: DraftPhoto, stage: Stage, actor: str, now: datetime) -> None:
    added = rooms.catalog.add_photo(
        Photo(
            case=stage.case,
            stage_id=stage.id,
            stage=stage.label,
            view=photo.view,
            file=photo.file,
            digest=photo.digest,
            bytes=photo.size,
            width=photo.width,
            height=photo.height,
            format=photo.format,
            taken_at=photo.taken_at,
        ),
        now,
    )
    rooms.casework.keep_thumbnail(added.id, rooms.drafts.thumbnail(photo.draft, photo.id))
    detail: dict[str, object] = {
        "case": stage.case,
        "stage": stage.label,
        "view": photo.view,
        "digest": photo.digest,
    }
    detail |= {"taken_at": photo.taken_at, "camera": photo.camera}
    if photo.composite is not None:
        detail |= {"cut_from": photo.composite, "box": list(photo.box or ())}
    rooms.ledger.append(actor, Action.PHOTO_TAKEN_IN, f"photo {added.id}", detail, now)


_turn = threading.Lock()


def watch_for_copies(folder: DataFolder) -> threading.Thread:
    """Fingerprint what is new, beside the pages; interrupted, the next crawl or command does it."""

    def work() -> None:
        with _turn:
            try:
                Lookup(folder).catch_up()
            except (GalleryError, WatermarkError):
                logging.getLogger(__name__).exception("new photos are not fingerprinted yet")

    thread = threading.Thread(target=work, name="fingerprints")
    thread.start()
    return thread
