"""The page behind an approval link: a doctor or patient sees exactly what would be public, and answers."""

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import may_show, once_released
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Approval, CaseStatus, Photo
from gallery.rules.disclosures import photo_alt, photo_caption, stage_sentences
from gallery.staff import Task
from gallery.web.content import besides, content_of
from gallery.web.publishing import rendered
from gallery.web.viewing import note_view
from gallery.web.workplace import casework, catalog, ledger, local_now, me, now, settings

pages = Blueprint("approval", __name__, url_prefix="/approve/<secret>")


def _asked(secret: str) -> Approval:
    asked = casework().asked_by_link(secret, now())
    if asked is None or catalog().case(asked.case).status is CaseStatus.WITHDRAWN:
        abort(404)
    return asked


def _visitor(asked: Approval) -> str:
    """Name in the ledger whoever has the link, whose name nobody knows."""
    return f"somebody (by link {asked.id})"


def _may_answer() -> bool:
    """Whoever prepares a case does not approve it, by a link of their own either."""
    return g.user is None or g.user.may(Task.APPROVE)


def _photos(asked: Approval) -> list[Photo]:
    case, consents = once_released(catalog().case(asked.case)), catalog().consents(asked.case)
    photos = catalog().photos(asked.case)
    return [p for p in photos if may_show(case, p, consents, PUBLIC_CHANNEL, local_now()).allowed]


@pages.get("")
def by_link(secret: str) -> ResponseReturnValue:
    """Show the case as readers would see it, and ask."""
    asked = _asked(secret)
    case = catalog().case(asked.case)
    note_view(f"case {asked.case}", f"case {asked.case} as it would be published", by=_visitor(asked))
    photos = _photos(asked)
    stages = [
        (stage, stage_sentences(stage), [photo for photo in photos if photo.stage_id == stage.id])
        for stage in catalog().stages(asked.case)
    ]
    return render_template(
        "approve.html",
        asked=asked,
        case=case,
        stages=[entry for entry in stages if entry[2]],
        current=asked.content == content_of(case),
        may_answer=_may_answer(),
        secret=secret,
        practice=settings().practice,
        alt=photo_alt,
        caption=photo_caption,
        besides=besides(case),
    )


@pages.post("")
def answer(secret: str) -> ResponseReturnValue:
    """Take the answer, once; it holds for what was shown and nothing else."""
    asked = _asked(secret)
    if not _may_answer():
        abort(403, description=f"You are signed in, and your role ({me().role}) may not approve.")
    given = request.form.get("answer", "")
    name = request.form.get("name", "").strip()[:80]
    if given not in {"approved", "changes"} or not name:
        abort(400, description="Choose an answer and write your name.")
    if asked.content != content_of(catalog().case(asked.case)):
        abort(400, description="The case was changed meanwhile. Ask the practice for a new link.")
    words = request.form.get("words", "").strip()[:1000]
    casework().answer(asked.id, given, name, words, now())
    detail = {"answer": given, "asked": asked.asked, "content": asked.content, "words": words}
    detail |= {"link_made_by": asked.asked_by, "address": request.remote_addr or ""}
    ledger().append(f"{name} (by link)", Action.APPROVAL_ANSWERED, f"case {asked.case}", detail, now())
    return redirect(url_for("approval.by_link", secret=secret))


@pages.get("/<int:photo>.jpg")
def picture(secret: str, photo: int) -> ResponseReturnValue:
    """Give one of the pictures that the link is about, marked as it would be published."""
    asked = _asked(secret)
    found = {shown.id: shown for shown in _photos(asked)}
    if photo not in found:
        abort(404)
    note_view(f"case {asked.case}", f"photo {photo} as it would be published", by=_visitor(asked))
    return Response(rendered(found[photo], settings().channels[PUBLIC_CHANNEL]), mimetype="image/jpeg")
