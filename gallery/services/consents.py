"""Recording and ending what patients agreed to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from gallery.errors import ConflictError, NotFoundError, RefusedError
from gallery.events import Action
from gallery.model import Consent, Photo
from gallery.parallel import Progress, silently
from gallery.rules.authorization import Form, Law, laws, load_law, missing_elements
from gallery.services.practice import Practice
from gallery.services.publish import rebuild_if_there

LARGEST_FORM = 30 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", "pdf"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n", "image/png", "png"),
)


def record_consent(p: Practice, consent: Consent) -> Consent:
    """Record a consent in the catalogue and the ledger."""
    with p.together():
        consent = p.catalog.add_consent(consent, p.now)
        p.note(
            Action.CONSENT_RECORDED,
            f"case {consent.case}",
            consent=consent.id,
            signed_on=str(consent.signed_on),
            expires_on=str(consent.expires_on or ""),
            ends_at_event=consent.ends_at_event,
            channels=sorted(consent.channels),
            photos="all" if consent.photos is None else sorted(consent.photos),
            document=consent.document,
            missing=list(consent.missing),
        )
    return consent


def record_as_stated(
    p: Practice, consent: Consent, *, files: Sequence[str] = (), document: bytes | None = None
) -> Consent:
    """Record a consent by the word of whoever holds the signed form."""
    _check_dates(consent)
    p.catalog.case(consent.case)
    if files:
        covered = _photos_named(consent.case, p.catalog.photos(consent.case), files)
        consent = replace(consent, photos=covered)
    if document is not None:
        consent = replace(consent, document=p.forms.put(document))
    return record_consent(p, consent)


def _check_dates(consent: Consent) -> None:
    if consent.expires_on is not None and consent.expires_on < consent.signed_on:
        raise RefusedError(
            f"the consent would expire on {consent.expires_on}, before it was signed",
            hint="correct one of the two dates",
        )


def not_today(p: Practice, consent: Consent) -> str:
    """Say why a consent's dates permit nothing today, if they do not."""
    today = p.local_now.date()
    if consent.expires_on and consent.expires_on < today:
        return f"expired on {consent.expires_on}"
    return "is dated in the future" if consent.signed_on > today else ""


def _checked_scan(data: bytes) -> bytes:
    if len(data) > LARGEST_FORM:
        raise RefusedError("the signed form is larger than 30 MB", hint="scan it smaller")
    if not any(data.startswith(start) for start, _, _ in _KINDS):
        raise RefusedError("the signed form is not a PDF, JPEG or PNG file", hint="scan it as a PDF")
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedForm:
    """A signed form as a file to keep."""

    data: bytes
    media_type: str
    name: str


def open_form(p: Practice, number: int, consent: int) -> SignedForm:
    """Give a signed form and record that it was taken."""
    found = next((item for item in p.catalog.consents(number) if item.id == consent), None)
    if found is None or found.document is None:
        raise NotFoundError(
            "there is no signed form for this consent", hint="record the consent again with the form"
        )
    data = p.forms.get(found.document)
    p.note(Action.CONSENT_FORM_OPENED, f"case {number}", consent=consent)
    kinds = ((media_type, ending) for start, media_type, ending in _KINDS if data.startswith(start))
    media_type, ending = next(kinds, ("application/octet-stream", "bin"))
    return SignedForm(data=data, media_type=media_type, name=f"consent-{number}-{found.signed_on}.{ending}")


def law_by(p: Practice, name: str) -> Law:
    """Give the law of a name, or else the practice's own."""
    return load_law(name if name in laws() else p.settings.consent_law)


def record_signed(
    p: Practice,
    consent: Consent,
    *,
    document: bytes | None,
    says: Iterable[str],
    by_representative: bool,
    law: Law,
) -> Consent:
    """Record a consent by what its signed form says.

    One that lacks what the law wants is kept, but permits nothing.

    Raises:
        RefusedError: A date cannot be, nothing is covered, or the document is no scan.
    """
    if consent.signed_on > p.local_now.date():
        raise RefusedError("the day of the signature is in the future", hint="correct the date")
    _check_dates(consent)
    if not consent.channels:
        raise RefusedError("no channel is ticked", hint="tick where the patient agreed to be shown")
    if consent.photos is not None and not consent.photos:
        raise RefusedError("no photo is ticked", hint="tick the photos the patient agreed to")
    event = {element.id for element in law.elements if element.or_date}
    said = frozenset(says)
    form = Form(
        signed_on=consent.signed_on,
        expires_on=consent.expires_on,
        says=said | event if consent.ends_at_event else said - event,
        by_representative=by_representative,
    )
    sealed = p.forms.put(_checked_scan(document)) if document is not None else None
    return record_consent(p, replace(consent, document=sealed, missing=missing_elements(form, law)))


def end_consents(
    p: Practice, number: int, channels: frozenset[str] | None, *, progress: Progress = silently
) -> list[Consent]:
    """End a case's consents and take what they covered off the site.

    None ends them for all channels.
    """
    p.catalog.case(number)
    with p.together():
        ended = p.catalog.withdraw_consents(number, channels, p.now)
        if not ended:
            raise ConflictError(
                f"case {number} has no consent in force"
                + (f" for {', '.join(sorted(channels))}" if channels else ""),
                hint=f"see what is recorded with: pairwatch case show {number}",
            )
        about = {"consents": [consent.id for consent in ended], "channels": sorted(channels or ["all"])}
        p.note(Action.CONSENT_WITHDRAWN, f"case {number}", **about)
    rebuild_if_there(p, progress=progress)
    return ended


def _photos_named(number: int, photos: Sequence[Photo], files: Iterable[str]) -> frozenset[int]:
    """Find photos by their file, or by its bare name if unique."""
    by_name: dict[str, list[int]] = {}
    for photo in photos:
        for name in {photo.file, PurePath(photo.file).name}:
            by_name.setdefault(name, []).append(photo.id)
    exact = {photo.file: photo.id for photo in photos}
    found = {name: [exact[name]] if name in exact else by_name.get(name, []) for name in files}
    for name, ids in found.items():
        if len(ids) != 1:
            what = "several photos" if ids else "no photo"
            raise NotFoundError(
                f"the case has {what} that came from {name}",
                hint=f"see them with: pairwatch case show {number}",
            )
    return frozenset(ids[0] for ids in found.values())
