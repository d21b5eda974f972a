"""Signing in and out, and changing one's password."""

import re

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.services import accounts
from gallery.web.workplace import me, work

pages = Blueprint("signin", __name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for name and password, or say how to make the first user."""
    return render_template("sign-in.html", nobody=not work().accounts.all())


@pages.post("/sign-in")
def try_sign_in() -> ResponseReturnValue:
    """Let a person in, or say that name and password do not fit."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    try:
        entered = accounts.sign_in(work(), name, password, request.remote_addr or "")
    except accounts.TooManyAttemptsError as error:
        minutes = error.minutes
        abort(
            429, description=f"Too many wrong passwords. Try again in {minutes} minute{'s'[: minutes != 1]}."
        )
    if entered is None:
        flash("Name and password do not belong together. Check both and try again.", "error")
        return render_template("sign-in.html", name=name, nobody=False), 401
    session.clear()
    session["key"] = entered[1]
    return redirect(_inside(request.args.get("then")) or url_for("cases.overview"))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    work().accounts.end_session(session["key"], work().now)
    session.clear()
    flash("You are signed out.", "done")
    return redirect(url_for("signin.sign_in"))


@pages.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password, given the old one."""
    if request.method == "GET":
        return render_template("password.html")
    old, new, address = request.form.get("old", ""), request.form.get("new", ""), request.remote_addr or ""
    try:
        key = accounts.change_own_password(work(), me(), old, new, address)
    except accounts.TooManyAttemptsError:
        abort(429, description="Too many wrong passwords. Try again in a quarter of an hour.")
    except GalleryError as error:
        flash(f"{str(error)[0].upper()}{str(error)[1:]}. {error.hint.capitalize()}.", "error")
        return render_template("password.html"), 400
    if key is None:
        flash("The old password is not right.", "error")
        return render_template("password.html"), 400
    session.clear()
    session["key"] = key
    flash("Your password is changed. Everybody who was signed in under your name is signed out.", "done")
    return redirect(url_for("cases.overview"))


def _inside(path: str | None) -> str | None:
    """Give a path of these pages, or None for any other."""
    return path if path and re.fullmatch(r"/[\w-][\w/-]*", path, re.ASCII) else None
