"""Preview and publication of a case."""

import threading
from dataclasses import replace
from pathlib import Path

from gallery.errors import ConflictError, GalleryError
from gallery.events import Action
from gallery.model import Photo
from gallery.parallel import Progress, silently
from gallery.rules.pairs import frames_of
from gallery.services.approval import content_of, is_approved
from gallery.services.practice import Practice
from gallery.services.readiness import Obstacle, obstacles_of
from gallery.settings import Channel
from gallery.site.build import build_site
from gallery.site.built import Built
from gallery.site.renditions import Renditions, recipe_for
from gallery.store.keys import mark_key

PREVIEW_PX = 960
_one_at_a_time = threading.Lock()  # two windows must not make the same file at once


def preview_of(p: Practice, photo: Photo, channel: Channel) -> bytes:
    """Give a photograph as a channel would get it, as a small JPEG."""
    frame = frames_of(p.catalog.photos(photo.case), p.casework.alignments()).get(photo.id)
    small = replace(channel, sizes=(min(PREVIEW_PX, max(channel.sizes)),), formats=("jpeg",))
    marks = mark_key(p.folder)
    recipe = recipe_for(photo, small, p.settings, frame, p.now, marks.name)
    cache, key = Renditions(p.folder.renditions, p.folder.originals, marks), recipe.key()
    with _one_at_a_time:
        cache.make({key: recipe})
        _, files = cache.described(key)
        return Path(cache.folder_of(key), files[0].name).read_bytes()


def build(p: Practice, *, force: bool = False, progress: Progress = silently) -> Built:
    """Build the site from what consent allows today, and give what was done."""
    return build_site(p.folder, actor=p.actor, now=p.now, force=force, progress=progress)


def rebuild_if_there(p: Practice, *, progress: Progress = silently) -> None:
    """Build the site anew where one was built before."""
    if p.folder.public.exists():
        build(p, progress=progress)


def publish_case(p: Practice, number: int) -> None:
    """Release a case and build the site."""
    case = p.open_case(number)
    blocking = [obstacle for obstacle in obstacles_of(p, number) if obstacle.blocks]
    if not is_approved(p, case):
        blocking.append(Obstacle("Nobody has approved the case as it is now", blocks=True))
    if blocking:
        raise ConflictError(f"Patient {number} is not ready: {'; '.join(item.words for item in blocking)}")
    with p.together():
        case = p.open_case(number)
        if not is_approved(p, case):  # somebody saved something in this very moment
            raise ConflictError(
                f"Patient {number} was changed meanwhile", hint="look at it again, and have it approved"
            )
        p.casework.release(number)
        p.note(Action.CASE_RELEASED, f"case {number}", content=content_of(p, case))
    try:
        build(p)
    except GalleryError:
        if case.held:  # else every later build would stumble over it
            with p.together():
                p.casework.hold(number)
                p.note(Action.CASE_HELD_UNBUILT, f"case {number}")
        raise


def hold_case(p: Practice, number: int) -> None:
    """Take a case off the site for now, without withdrawing it."""
    p.open_case(number)
    with p.together():
        p.casework.hold(number)
        p.note(Action.CASE_HELD, f"case {number}")
    build(p)
