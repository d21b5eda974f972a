"""What staff do to a case's papers: each act goes into the catalogue and into the ledger, both or neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Consent, KnownCopy
from gallery.store.catalog import Catalog
from gallery.store.database import transaction
from gallery.store.ledger import Head, Ledger

if TYPE_CHECKING:
    from sqlite_utils import Database


def record_consent(database: "Database", consent: Consent, actor: str, now: datetime) -> Consent:
    """Record what a patient signed, and give it with its id."""
    with transaction(database):
        consent = Catalog(database).add_consent(consent, now)
        detail = {
            "consent": consent.id,
            "signed_on": str(consent.signed_on),
            "expires_on": str(consent.expires_on or ""),
            "ends_at_event": consent.ends_at_event,
            "channels": sorted(consent.channels),
            "photos": "all" if consent.photos is None else sorted(consent.photos),
            "document": consent.document,
            "missing": list(consent.missing),
        }
        Ledger(database).append(actor, Action.CONSENT_RECORDED, f"case {consent.case}", detail, now)
    return consent


def withdraw_consent(
    database: "Database", case: int, channels: frozenset[str] | None, actor: str, now: datetime
) -> list[Consent]:
    """End a case's consents, for some channels or (None) for all; gives those that were ended.

    Raises:
        GalleryError: No consent of this case is in force there.
    """
    catalog = Catalog(database)
    catalog.case(case)
    with transaction(database):
        ended = catalog.withdraw_consents(case, channels, now)
        if not ended:
            raise GalleryError(
                f"case {case} has no consent in force"
                + (f" for {', '.join(sorted(channels))}" if channels else ""),
                hint=f"see what is recorded with: pairwatch case show {case}",
            )
        detail = {"consents": [consent.id for consent in ended], "channels": sorted(channels or ["all"])}
        Ledger(database).append(actor, Action.CONSENT_WITHDRAWN, f"case {case}", detail, now)
    return ended


DUTIES = (
    "take printed copies away: folders, leaflets, the waiting room",
    "ask search engines to forget the page and the pictures",
    "tell everybody who was given the photos",
    "put the new site on your web server, if you copy it there by hand",
)
"""What a program cannot do for a patient who withdrew."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a patient is given after a withdrawal; the ledger's head proves that it was recorded.

    Attributes:
        channels: places outside the site where the patient had agreed to be shown.
        copies: known copies on other sites, queued for the legal desk.
    """

    case: int
    at: datetime
    consents_ended: int
    photos_public_before: int
    head: Head
    channels: tuple[str, ...] = ()
    copies: tuple[KnownCopy, ...] = ()

    def lines(self) -> list[str]:
        """Say it in plain words, to be printed and handed over."""
        return [
            f"Receipt: Patient {self.case} was withdrawn on {self.at:%Y-%m-%d at %H:%M} UTC.",
            f"Consents ended: {self.consents_ended}. Photos taken off the site: {self.photos_public_before}.",
            f"Recorded as row {self.head.seq} of the ledger, {self.head.hash}",
            "Still to do by hand:",
            *(f"- take the photos down from: {channel}" for channel in self.channels),
            *(f"- {duty}" for duty in DUTIES),
            *(
                f"- for the legal desk: finding {copy.finding}, still shown at {copy.page!r} ({copy.decision})"
                for copy in self.copies
            ),
        ]


def withdraw_case(
    database: "Database",
    number: int,
    actor: str,
    now: datetime,
    *,
    reason: str = "",
    copies: Sequence[KnownCopy] = (),
) -> Receipt:
    """Withdraw a case for good: its consents end, its number is never used again, its copies go to the legal desk.

    Args:
        database: the catalogue.
        number: of the case.
        actor: who does it.
        now: when.
        reason: why, for the ledger.
        copies: the copies of this case that are known on other sites.

    Raises:
        GalleryError: There is no such case, or it was withdrawn before.
    """
    catalog = Catalog(database)
    with transaction(database):
        consents, ledger = catalog.consents(number), Ledger(database)
        in_force = [consent for consent in consents if consent.withdrawn_at is None]
        public = catalog.published_photos(number)
        catalog.withdraw_case(number, now)
        detail = {"consents": [consent.id for consent in in_force], "public photos": public, "reason": reason}
        head = ledger.append(actor, Action.CASE_WITHDRAWN, f"case {number}", detail, now)
        for copy in copies:
            about = {"case": number, "page": copy.page}
            ledger.append(actor, Action.COPY_TO_REMOVE, f"finding {copy.finding}", about, now)
    channels = sorted({name for consent in consents for name in consent.channels} - {PUBLIC_CHANNEL})
    return Receipt(number, now, len(in_force), len(public), head, tuple(channels), tuple(copies))
