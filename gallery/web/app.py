"""Puts the staff's pages together, with a page for each error."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus

from flask import Flask, current_app, g, jsonify, render_template, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, ValidationError

from gallery.errors import GalleryError
from gallery.services.accounts import cookie_key
from gallery.settings import DataFolder, load_settings
from gallery.staff import Task
from gallery.times import day, minute
from gallery.web import (
    approval,
    authors,
    cases,
    consents,
    facts,
    new_case,
    pairs,
    photos,
    publishing,
    signin,
    site,
    withdrawal,
    words,
)
from gallery.web.shield import raise_shield
from gallery.web.workplace import Clock, Copies, Workplace, close_practice, no_copies, utc_now
from watermark.errors import WatermarkError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_ROOMS = (
    signin,
    cases,
    new_case,
    pairs,
    photos,
    facts,
    consents,
    authors,
    publishing,
    approval,
    words,
    withdrawal,
    site,
)
_FORM_BYTES = 1024 * 1024

_SAYINGS = {
    400: ("This did not work", "Go back, load the page again, and send it once more."),
    401: ("You are signed out", "Sign in again. What you saved before is still there."),
    403: ("This is not for your role", ""),
    404: ("There is no such page", "Look for the case in the list of cases."),
    405: ("There is no such page", "Look for the case in the list of cases."),
    413: ("This is too large", "Send fewer or smaller files at once."),
    429: ("Please wait", ""),
    500: ("Something broke", "Nothing was half-saved. Try again, or tell whoever looks after pairwatch."),
}


class RowNumber(IntegerConverter):
    """A number in an address that a row of the catalogue can have."""

    def to_python(self, value: str) -> int:
        """Read the number.

        Raises:
            ValidationError: It is larger than SQLite's largest row number.
        """
        number = int(super().to_python(value))
        if number >= 2**63:
            raise ValidationError
        return number


def create_app(
    folder: DataFolder,
    *,
    clock: Clock = utc_now,
    hosts: Sequence[str] = LOOPBACK,
    secure: bool = False,
    copies: Copies = no_copies,
) -> Flask:
    """Make the application for one data folder.

    `pairwatch init` must have been in the folder. Requests for any name but `hosts` are refused; `secure` says that it
    is reached over https only, and the cookie is never sent otherwise.
    """
    folder.require()
    load_settings(folder)
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=cookie_key(folder),
        SESSION_COOKIE_NAME="pairwatch",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        MAX_CONTENT_LENGTH=_FORM_BYTES,
        TRUSTED_HOSTS=list(hosts),
        WTF_CSRF_TIME_LIMIT=None,  # a form may lie open for as long as its session lives
    )
    app.extensions["pairwatch"] = Workplace(folder, clock, copies)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_filter(day)
    app.add_template_filter(minute)
    app.context_processor(_shown_everywhere)
    app.teardown_appcontext(close_practice)
    app.url_map.converters["int"] = RowNumber
    raise_shield(app)
    for room in _ROOMS:
        app.register_blueprint(room.pages)
    app.register_error_handler(HTTPException, _show_http_error)
    app.register_error_handler(GalleryError, _show_our_error)
    app.register_error_handler(WatermarkError, _show_our_error)
    app.register_error_handler(Exception, _show_surprise)
    return app


def _shown_everywhere() -> dict[str, object]:
    return {"user": g.get("user"), "Task": Task}


def _show_http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    title, advice = _SAYINGS.get(code, _SAYINGS[400])
    said = error.description or ""
    if isinstance(error, CSRFError):
        said = "This page was open for too long, or you signed in again meanwhile."
    elif code not in {400, 403, 429} or said == type(error).description:
        said = ""
    return _error_page(code, title, " ".join(filter(None, [said, advice])))


def _show_our_error(error: GalleryError | WatermarkError) -> ResponseReturnValue:
    text = str(error)
    sentence = f"{text[:1].upper()}{text[1:]}."
    hint = f"{error.hint[:1].upper()}{error.hint[1:]}." if error.hint else ""
    status = error.status if isinstance(error, GalleryError) else HTTPStatus.CONFLICT
    title = "There is no such thing" if status == HTTPStatus.NOT_FOUND else "This could not be done"
    return _error_page(status, title, f"{sentence} {hint}".strip())


def _show_surprise(error: Exception) -> ResponseReturnValue:
    rule = request.url_rule  # an address itself may be an approval link's secret
    current_app.logger.error("while answering %s %s", request.method, rule, exc_info=error)
    return _error_page(500, *_SAYINGS[500])


def _error_page(code: int, title: str, text: str) -> ResponseReturnValue:
    if request_ctx.url_adapter is None:  # a host that is not ours: no page can be made for it
        return f"{title}. {text}", code, {"Content-Type": "text/plain; charset=utf-8"}
    if request.accept_mimetypes.best == "application/json":
        return jsonify({"ok": False, "sentence": f"{title}. {text}".strip()}), code
    return render_template("error.html", title=title, text=text), code
