"""The list of cases and drafts, and the page of one case."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import expires_soon
from gallery.model import Case, CaseStatus
from gallery.services.cases import Summary, copies_still_shown, find_cases, summaries
from gallery.services.sections import public_photos
from gallery.staff import Role, Task
from gallery.web.sections import known_case, show
from gallery.web.workplace import known_copies, me, needs, work

pages = Blueprint("cases", __name__)

_PAGE = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A case in the list."""

    case: Case
    stages: str
    photos: int
    state: str
    badge: str


@pages.get("/")
def start() -> ResponseReturnValue:
    """Lead to the list of cases."""
    return redirect(url_for("cases.overview"))


@pages.get("/cases/")
@needs(Task.SEE)
def overview() -> ResponseReturnValue:
    """List drafts, and all cases or those that a word finds."""
    p = work()
    wanted = request.args.get("find", "").strip()
    at = max(1, request.args.get("page", 1, type=int))
    found = find_cases(p, wanted)
    return render_template(
        "cases.html",
        cases=[_line(one) for one in summaries(p, found[(at - 1) * _PAGE : at * _PAGE])],
        drafts=p.drafts.all() if me().may(Task.EDIT) else [],
        still_shown=_still_shown(),
        ending=expires_soon(p.catalog.consents(), p.local_now),
        wanted=wanted,
        count=len(found),
        page=at,
        last=max(1, -(-len(found) // _PAGE)),
    )


def _still_shown() -> dict[int, int]:
    """Count for the legal desk the copies of patients who withdrew."""
    if me().role not in {Role.LEGAL, Role.ADMINISTRATOR}:
        return {}
    return copies_still_shown(work(), known_copies())


def _line(one: Summary) -> Line:
    state, badge = "not public", ""
    if one.case.status is CaseStatus.WITHDRAWN:
        state, badge = "withdrawn", "bad"
    elif one.on_site:
        state = "public" if one.on_site == one.photos else f"{one.on_site} of {one.photos} public"
        badge = "good"
    return Line(one.case, " · ".join(one.stages), one.photos, state, badge)


@pages.get("/cases/<int:number>/")
@needs(Task.SEE)
def one(number: int) -> ResponseReturnValue:
    """Show a case, its photographs, and what was done with it."""
    case, p = known_case(number), work()
    photos = p.catalog.photos(number)
    stages = [
        (stage, [photo for photo in photos if photo.stage_id == stage.id])
        for stage in p.catalog.stages(number)
    ]
    history = p.ledger.entries(subject=f"case {number}")[::-1][:50]
    return show("case.html", case, stages=stages, public=public_photos(p, number), history=history)
