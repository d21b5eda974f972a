"""A patient changes their mind: gone from the site in the same step, a receipt to hand over, and what is left to do."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus
from gallery.services.withdraw import DUTIES, withdraw_case
from gallery.site.build import build_site
from gallery.staff import Task
from gallery.store.ledger import Entry
from gallery.web.sections import known_case, show
from gallery.web.workplace import catalog, copies_of, folder, ledger, me, needs, now, rooms, settings

pages = Blueprint("withdrawal", __name__, url_prefix="/cases/<int:number>/withdraw")


@pages.get("")
@needs(Task.WITHDRAW)
def page(number: int) -> ResponseReturnValue:
    """Say what a withdrawal does; after one, show its receipt and what is left to do by hand."""
    case = known_case(number)
    if case.status is not CaseStatus.WITHDRAWN:
        return show("withdraw.html", case, public=_public(case))
    return show(
        "withdrawn.html",
        case,
        receipt=_receipt(case),
        public=_public(case),
        channels=sorted(_channels(case) - {PUBLIC_CHANNEL}),
        practice=settings().practice,
        copies=copies_of(number),
        duties=DUTIES,
    )


@pages.post("")
@needs(Task.WITHDRAW)
def withdraw(number: int) -> ResponseReturnValue:
    """Withdraw the case and rebuild the site at once; sent again, only the site is rebuilt."""
    case = known_case(number)
    if case.status is not CaseStatus.WITHDRAWN:
        if not request.form.get("sure"):
            abort(400, description="Tick the box to say that you mean it.")
        reason, copies = request.form.get("reason", "")[:500], copies_of(number)
        withdraw_case(rooms().database, number, me().name, now(), reason=reason, copies=copies)
    try:
        build_site(folder(), actor=me().name, now=now())
    except GalleryError as error:  # the withdrawal stands, and its receipt must be seen
        flash(f"Patient {number} is withdrawn, but the site could not be built anew: {error}.", "error")
    else:
        flash(f"Patient {number} is withdrawn and gone from the site.", "done")
    return redirect(url_for("withdrawal.page", number=number))


def _public(case: Case) -> list[int]:
    public = catalog().publications(PUBLIC_CHANNEL)
    return [photo.id for photo in catalog().photos(case.number) if photo.id in public]


def _receipt(case: Case) -> Entry | None:
    entries = ledger().entries(subject=f"case {case.number}")
    return next((entry for entry in entries[::-1] if entry.action is Action.CASE_WITHDRAWN), None)


def _channels(case: Case) -> set[str]:
    return {channel for consent in catalog().consents(case.number) for channel in consent.channels}
