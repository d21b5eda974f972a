"""The page behind an approval link for a doctor or patient."""

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.model import PUBLIC_CHANNEL, Approval
from gallery.rules.disclosures import photo_alt, photo_caption, stage_sentences
from gallery.services.approval import ANSWERS, asked_by_link, besides, is_current, photos_shown, stages_shown
from gallery.services.approval import answer as record_answer
from gallery.services.publish import preview_of
from gallery.services.views import note_view
from gallery.staff import Task
from gallery.web.workplace import me, work

pages = Blueprint("approval", __name__, url_prefix="/approve/<secret>")


def _asked(secret: str) -> Approval:
    asked = asked_by_link(work(), secret)
    if asked is None:
        abort(404)
    return asked


def _visitor(asked: Approval) -> str:
    """Name in the ledger whoever has the link, whose name nobody knows."""
    return f"somebody (by link {asked.id})"


def _may_answer() -> bool:
    """Tell whether the visitor may answer, which staff who prepare cases may not."""
    return g.user is None or g.user.may(Task.APPROVE)


@pages.get("")
def by_link(secret: str) -> ResponseReturnValue:
    """Show the case as readers would see it, and ask."""
    asked, p = _asked(secret), work()
    case = p.catalog.case(asked.case)
    note_view(p, f"case {asked.case}", f"case {asked.case} as it would be published", by=_visitor(asked))
    return render_template(
        "approve.html",
        asked=asked,
        case=case,
        stages=[(stage, stage_sentences(stage), photos) for stage, photos in stages_shown(p, case)],
        current=is_current(p, asked),
        may_answer=_may_answer(),
        secret=secret,
        practice=p.settings.practice,
        alt=photo_alt,
        caption=photo_caption,
        besides=besides(p, case),
    )


@pages.post("")
def answer(secret: str) -> ResponseReturnValue:
    """Take the answer, once, for exactly what was shown."""
    asked = _asked(secret)
    if not _may_answer():
        abort(403, description=f"You are signed in, and your role ({me().role}) may not approve.")
    given = request.form.get("answer", "")
    name = request.form.get("name", "").strip()[:80]
    if given not in ANSWERS or not name:
        abort(400, description="Choose an answer and write your name.")
    if not is_current(work(), asked):
        abort(400, description="The case was changed meanwhile. Ask the practice for a new link.")
    words = request.form.get("words", "").strip()[:1000]
    record_answer(work(), asked, given, name=name, words=words, address=request.remote_addr or "")
    return redirect(url_for("approval.by_link", secret=secret))


@pages.get("/<int:photo>.jpg")
def picture(secret: str, photo: int) -> ResponseReturnValue:
    """Give a picture that the link is about, as it would be published."""
    asked, p = _asked(secret), work()
    found = {shown.id: shown for shown in photos_shown(p, p.catalog.case(asked.case))}
    if photo not in found:
        abort(404)
    note_view(p, f"case {asked.case}", f"photo {photo} as it would be published", by=_visitor(asked))
    return Response(preview_of(p, found[photo], p.settings.channels[PUBLIC_CHANNEL]), mimetype="image/jpeg")
