"""Copies handed to partners, each with a mark of its recipient's own."""

from dataclasses import replace
from functools import partial

from gallery.consent import may_show
from gallery.errors import NotFoundError, RefusedError
from gallery.events import Action
from gallery.model import Photo
from gallery.rules.pairs import frames_of
from gallery.services.practice import Practice
from gallery.site.renditions import handed_copy, recipe_for
from gallery.store.hidden_marks import HiddenMarkRow, HiddenMarks
from gallery.store.keys import mark_key


def hand_out(p: Practice, photo: Photo, channel: str, recipient: str) -> bytes:
    """Make a photo's copy for one recipient as a channel shows it, and write down who got it.

    Args:
        p: The practice.
        photo: Of ours.
        channel: Whose size, mark and consent count.
        recipient: Who gets it, as traces will name them.

    Returns:
        A JPEG file.

    Raises:
        NotFoundError: There is no such channel.
        RefusedError: The patient did not agree to it, or nobody is named.
    """
    shown = p.settings.channels.get(channel)
    if shown is None:
        raise NotFoundError(
            f"there is no channel {channel}", hint=f"choose from: {', '.join(p.settings.channels)}"
        )
    who = " ".join(recipient.split())
    if not who:
        raise RefusedError("expected who gets the copy, found nobody", hint="name them with --to")
    ruled = may_show(
        p.catalog.case(photo.case), photo, p.catalog.consents(photo.case), shown.scope, p.local_now
    )
    if not ruled.allowed:
        raise RefusedError(f"this photo may not be handed out: {ruled.reason}")
    key, frame = mark_key(p.folder), frames_of(p.catalog.photos(photo.case), p.casework.alignments())
    one = replace(shown, sizes=(max(shown.sizes),), formats=("jpeg",))
    recipe = recipe_for(photo, one, p.settings, frame.get(photo.id), p.now, key.name)
    mark = recipe.hidden(key, who)
    data = handed_copy(p.originals, recipe, key, mark)
    row = partial(HiddenMarkRow, photo_id=photo.id, channel=channel, day=p.now.date(), key_name=key.name)
    with p.together():
        HiddenMarks(p.database).register([row(payload=mark.payload, recipient=who)], p.now)
        p.note(Action.PHOTO_HANDED_OUT, f"photo {photo.id}", channel=channel, recipient=who)
    return data
