"""The list of cases and drafts: where everybody starts."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from gallery.accounts import Task
from gallery.web.workplace import catalog, needs

pages = Blueprint("cases", __name__)


@pages.get("/")
def start() -> ResponseReturnValue:
    """Lead to the list of cases."""
    return redirect(url_for("cases.overview"))


@pages.get("/cases/")
@needs(Task.SEE)
def overview() -> ResponseReturnValue:
    """List the cases, newest first."""
    return render_template("cases.html", cases=catalog().cases()[::-1])


@pages.get("/cases/<int:number>/")
@needs(Task.SEE)
def one(number: int) -> ResponseReturnValue:
    """Show a case and what is left to do."""
    return render_template("case.html", case=catalog().case(number))
