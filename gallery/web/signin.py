"""Signing in and out, and changing one's password."""

import math
import re

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.web.workplace import accounts, ledger, me, note, now

pages = Blueprint("signin", __name__)


@pages.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Ask for name and password; a fresh installation is told how to make the first user."""
    return render_template("sign-in.html", nobody=not accounts().all())


@pages.post("/sign-in")
def try_sign_in() -> ResponseReturnValue:
    """Let a person in, or say that name and password do not fit (never which of them)."""
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    address = request.remote_addr or ""
    wait = accounts().wait(name, address, now())
    if wait:
        minutes = math.ceil(wait.total_seconds() / 60)
        abort(
            429, description=f"Too many wrong passwords. Try again in {minutes} minute{'s'[: minutes != 1]}."
        )
    user = accounts().sign_in(name, password, address, now())
    if user is None:
        known = accounts().find(name)  # a password typed into the name's field is not written down
        who = known.name if known else "somebody"
        ledger().append(who, Action.SIGN_IN_REFUSED, "staff pages", {"address": address}, now())
        flash("Name and password do not belong together. Check both and try again.", "error")
        return render_template("sign-in.html", name=name, nobody=False), 401
    session.clear()
    session["key"] = accounts().start_session(user, now())
    ledger().append(user.name, Action.SIGNED_IN, "staff pages", {"address": address}, now())
    return redirect(_inside(request.args.get("then")) or url_for("cases.overview"))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    accounts().end_session(session["key"], now())
    session.clear()
    flash("You are signed out.", "done")
    return redirect(url_for("signin.sign_in"))


@pages.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Change one's own password: the old one is asked for; every other session ends."""
    if request.method == "GET":
        return render_template("password.html")
    address = request.remote_addr or ""
    if accounts().wait(me().name, address, now()):
        abort(429, description="Too many wrong passwords. Try again in a quarter of an hour.")
    if accounts().sign_in(me().name, request.form.get("old", ""), address, now()) is None:
        flash("The old password is not right.", "error")
        return render_template("password.html"), 400
    try:
        accounts().change_password(me().name, request.form.get("new", ""))
    except GalleryError as error:
        flash(f"{str(error)[0].upper()}{str(error)[1:]}. {error.hint.capitalize()}.", "error")
        return render_template("password.html"), 400
    note(Action.PASSWORD_CHANGED, me().name)
    session.clear()
    session["key"] = accounts().start_session(me(), now())
    flash("Your password is changed. Everybody who was signed in under your name is signed out.", "done")
    return redirect(url_for("cases.overview"))


def _inside(path: str | None) -> str | None:
    """Give a path of these pages, or None for anything that could lead elsewhere."""
    return path if path and re.fullmatch(r"/[\w-][\w/-]*", path, re.ASCII) else None
