"""Approval of exactly what a reader would see of a case."""

import hashlib
from dataclasses import dataclass, replace

from gallery.consent import Permission, may_show, once_released
from gallery.errors import RefusedError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Alignment, Approval, Case, CaseStatus, Photo, Stage
from gallery.rules.disclosures import required_on
from gallery.services.practice import Practice

ASKED = frozenset({"doctor", "patient"})
ANSWERS = frozenset({"approved", "changes"})


@dataclass(frozen=True, slots=True)
class Besides:
    """What a case's page says besides its stages and captions."""

    facts: tuple[str, ...]
    sentences: tuple[str, ...]
    differences: tuple[str, ...]


def besides(p: Practice, case: Case) -> Besides:
    """Gather the facts, required sentences and disclosed differences of a case's page."""
    facts = (case.region, case.classification, case.hair_length, *case.tags)
    stages, chosen = p.catalog.stages(case.number), p.settings
    sentences = (case.limits or chosen.limits, *chosen.required, *required_on(case, stages, chosen))
    told, mine = p.casework.differences(), {photo.id for photo in p.catalog.photos(case.number)}
    differences = (words for (before, _), words in sorted(told.items()) if before in mine)
    return Besides(
        tuple(filter(None, facts)),
        tuple(filter(None, sentences)),
        tuple(line for words in differences for line in words),
    )


def _alignments_in(p: Practice, case: Case) -> list[tuple[tuple[int, int], Alignment]]:
    mine = {photo.id for photo in p.catalog.photos(case.number)}
    return sorted((pair, laid) for pair, laid in p.casework.alignments().items() if pair[0] in mine)


def content_of(p: Practice, case: Case) -> str:
    """Give the digest of all that a reader would see of a case."""
    seen = (
        replace(case, held=False),
        p.catalog.stages(case.number),
        [(photo.digest, photo.view, photo.alt, photo.caption) for photo in p.catalog.photos(case.number)],
        besides(p, case),
        _alignments_in(p, case),
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def hold_back(p: Practice, case: Case) -> bool:
    """Hold a changed case back until it is approved anew.

    A case that nobody released stays as it is; False then.
    """
    if case.held:
        return False
    p.casework.hold(case.number)
    p.note(Action.CASE_HELD_CHANGED, f"case {case.number}")
    return True


def is_approved(p: Practice, case: Case) -> bool:
    """Tell whether a case is approved as it is.

    Each side's last answer counts: one must approve, and neither may ask for changes.
    """
    content = content_of(p, case)
    latest = {
        approval.asked: approval for approval in p.casework.approvals(case.number)[::-1] if approval.answer
    }
    answers = {approval.answer for approval in latest.values() if approval.content == content}
    return "approved" in answers and "changes" not in answers


def ask(p: Practice, number: int, asked: str) -> str:
    """Ask a doctor or the patient, and give their link's secret."""
    case = p.open_case(number)
    if asked not in ASKED:
        raise RefusedError(f"a doctor or a patient was expected to be asked, found {asked[:20]!r}")
    secret = p.casework.ask(number, asked, content_of(p, case), p.actor, p.now)
    p.note(Action.APPROVAL_ASKED, f"case {number}", asked=asked)
    return secret


def approve(p: Practice, number: int) -> None:
    """Approve a case as it is, in the name of the actor."""
    case = p.open_case(number)
    content = content_of(p, case)
    with p.together():
        p.casework.ask(number, "doctor", content, p.actor, p.now)
        asked = p.casework.approvals(number)[0]
        p.casework.answer(asked.id, "approved", p.actor, "", p.now)
        p.note(Action.APPROVAL_GIVEN, f"case {number}", content=content)


def asked_by_link(p: Practice, secret: str) -> Approval | None:
    """Give what a link asks.

    None where the link is unknown or too old, or its case was withdrawn.
    """
    asked = p.casework.asked_by_link(secret, p.now)
    if asked is None or p.catalog.case(asked.case).status is CaseStatus.WITHDRAWN:
        return None
    return asked


def is_current(p: Practice, asked: Approval) -> bool:
    """Tell whether a case is still as the link was made for."""
    return asked.content == content_of(p, p.catalog.case(asked.case))


def rulings_if_released(p: Practice, case: Case, channel: str) -> list[tuple[Photo, Permission]]:
    """Rule on each photo as if the case were released."""
    released, consents = once_released(case), p.catalog.consents(case.number)
    return [
        (photo, may_show(released, photo, consents, channel, p.local_now))
        for photo in p.catalog.photos(case.number)
    ]


def photos_shown(p: Practice, case: Case) -> list[Photo]:
    """Give the photos that readers will see once a case is released."""
    return [photo for photo, ruling in rulings_if_released(p, case, PUBLIC_CHANNEL) if ruling.allowed]


def stages_shown(p: Practice, case: Case) -> list[tuple[Stage, list[Photo]]]:
    """Give the stages of a case that readers will see, with their photos."""
    photos = photos_shown(p, case)
    stages = [
        (stage, [photo for photo in photos if photo.stage_id == stage.id])
        for stage in p.catalog.stages(case.number)
    ]
    return [entry for entry in stages if entry[1]]


def answer(p: Practice, asked: Approval, given: str, *, name: str, words: str, address: str) -> None:
    """Record an answer that came by a link."""
    with p.together():
        p.casework.answer(asked.id, given, name, words, p.now)
        detail = {"answer": given, "asked": asked.asked, "content": asked.content, "words": words}
        detail |= {"link_made_by": asked.asked_by, "address": address}
        p.ledger.append(f"{name} (by link)", Action.APPROVAL_ANSWERED, f"case {asked.case}", detail, p.now)
