"""What the patient signed, its scope, its end, and what it lacks."""

from datetime import date

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from gallery.errors import GalleryError, RefusedError
from gallery.model import PUBLIC_CHANNEL, Case, Consent
from gallery.rules.authorization import laws
from gallery.services.approval import rulings_if_released
from gallery.services.consents import LARGEST_FORM, end_consents, law_by, open_form, record_signed
from gallery.staff import Task
from gallery.web.sections import open_case, show
from gallery.web.workplace import needs, work

pages = Blueprint("consents", __name__, url_prefix="/cases/<int:number>")


@pages.get("/consent")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show what is recorded, and a form for a new consent."""
    return _shown(open_case(number))


def _shown(case: Case, *, problem: GalleryError | None = None, status: int = 200) -> ResponseReturnValue:
    p = work()
    return show(
        "consent.html",
        case,
        status,
        photos=p.catalog.photos(case.number),
        consents=p.catalog.consents(case.number)[::-1],
        rulings=rulings_if_released(p, case, PUBLIC_CHANNEL),
        channels=list(p.settings.scopes),
        today=p.local_now.date(),
        law=law_by(p, request.values.get("law", "")),
        laws=laws(),
        typed=request.form,
        problem=problem,
    )


@pages.post("/consent")
@needs(Task.EDIT)
def record(number: int) -> ResponseReturnValue:
    """Record a consent, and say what its form lacks."""
    case = open_case(number)
    try:
        recorded = record_signed(
            work(),
            _consent(case),
            document=_read(request.files.get("document")),
            says=request.form.getlist("says"),
            by_representative=bool(request.form.get("by_representative")),
            law=law_by(work(), request.values.get("law", "")),
        )
    except GalleryError as error:
        return _shown(case, problem=error, status=400)
    if recorded.missing:
        flash(
            f"The consent is recorded, but it permits nothing yet: it lacks {', '.join(recorded.missing)}.",
            "warn",
        )
        return redirect(url_for("consents.page", number=number))
    flash("The consent is recorded.", "done")
    return redirect(url_for("authors.page", number=number))


def _consent(case: Case) -> Consent:
    """Read a consent from the form."""
    signed, expires = _day("signed_on"), _day("expires_on")
    if signed is None:
        raise RefusedError("the day of the signature is missing", hint="it stands beside the signature")
    photos = None
    if request.form.get("covers") == "photos":
        ids = {photo.id for photo in work().catalog.photos(case.number)}
        photos = frozenset(int(text) for text in request.form.getlist("photo") if text.isdecimal()) & ids
    return Consent(
        case=case.number,
        signed_on=signed,
        expires_on=expires,
        ends_at_event=" ".join(request.form.get("ends_at_event", "").split())[:200],
        channels=frozenset(request.form.getlist("channel")) & frozenset(work().settings.scopes),
        photos=photos,
    )


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f'"{text[:20]}" is not a date', hint="write it as 2026-01-31") from error


def _read(file: FileStorage | None) -> bytes | None:
    return file.read(LARGEST_FORM + 1) if file is not None and file.filename else None


@pages.get("/consent/<int:consent>/form")
@needs(Task.EDIT)
def document(number: int, consent: int) -> ResponseReturnValue:
    """Give a signed form as a file to keep or print."""
    form = open_form(work(), number, consent)
    headers = {"Content-Disposition": f'attachment; filename="{form.name}"'}
    return Response(form.data, mimetype=form.media_type, headers=headers)


@pages.post("/consent/end")
@needs(Task.WITHDRAW)
def end(number: int) -> ResponseReturnValue:
    """End the consent for one channel or all, and rebuild the site."""
    open_case(number)
    channel = request.form.get("channel", "")
    channels = frozenset({channel}) if channel in work().settings.scopes else None
    end_consents(work(), number, channels)
    flash("The consent has ended, and the site no longer shows what it covered.", "done")
    return redirect(url_for("consents.page", number=number))
