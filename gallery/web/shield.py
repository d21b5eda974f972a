"""Protects the pages by sessions, origins, form tokens and headers."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from gallery.staff import Task
from gallery.web.workplace import signed_in_as, work

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # `no-referrer` would break the form tokens' own check over https
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
    "X-Robots-Tag": "noindex, nofollow",
}
OPEN_PAGES = frozenset(
    {
        "static",
        "signin.sign_in",
        "signin.try_sign_in",
        "approval.by_link",
        "approval.answer",
        "approval.picture",
    }
)
_MIB = 1024 * 1024
_UPLOADS = {"new_case.begin": 800 * _MIB, "new_case.add_files": 800 * _MIB, "consents.record": 31 * _MIB}


def raise_shield(app: Flask) -> None:
    """Protect every page of an application.

    A page is closed to strangers unless it is in `OPEN_PAGES`.

    The form tokens come last: looking for one reads the whole form, which is for people who are signed in.
    """
    app.before_request(_refuse_foreign_requests)
    app.before_request(_ask_who)
    app.before_request(_let_files_in)
    CSRFProtect(app)
    app.after_request(_add_headers)
    app.teardown_request(_close_uploads)


def _close_uploads(_error: BaseException | None) -> None:
    """Close the files that came with a form at once."""
    request.close()


def _refuse_foreign_requests() -> None:
    """Refuse requests for other hosts and forms from other sites."""
    if request_ctx.url_adapter is None:
        abort(400, description="These pages are not served under this name.")
    origin = request.headers.get("Origin")
    if request.method != "GET" and origin and urlsplit(origin).netloc != request.host:
        abort(400, description="This form was sent from another site.")


def _ask_who() -> ResponseReturnValue | None:
    g.user = None
    if request.endpoint == "static":
        return None
    key = session.get("key")
    if key:
        user = work().accounts.session_user(key, work().now)
        if user is None:
            session.clear()
        else:
            signed_in_as(user)
    if g.user is not None or request.endpoint in OPEN_PAGES:
        return None
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    return redirect(url_for("signin.sign_in", then=request.path if request.method == "GET" else None))


def _let_files_in() -> None:
    """Allow large forms on upload pages, from whoever may use them."""
    if g.user is not None and g.user.may(Task.EDIT) and request.endpoint in _UPLOADS:
        request.max_content_length = _UPLOADS[request.endpoint]


def _add_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
