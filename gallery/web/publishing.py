"""From a finished case to the public site: preview with its marks, approval, publication, and the proof."""

import threading
from dataclasses import replace

from flask import Blueprint, Response, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import may_show, once_released
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Case, Photo
from gallery.rules.pairs import frames_of
from gallery.services.readiness import Obstacle
from gallery.settings import Channel
from gallery.site.build import build_site
from gallery.site.renditions import Renditions, recipe_for
from gallery.staff import Task
from gallery.web.content import content_of
from gallery.web.proof import prove
from gallery.web.readiness import obstacles_of
from gallery.web.sections import known_case, open_case, show
from gallery.web.viewing import note_view
from gallery.web.workplace import casework, catalog, folder, local_now, me, needs, note, now, rooms, settings

pages = Blueprint("publishing", __name__, url_prefix="/cases/<int:number>")

PREVIEW_PX = 960
_one_at_a_time = threading.Lock()  # two windows must not make the same file at once


@pages.get("/publish")
@needs(Task.SEE)
def page(number: int) -> ResponseReturnValue:
    """Show what each channel would get, what stands in the way, and who has approved."""
    case = known_case(number)
    content = content_of(case)
    photos = catalog().photos(number)
    consents, released = catalog().consents(number), once_released(case)
    channels = [
        (
            channel,
            [(photo, may_show(released, photo, consents, channel.scope, local_now())) for photo in photos],
        )
        for channel in settings().channels.values()
    ]
    public = catalog().publications(PUBLIC_CHANNEL)
    return show(
        "publish.html",
        case,
        channels=channels,
        obstacles=obstacles_of(case),
        approvals=casework().approvals(number),
        content=content,
        approved=_approved(case),
        public=[photo for photo in photos if photo.id in public],
        link=session.pop("link", None),
    )


def _approved(case: Case) -> bool:
    content = content_of(case)
    latest = {
        approval.asked: approval for approval in casework().approvals(case.number)[::-1] if approval.answer
    }
    answers = {approval.answer for approval in latest.values() if approval.content == content}
    return "approved" in answers and "changes" not in answers


@pages.get("/preview/<channel>/<int:photo>.jpg")
@needs(Task.SEE)
def preview(number: int, channel: str, photo: int) -> ResponseReturnValue:
    """Give a photograph as a channel would get it, with its mark, at one size."""
    found = catalog().photo(photo)
    if found.case != number or channel not in settings().channels:
        abort(404)
    note_view(f"case {number}", f"photo {photo} as published ({channel})")
    return Response(rendered(found, settings().channels[channel]), mimetype="image/jpeg")


def rendered(photo: Photo, channel: Channel) -> bytes:
    """Give a photograph's bytes as a channel would get it, JPEG, at the preview's size."""
    frame = frames_of(catalog().photos(photo.case), casework().alignments()).get(photo.id)
    small = replace(channel, sizes=(min(PREVIEW_PX, max(channel.sizes)),), formats=("jpeg",))
    recipe = recipe_for(photo, small, settings(), frame, now())
    cache, key = Renditions(folder().renditions, folder().originals), recipe.key()
    with _one_at_a_time:
        cache.make({key: recipe})
        return cache.files(key)[0].place.read_bytes()


@pages.post("/ask")
@needs(Task.PUBLISH)
def ask(number: int) -> ResponseReturnValue:
    """Make a link with which a doctor or the patient can look and answer without signing in."""
    case = open_case(number)
    asked = request.form.get("asked", "")
    if asked not in {"doctor", "patient"}:
        abort(400)
    secret = casework().ask(number, asked, content_of(case), me().name, now())
    note(Action.APPROVAL_ASKED, f"case {number}", asked=asked)
    session["link"] = secret  # not in an address, which browsers and servers write down
    return redirect(url_for("publishing.page", number=number, _anchor="approval"))


@pages.post("/approve")
@needs(Task.APPROVE)
def approve(number: int) -> ResponseReturnValue:
    """Approve the case as it is now, signed in as a doctor or an administrator."""
    case = open_case(number)
    content = content_of(case)
    with rooms().together():
        casework().ask(number, "doctor", content, me().name, now())
        asked = casework().approvals(number)[0]
        casework().answer(asked.id, "approved", me().name, "", now())
        note(Action.APPROVAL_GIVEN, f"case {number}", content=content)
    flash("Approved. If anything a reader sees is changed later, it must be approved again.", "done")
    return redirect(url_for("publishing.page", number=number))


@pages.post("/publish")
@needs(Task.PUBLISH)
def publish(number: int) -> ResponseReturnValue:
    """Release the case and rebuild the site; refused while anything stands in the way."""
    case = open_case(number)
    blocking = [obstacle for obstacle in obstacles_of(case) if obstacle.blocks]
    if not _approved(case):
        blocking.append(Obstacle("Nobody has approved the case as it is now", blocks=True))
    if blocking:
        raise GalleryError(f"Patient {number} is not ready: {'; '.join(item.words for item in blocking)}")
    with rooms().together():
        if not _approved(case):  # somebody saved something in this very moment
            raise GalleryError(
                f"Patient {number} was changed meanwhile", hint="look at it again, and have it approved"
            )
        casework().release(number)
        note(Action.CASE_RELEASED, f"case {number}", content=content_of(case))
    try:
        build_site(folder(), actor=me().name, now=now())
    except GalleryError:
        if case.held:  # else every later build would stumble over it
            with rooms().together():
                casework().hold(number)
                note(Action.CASE_HELD_UNBUILT, f"case {number}")
        raise
    flash(f"Patient {number} is public.", "done")
    return redirect(url_for("publishing.proof", number=number))


@pages.post("/hold")
@needs(Task.PUBLISH)
def hold(number: int) -> ResponseReturnValue:
    """Take a case off the site for now, without withdrawing it."""
    open_case(number)
    with rooms().together():
        casework().hold(number)
        note(Action.CASE_HELD, f"case {number}")
    build_site(folder(), actor=me().name, now=now())
    flash(f"Patient {number} is off the site until it is published again.", "done")
    return redirect(url_for("publishing.page", number=number))


@pages.get("/proof")
@needs(Task.SEE)
def proof(number: int) -> ResponseReturnValue:
    """Show what is public of a case, and that nothing else is in it."""
    case = known_case(number)
    return show("proof.html", case, proof=prove(rooms(), folder(), case))
