"""The consent rule: may this photo be shown in this channel now, and why? Pure: values in, a value out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gallery.model import Case, CaseStatus, Consent, Photo

WARN_BEFORE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a photo may be shown, with the reason as a plain clause ("the consent of … expired on …")."""

    allowed: bool
    reason: str


def may_show_case(case: Case) -> Permission:
    """Rule on the case as a whole, whatever was signed."""
    if case.status is CaseStatus.WITHDRAWN:
        return Permission(allowed=False, reason=f"case {case.number} was withdrawn")
    if case.held:
        return Permission(allowed=False, reason=f"Patient {case.number} is not released for publication yet")
    if case.minor:
        return Permission(allowed=False, reason=f"Patient {case.number} was a minor: never published")
    return Permission(allowed=True, reason="the case is open")


def may_publish(consents: Iterable[Consent], photo: Photo, channel: str, now: datetime) -> Permission:
    """Rule on one photo in one channel; the last day of a consent counts, to midnight by the clock of `now`.

    Any one valid consent permits. Without one, the reason speaks of the consent that comes nearest.
    """
    refusals = []
    for consent in consents:
        if consent.case != photo.case:
            continue
        rank, reason = _judge(consent, photo, channel, now)
        if rank == _PERMITS:
            return Permission(allowed=True, reason=reason)
        refusals.append((rank, reason))
    if not refusals:
        return Permission(allowed=False, reason="no consent is recorded")
    return Permission(allowed=False, reason=max(refusals)[1])


_PERMITS = 6


def _judge(consent: Consent, photo: Photo, channel: str, now: datetime) -> tuple[int, str]:
    """Rank a consent by how near it comes to permitting, and say what it lacks."""
    name = f"the consent of {consent.signed_on}"
    today = now.date()
    lacks = [
        (consent.photos is not None and photo.id not in consent.photos, "does not cover this photo"),
        (channel not in consent.channels, f"does not cover the channel {channel}"),
        (consent.withdrawn_at is not None, f"was withdrawn on {str(consent.withdrawn_at)[:10]}"),
        (consent.expires_on is not None and consent.expires_on < today, f"expired on {consent.expires_on}"),
        (consent.signed_on > today, "is dated in the future"),
        (bool(consent.missing), f"lacks: {', '.join(consent.missing)}"),
    ]
    for rank, (applies, words) in enumerate(lacks):
        if applies:
            return rank, f"{name} {words}"
    until = f" until {consent.expires_on}" if consent.expires_on else ""
    return _PERMITS, f"{name} permits it{until}"


def expires_soon(consents: Iterable[Consent], now: datetime) -> list[Consent]:
    """Give the consents in force that end within a week, the nearest first."""
    last = (now + WARN_BEFORE).date()
    ending = [
        consent
        for consent in consents
        if consent.withdrawn_at is None
        and consent.expires_on is not None
        and now.date() <= consent.expires_on <= last
    ]
    return sorted(ending, key=lambda consent: (str(consent.expires_on), consent.case))
