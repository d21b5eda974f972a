"""The list of cases and drafts, where everybody starts, and the page of one case."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from gallery.accounts import Task
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus
from gallery.web.sections import show
from gallery.web.workplace import catalog, drafts, ledger, me, needs

pages = Blueprint("cases", __name__)


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
    """List drafts, and the cases from the newest on."""
    waiting = drafts().all() if me().may(Task.EDIT) else []
    return render_template("cases.html", cases=_lines(), drafts=waiting)


def _lines() -> list[Line]:
    photos, public = catalog().photos(), catalog().publications(PUBLIC_CHANNEL)
    of_case: dict[int, list[int]] = {}
    for photo in photos:
        of_case.setdefault(photo.case, []).append(photo.id)
    labels: dict[int, list[str]] = {}
    for stage in catalog().stages():
        labels.setdefault(stage.case, []).append(stage.label)
    lines = []
    for case in catalog().cases()[::-1]:
        mine = of_case.get(case.number, [])
        shown = sum(photo in public for photo in mine)
        state, badge = _state(case, shown, len(mine))
        lines.append(Line(case, " · ".join(labels.get(case.number, [])), len(mine), state, badge))
    return lines


def _state(case: Case, shown: int, photos: int) -> tuple[str, str]:
    if case.status is CaseStatus.WITHDRAWN:
        return "withdrawn", "bad"
    if shown:
        return ("public" if shown == photos else f"{shown} of {photos} public"), "good"
    return "not public", ""


@pages.get("/cases/<int:number>/")
@needs(Task.SEE)
def one(number: int) -> ResponseReturnValue:
    """Show a case, its photographs, and what was done with it."""
    case, photos = catalog().case(number), catalog().photos(number)
    stages = [
        (stage, [photo for photo in photos if photo.stage_id == stage.id])
        for stage in catalog().stages(number)
    ]
    public = set(catalog().publications(PUBLIC_CHANNEL)) & {photo.id for photo in photos}
    history = ledger().entries(subject=f"case {number}")[::-1][:50]
    return show("case.html", case, stages=stages, public=public, history=history)
