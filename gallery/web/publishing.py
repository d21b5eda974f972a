"""Preview, approval, publication and proof of a case."""

from flask import Blueprint, Response, abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from gallery.services import approval
from gallery.services.proof import prove
from gallery.services.publish import hold_case, preview_of, publish_case
from gallery.services.readiness import obstacles_of
from gallery.services.sections import public_photos
from gallery.services.views import note_view
from gallery.staff import Task
from gallery.web.sections import known_case, open_case, show
from gallery.web.workplace import needs, work

pages = Blueprint("publishing", __name__, url_prefix="/cases/<int:number>")


@pages.get("/publish")
@needs(Task.SEE)
def page(number: int) -> ResponseReturnValue:
    """Show previews, obstacles and approvals of a case."""
    case, p = known_case(number), work()
    public = public_photos(p, number)
    return show(
        "publish.html",
        case,
        channels=[
            (channel, approval.rulings_if_released(p, case, channel.scope))
            for channel in p.settings.channels.values()
        ],
        obstacles=obstacles_of(p, number),
        approvals=p.casework.approvals(number),
        content=approval.content_of(p, case),
        approved=approval.is_approved(p, case),
        public=[photo for photo in p.catalog.photos(number) if photo.id in public],
        link=session.pop("link", None),
    )


@pages.get("/preview/<channel>/<int:photo>.jpg")
@needs(Task.SEE)
def preview(number: int, channel: str, photo: int) -> ResponseReturnValue:
    """Give a photograph as a channel would get it."""
    p = work()
    found = p.catalog.photo(photo)
    if found.case != number or channel not in p.settings.channels:
        abort(404)
    note_view(p, f"case {number}", f"photo {photo} as published ({channel})")
    return Response(preview_of(p, found, p.settings.channels[channel]), mimetype="image/jpeg")


@pages.post("/ask")
@needs(Task.PUBLISH)
def ask(number: int) -> ResponseReturnValue:
    """Make a link for a doctor or patient to answer without signing in."""
    open_case(number)
    asked = request.form.get("asked", "")
    if asked not in approval.ASKED:
        abort(400)
    session["link"] = approval.ask(work(), number, asked)  # not in an address, which browsers write down
    return redirect(url_for("publishing.page", number=number, _anchor="approval"))


@pages.post("/approve")
@needs(Task.APPROVE)
def approve(number: int) -> ResponseReturnValue:
    """Approve the case as it is, signed in."""
    open_case(number)
    approval.approve(work(), number)
    flash("Approved. If anything a reader sees is changed later, it must be approved again.", "done")
    return redirect(url_for("publishing.page", number=number))


@pages.post("/publish")
@needs(Task.PUBLISH)
def publish(number: int) -> ResponseReturnValue:
    """Release the case and rebuild the site."""
    open_case(number)
    publish_case(work(), number)
    flash(f"Patient {number} is public.", "done")
    return redirect(url_for("publishing.proof", number=number))


@pages.post("/hold")
@needs(Task.PUBLISH)
def hold(number: int) -> ResponseReturnValue:
    """Take a case off the site for now, without withdrawing it."""
    open_case(number)
    hold_case(work(), number)
    flash(f"Patient {number} is off the site until it is published again.", "done")
    return redirect(url_for("publishing.page", number=number))


@pages.get("/proof")
@needs(Task.SEE)
def proof(number: int) -> ResponseReturnValue:
    """Show what is public of a case, and the proof."""
    case = known_case(number)
    return show("proof.html", case, proof=prove(work(), case))
