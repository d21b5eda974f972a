"""What the patient signed: the form attached, its scope by photo and by channel, its end, and what it lacks."""

from datetime import date

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from gallery.consent import may_show, once_released
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Case, Consent, Digest
from gallery.rules.authorization import Form, Law, laws, load_law, missing_elements
from gallery.services.withdraw import record_consent, withdraw_consent
from gallery.site.build import build_site
from gallery.staff import Task
from gallery.store.vault import Vault
from gallery.web.sections import open_case, show
from gallery.web.workplace import catalog, folder, local_now, me, needs, note, now, rooms, settings

pages = Blueprint("consents", __name__, url_prefix="/cases/<int:number>")

_FORM_BYTES = 30 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n", "image/png", "png"),
)


@pages.get("/consent")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show what is recorded, what each photo may be used for, and a form for a new consent."""
    return _shown(open_case(number))


def _shown(case: Case, *, problem: GalleryError | None = None, status: int = 200) -> ResponseReturnValue:
    photos, consents = catalog().photos(case.number), catalog().consents(case.number)
    return show(
        "consent.html",
        case,
        status,
        photos=photos,
        consents=consents[::-1],
        rulings=[
            (photo, may_show(once_released(case), photo, consents, PUBLIC_CHANNEL, local_now()))
            for photo in photos
        ],
        channels=list(settings().scopes),
        today=local_now().date(),
        law=_law(),
        laws=laws(),
        typed=request.form,
        problem=problem,
    )


@pages.post("/consent")
@needs(Task.EDIT)
def record(number: int) -> ResponseReturnValue:
    """Record a consent; a form that lacks something is kept too, but permits nothing."""
    case = open_case(number)
    try:
        consent = _consent(case)
    except GalleryError as error:
        return _shown(case, problem=error, status=400)
    recorded = record_consent(rooms().database, consent, me().name, now())
    if recorded.missing:
        flash(
            f"The consent is recorded, but it permits nothing yet: it lacks {', '.join(recorded.missing)}.",
            "warn",
        )
        return redirect(url_for("consents.page", number=number))
    flash("The consent is recorded.", "done")
    return redirect(url_for("authors.page", number=number))


def _consent(case: Case) -> Consent:
    signed, expires = _day("signed_on"), _day("expires_on")
    if signed is None:
        raise GalleryError("the day of the signature is missing", hint="it stands beside the signature")
    if signed > local_now().date():
        raise GalleryError("the day of the signature is in the future", hint="correct the date")
    if expires is not None and expires < signed:
        raise GalleryError("it would end before it was signed", hint="correct one of the two dates")
    channels = frozenset(request.form.getlist("channel")) & frozenset(settings().scopes)
    if not channels:
        raise GalleryError("no channel is ticked", hint="tick where the patient agreed to be shown")
    photos = None
    if request.form.get("covers") == "photos":
        ids = {photo.id for photo in catalog().photos(case.number)}
        photos = frozenset(int(text) for text in request.form.getlist("photo") if text.isdecimal()) & ids
        if not photos:
            raise GalleryError("no photo is ticked", hint="tick the photos the patient agreed to")
    return Consent(
        case=case.number,
        signed_on=signed,
        expires_on=expires,
        ends_at_event=" ".join(request.form.get("ends_at_event", "").split())[:200],
        channels=channels,
        photos=photos,
        document=_document(request.files.get("document")),
        missing=missing_elements(_form(signed, expires), _law()),
    )


def _law() -> Law:
    wanted = request.values.get("law", "")
    return load_law(wanted if wanted in laws() else settings().consent_law)


def _form(signed: date, expires: date | None) -> Form:
    """Give what the person who holds the signed form says of it."""
    says = frozenset(request.form.getlist("says"))
    event = {element.id for element in _law().elements if element.or_date}
    return Form(
        signed_on=signed,
        expires_on=expires,
        says=says | event if request.form.get("ends_at_event", "").strip() else says - event,
        by_representative=bool(request.form.get("by_representative")),
    )


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise GalleryError(f'"{text[:20]}" is not a date', hint="write it as 2026-01-31") from error


def _document(file: FileStorage | None) -> Digest | None:
    """Seal the signed form; it must be a PDF or a photo of it."""
    if file is None or not file.filename:
        return None
    data = file.read(_FORM_BYTES + 1)
    if len(data) > _FORM_BYTES:
        raise GalleryError("the signed form is larger than 30 MB", hint="scan it smaller")
    if not any(data.startswith(start) for start, _, _ in _KINDS):
        raise GalleryError("the signed form is not a PDF, JPEG or PNG file", hint="scan it as a PDF")
    return _papers().put(data)


def _papers() -> Vault:
    return Vault(folder().evidence / "consents")


@pages.get("/consent/<int:consent>/form")
@needs(Task.EDIT)
def document(number: int, consent: int) -> ResponseReturnValue:
    """Give a signed form as a file to keep or print; that it was taken is in the ledger."""
    found = next((item for item in catalog().consents(number) if item.id == consent), None)
    if found is None or found.document is None:
        raise GalleryError(
            "there is no signed form for this consent", hint="record the consent again with the form"
        )
    data = _papers().get(found.document)
    note(Action.CONSENT_FORM_OPENED, f"case {number}", consent=consent)
    mime, ending = next(
        ((mime, ending) for start, mime, ending in _KINDS if data.startswith(start)), ("", "bin")
    )
    name = f"consent-{number}-{found.signed_on}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, mimetype=mime or "application/octet-stream", headers=headers)


@pages.post("/consent/end")
@needs(Task.WITHDRAW)
def end(number: int) -> ResponseReturnValue:
    """End the consent for one channel, or for all; what it covered leaves the site in the same step."""
    open_case(number)
    channel = request.form.get("channel", "")
    channels = frozenset({channel}) if channel in settings().scopes else None
    withdraw_consent(rooms().database, number, channels, me().name, now())
    if folder().public.exists():
        build_site(folder(), actor=me().name, now=now())
    flash("The consent has ended, and the site no longer shows what it covered.", "done")
    return redirect(url_for("consents.page", number=number))
