"""What stands between a case and the public: obstacles that block, and advice that does not."""

from dataclasses import dataclass

from gallery.casework import Section
from gallery.consent import may_publish
from gallery.model import PUBLIC_CHANNEL, Case, Performer
from gallery.web.words import findings_of
from gallery.web.workplace import casework, catalog, now


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing to do, in plain words, and the page where it is done; `blocks` keeps the case from being published."""

    words: str
    blocks: bool
    page: str = ""


def obstacles_of(case: Case) -> list[Obstacle]:
    """Name everything that is missing, what blocks first."""
    photos, consents = catalog().photos(case.number), catalog().consents(case.number)
    saved, stages = casework().saved(case.number), catalog().stages(case.number)
    authors = casework().authorships(photo.id for photo in photos)
    rulings = [may_publish(consents, photo, PUBLIC_CHANNEL, now()) for photo in photos]
    refused = sorted({ruling.reason for ruling in rulings if not ruling.allowed})
    found = []
    if case.minor:
        found.append(
            Obstacle("The patient was a minor: this case is never published", blocks=True, page="facts.page")
        )
    if not any(ruling.allowed for ruling in rulings):
        reason = "; ".join(refused) or "there is no photo"
        found.append(Obstacle(f"No photo may be published: {reason}", blocks=True, page="consents.page"))
    elif refused:
        left_out = sum(not ruling.allowed for ruling in rulings)
        words = f"{left_out} of {len(photos)} photos are left out: {'; '.join(refused)}"
        found.append(Obstacle(words, blocks=False, page="consents.page"))
    if Section.FACTS not in saved:
        found.append(Obstacle("The facts are not filled in", blocks=True, page="facts.page"))
    elif any(stage.performed_by is Performer.UNKNOWN and stage.position > 1 for stage in stages):
        words = "For some stages it is not known who did the work: the page will say so"
        found.append(Obstacle(words, blocks=False, page="facts.page"))
    if Section.PAIRS not in saved:
        words = "Nobody has looked whether before and after can be compared"
        found.append(Obstacle(words, blocks=False, page="pairs.page"))
    found += [
        Obstacle(f"Words: {finding.sentence().rstrip('.')}", blocks=True, page="words.page")
        for finding in findings_of(case)
        if finding.blocks
    ]
    if len(authors) < len(photos):
        missing = len(photos) - len(authors)
        words = f"For {missing} of {len(photos)} photos it is not recorded who took them"
        found.append(Obstacle(words, blocks=False, page="authors.page"))
    return found
