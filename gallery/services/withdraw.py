"""Withdrawal of a case for good, and the patient's receipt."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus, KnownCopy
from gallery.parallel import Progress, silently
from gallery.services.practice import Practice
from gallery.services.publish import rebuild_if_there
from gallery.store.head import Head
from gallery.store.ledger import Entry
from gallery.times import minute
from watermark.errors import WatermarkError

DUTIES = (
    "take printed copies away: folders, leaflets, the waiting room",
    "ask search engines to forget the page and the pictures",
    "tell everybody who was given the photos",
    "put the new site on your web server, if you copy it there by hand",
)
"""What a program cannot do for a patient who withdrew."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a patient is given after a withdrawal.

    `channels` are places outside the site where the patient had agreed to be shown; `copies` are queued for the desk.
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
            f"Receipt: Patient {self.case} was withdrawn on {minute(self.at)} UTC.",
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


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal, which stands even if the site could not be built.

    There is no receipt where the case was withdrawn before; `fault` is why the site could not be built anew.
    """

    receipt: Receipt | None
    fault: Exception | None = None


def withdraw_case(
    p: Practice,
    number: int,
    *,
    reason: str = "",
    copies: Sequence[KnownCopy] = (),
    again: bool = False,
    progress: Progress = silently,
) -> Withdrawal:
    """Withdraw a case for good and take it off the site.

    Its consents end, its number is never used again, and its copies go to the legal desk (those of other cases are
    left out). Asked `again`, a case that was withdrawn before is only taken off the site.
    """
    receipt = None
    if not again or p.catalog.case(number).status is not CaseStatus.WITHDRAWN:
        receipt = record_withdrawal(p, number, reason, [copy for copy in copies if copy.case == number])
    try:
        rebuild_if_there(p, progress=progress)
    except (GalleryError, WatermarkError, OSError) as error:
        return Withdrawal(receipt, error)
    return Withdrawal(receipt)


def record_withdrawal(p: Practice, number: int, reason: str, copies: Sequence[KnownCopy]) -> Receipt:
    """Record a withdrawal and leave the site as it is."""
    with p.together():
        consents = p.catalog.consents(number)
        in_force = [consent for consent in consents if consent.withdrawn_at is None]
        public = p.catalog.published_photos(number)
        p.catalog.withdraw_case(number, p.now)
        detail = {"consents": [consent.id for consent in in_force], "public photos": public, "reason": reason}
        head = p.note(Action.CASE_WITHDRAWN, f"case {number}", **detail)
        for copy in copies:
            p.note(Action.COPY_TO_REMOVE, f"finding {copy.finding}", case=number, page=copy.page)
    return Receipt(number, p.now, len(in_force), len(public), head, _elsewhere(p, number), tuple(copies))


def _elsewhere(p: Practice, number: int) -> tuple[str, ...]:
    """Name the channels besides the site that a patient agreed to."""
    channels = {name for consent in p.catalog.consents(number) for name in consent.channels}
    return tuple(sorted(channels - {PUBLIC_CHANNEL}))


@dataclass(frozen=True, slots=True)
class Aftermath:
    """A recorded withdrawal and the channels to clear by hand."""

    entry: Entry | None
    channels: tuple[str, ...]


def aftermath_of(p: Practice, case: Case) -> Aftermath:
    """Tell what a withdrawal left to do."""
    entries = p.ledger.entries(subject=f"case {case.number}")
    entry = next((entry for entry in entries[::-1] if entry.action is Action.CASE_WITHDRAWN), None)
    return Aftermath(entry, _elsewhere(p, case.number))
