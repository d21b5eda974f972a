"""All that a reader would see of a case, and its digest: an approval holds for this and nothing else."""

import hashlib
from dataclasses import dataclass, replace

from gallery.events import Action
from gallery.model import Alignment, Case
from gallery.rules.disclosures import required_on
from gallery.web.workplace import casework, catalog, ledger, now, settings

HELD = (
    "What readers see has changed: the case leaves the site with the next build, "
    "until it is approved and published again."
)


@dataclass(frozen=True, slots=True)
class Besides:
    """What the page of a case says besides its stages and captions, and what is told about its pairs."""

    facts: tuple[str, ...]
    sentences: tuple[str, ...]
    differences: tuple[str, ...]


def besides(case: Case) -> Besides:
    """Gather the facts, required sentences and disclosed differences that readers of a case will see."""
    facts = (case.region, case.classification, case.hair_length, *case.tags)
    stages, chosen = catalog().stages(case.number), settings()
    sentences = (case.limits or chosen.limits, *chosen.required, *required_on(case, stages, chosen))
    told, mine = casework().differences(), {photo.id for photo in catalog().photos(case.number)}
    differences = (words for (before, _), words in sorted(told.items()) if before in mine)
    return Besides(
        tuple(filter(None, facts)),
        tuple(filter(None, sentences)),
        tuple(line for words in differences for line in words),
    )


def laid_in(case: Case) -> list[tuple[tuple[int, int], Alignment]]:
    """Give how the pairs of a case were laid: readers see them so."""
    mine = {photo.id for photo in catalog().photos(case.number)}
    return sorted((pair, laid) for pair, laid in casework().alignments().items() if pair[0] in mine)


def content_of(case: Case) -> str:
    """Give the digest of all that a reader would see of a case: an approval holds for this and nothing else."""
    seen = (
        replace(case, held=False),
        catalog().stages(case.number),
        [(photo.digest, photo.view, photo.alt, photo.caption) for photo in catalog().photos(case.number)],
        besides(case),
        laid_in(case),
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def hold_back(case: Case, actor: str) -> bool:
    """Keep a case that was released, and has changed since, off the site until it is approved anew.

    Returns:
        Whether there was anything to keep back: a case that nobody released stays as it is.
    """
    if case.held:
        return False
    casework().hold(case.number)
    ledger().append(actor, Action.CASE_HELD_CHANGED, f"case {case.number}", {}, now())
    return True
