"""Withdrawal of a case, its receipt, and what is left to do."""

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from gallery.model import CaseStatus
from gallery.services.sections import public_photos
from gallery.services.withdraw import DUTIES, aftermath_of, withdraw_case
from gallery.staff import Task
from gallery.web.sections import known_case, show
from gallery.web.workplace import known_copies, needs, work

pages = Blueprint("withdrawal", __name__, url_prefix="/cases/<int:number>/withdraw")


@pages.get("")
@needs(Task.WITHDRAW)
def page(number: int) -> ResponseReturnValue:
    """Say what a withdrawal does, or show the receipt of one."""
    case, public = known_case(number), public_photos(work(), number)
    if case.status is not CaseStatus.WITHDRAWN:
        return show("withdraw.html", case, public=public)
    left = aftermath_of(work(), case)
    return show(
        "withdrawn.html",
        case,
        receipt=left.entry,
        public=public,
        channels=left.channels,
        practice=work().settings.practice,
        copies=[copy for copy in known_copies() if copy.case == number],
        duties=DUTIES,
    )


@pages.post("")
@needs(Task.WITHDRAW)
def withdraw(number: int) -> ResponseReturnValue:
    """Withdraw the case and rebuild the site.

    Sent again, only the site is rebuilt.
    """
    case = known_case(number)
    if case.status is not CaseStatus.WITHDRAWN and not request.form.get("sure"):
        abort(400, description="Tick the box to say that you mean it.")
    reason = request.form.get("reason", "")[:500]
    done = withdraw_case(work(), number, reason=reason, copies=known_copies(), again=True)
    if done.fault:
        flash(f"Patient {number} is withdrawn, but the site could not be built anew: {done.fault}.", "error")
    else:
        flash(f"Patient {number} is withdrawn and gone from the site.", "done")
    return redirect(url_for("withdrawal.page", number=number))
