"""The rule that says whether a photo may be shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from gallery.model import Case, CaseStatus, Consent, Photo

WARN_BEFORE = timedelta(days=7)


class Ground(IntEnum):
    """What a permission or a refusal rests on.

    Of consents, the one that comes nearest to permitting has the highest.
    """

    NO_CONSENT = 0
    PHOTO_NOT_COVERED = 1
    CHANNEL_NOT_COVERED = 2
    CONSENT_WITHDRAWN = 3
    CONSENT_EXPIRED = 4
    CONSENT_NOT_YET_SIGNED = 5
    CONSENT_INCOMPLETE = 6
    PERMITTED = 7
    CASE_WITHDRAWN = 8
    CASE_HELD = 9
    MINOR = 10
    WORDS_REFUSED = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a photo may be shown or not.

    `channel` is one that a consent does not cover; `objection` is what is wrong with the words of the case's page.
    """

    ground: Ground
    case: int
    consent: Consent | None = None
    channel: str = ""
    objection: str = ""

    def __str__(self) -> str:
        """Say it as a clause ("the consent of 2026-01-15 expired on 2026-02-28")."""
        if self.consent is None:
            return _WORDS[self.ground].format(self)
        until = f" until {self.consent.expires_on}" if self.consent.expires_on else ""
        words = _WORDS[self.ground].format(
            self,
            until=until,
            withdrawn=str(self.consent.withdrawn_at)[:10],
            missing=", ".join(self.consent.missing),
        )
        return f"the consent of {self.consent.signed_on} {words}"


_WORDS: Mapping[Ground, str] = {
    Ground.NO_CONSENT: "no consent is recorded",
    Ground.PHOTO_NOT_COVERED: "does not cover this photo",
    Ground.CHANNEL_NOT_COVERED: "does not cover the channel {0.channel}",
    Ground.CONSENT_WITHDRAWN: "was withdrawn on {withdrawn}",
    Ground.CONSENT_EXPIRED: "expired on {0.consent.expires_on}",
    Ground.CONSENT_NOT_YET_SIGNED: "is dated in the future",
    Ground.CONSENT_INCOMPLETE: "lacks: {missing}",
    Ground.PERMITTED: "permits it{until}",
    Ground.CASE_WITHDRAWN: "case {0.case} was withdrawn",
    Ground.CASE_HELD: "Patient {0.case} is not released for publication yet",
    Ground.MINOR: "Patient {0.case} was a minor: never published",
    Ground.WORDS_REFUSED: "the words of Patient {0.case} may not stand so: {0.objection}",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a photo may be shown, and why."""

    allowed: bool
    reason: Reason


def may_show(
    case: Case, photo: Photo, consents: Iterable[Consent], channel: str, now: datetime
) -> Permission:
    """Rule on one photo of a case in one channel.

    A consent's last day counts, to midnight by the clock of `now`.

    What holds the whole case back is named first. Any one valid consent permits; without one, the reason
    speaks of the consent that comes nearest.
    """
    closed = closed_by(case)
    return Permission(allowed=False, reason=closed) if closed else agreed(photo, consents, channel, now)


def closed_by(case: Case) -> Reason | None:
    """Give what keeps a whole case from being shown, if anything."""
    if case.status is CaseStatus.WITHDRAWN:
        return Reason(ground=Ground.CASE_WITHDRAWN, case=case.number)
    if case.minor:
        return Reason(ground=Ground.MINOR, case=case.number)
    if case.held:
        return Reason(ground=Ground.CASE_HELD, case=case.number)
    return None


def once_released(case: Case) -> Case:
    """Give a case as it will be once released."""
    return replace(case, held=False)


def agreed(photo: Photo, consents: Iterable[Consent], channel: str, now: datetime) -> Permission:
    """Rule on what was signed for a photo, not on its case."""
    own = [_judge(consent, photo, channel, now) for consent in consents if consent.case == photo.case]
    reason = max(own, key=_nearest, default=Reason(ground=Ground.NO_CONSENT, case=photo.case))
    return Permission(allowed=reason.ground is Ground.PERMITTED, reason=reason)


def _nearest(reason: Reason) -> tuple[int, str]:
    return reason.ground, str(reason.consent and reason.consent.signed_on)


def _judge(consent: Consent, photo: Photo, channel: str, now: datetime) -> Reason:
    """Say what a consent lacks first of all, or that it permits."""
    today = now.date()
    if consent.photos is not None and photo.id not in consent.photos:
        ground = Ground.PHOTO_NOT_COVERED
    elif channel not in consent.channels:
        ground = Ground.CHANNEL_NOT_COVERED
    elif consent.withdrawn_at is not None:
        ground = Ground.CONSENT_WITHDRAWN
    elif consent.expires_on is not None and consent.expires_on < today:
        ground = Ground.CONSENT_EXPIRED
    elif consent.signed_on > today:
        ground = Ground.CONSENT_NOT_YET_SIGNED
    elif consent.missing:
        ground = Ground.CONSENT_INCOMPLETE
    else:
        ground = Ground.PERMITTED
    return Reason(ground=ground, case=photo.case, consent=consent, channel=channel)


def expires_soon(consents: Iterable[Consent], now: datetime) -> list[Consent]:
    """Give the consents in force that end within a week."""
    last = (now + WARN_BEFORE).date()
    ending = [
        (consent.expires_on, consent.case, consent)
        for consent in consents
        if consent.withdrawn_at is None
        and consent.expires_on is not None
        and now.date() <= consent.expires_on <= last
    ]
    return [consent for _, _, consent in sorted(ending, key=lambda one: one[:2])]
