"""The list of cases and drafts, where everybody starts, and the page of one case."""

from collections import Counter
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from gallery.consent import expires_soon
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus
from gallery.staff import Role, Task
from gallery.web.sections import known_case, show
from gallery.web.workplace import catalog, drafts, folder, here, ledger, local_now, me, needs

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
    """List drafts, and the cases from the newest on, or those in which a word is found."""
    wanted = request.args.get("find", "").strip()
    at = max(1, request.args.get("page", 1, type=int))
    found = [case for case in catalog().cases()[::-1] if _has(case, wanted)]
    return render_template(
        "cases.html",
        cases=_lines(found[(at - 1) * _PAGE : at * _PAGE]),
        drafts=drafts().all() if me().may(Task.EDIT) else [],
        still_shown=_still_shown(),
        ending=expires_soon(catalog().consents(), local_now()),
        wanted=wanted,
        count=len(found),
        page=at,
        last=max(1, -(-len(found) // _PAGE)),
    )


def _still_shown() -> dict[int, int]:
    """Count, for the legal desk, the known copies on other sites of each patient who withdrew."""
    gone = {case.number for case in catalog().cases() if case.status is CaseStatus.WITHDRAWN}
    if not gone or me().role not in {Role.LEGAL, Role.ADMINISTRATOR}:
        return {}
    return dict(Counter(copy.case for copy in here().copies(folder()) if copy.case in gone))


def _has(case: Case, wanted: str) -> bool:
    number = wanted.lower().removeprefix("patient").strip()
    if number.isdecimal():
        return case.number == int(number)
    words = " ".join((case.region, case.classification, case.hair_length, *case.tags))
    return wanted.lower() in words.lower()


def _lines(cases: list[Case]) -> list[Line]:
    public = catalog().publications(PUBLIC_CHANNEL)
    lines = []
    for case in cases:
        photos = catalog().photos(case.number)
        shown = sum(photo.id in public for photo in photos)
        state, badge = _state(case, shown, len(photos))
        labels = " · ".join(dict.fromkeys(photo.stage for photo in photos))
        lines.append(Line(case, labels, len(photos), state, badge))
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
    case, photos = known_case(number), catalog().photos(number)
    stages = [
        (stage, [photo for photo in photos if photo.stage_id == stage.id])
        for stage in catalog().stages(number)
    ]
    public = set(catalog().publications(PUBLIC_CHANNEL)) & {photo.id for photo in photos}
    history = ledger().entries(subject=f"case {number}")[::-1][:50]
    return show("case.html", case, stages=stages, public=public, history=history)
