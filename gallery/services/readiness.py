"""What stands between a case and the public."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gallery.consent import Permission, agreed, may_show
from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus, Consent, Performer, Photo, Section, Stage
from gallery.rules.disclosures import objections_about
from gallery.services.practice import Practice
from gallery.settings import Settings
from gallery.stages import shows_work


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing to do before publication.

    `blocks` keeps the case from being published; `section` is where it is done.
    """

    words: str
    blocks: bool
    section: Section | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that is recorded of a case.

    `authored` are ids of the photos of which it is recorded who took them; `saved` are sections that somebody filled
    in.
    """

    case: Case
    stages: Sequence[Stage]
    photos: Sequence[Photo]
    consents: Sequence[Consent]
    saved: Collection[Section] = ()
    authored: Collection[int] = ()

    def rulings(self, now: datetime) -> dict[int, Permission]:
        """Rule on each photo on the site, by its id, at a moment of the practice's clock."""
        return {
            photo.id: may_show(self.case, photo, self.consents, PUBLIC_CHANNEL, now) for photo in self.photos
        }


def standing_of(p: Practice, number: int) -> Standing:
    """Read all that is recorded of a case."""
    photos = p.catalog.photos(number)
    return Standing(
        case=p.catalog.case(number),
        stages=p.catalog.stages(number),
        photos=photos,
        consents=p.catalog.consents(number),
        saved=p.casework.saved(number),
        authored=p.casework.authorships(photo.id for photo in photos),
    )


def obstacles_of(p: Practice, number: int) -> list[Obstacle]:
    """Name all that keeps a recorded case from the public, blocks first."""
    return obstacles_to(standing_of(p, number), p.settings, p.now)


def obstacles_to(standing: Standing, settings: Settings, now: datetime) -> list[Obstacle]:
    """Name everything that is missing, what blocks first."""
    found = [
        *_about_the_case(standing),
        *_about_consent(standing, settings.local(now)),
        *_about_the_record(standing),
        *_about_words(standing, settings),
    ]
    return sorted(found, key=lambda obstacle: not obstacle.blocks)


def _about_the_case(standing: Standing) -> Iterator[Obstacle]:
    if standing.case.status is CaseStatus.WITHDRAWN:
        yield Obstacle("The case was withdrawn: its number stays gone", blocks=True, section=Section.FACTS)
    if standing.case.minor:
        words = "The patient was a minor: this case is never published"
        yield Obstacle(words, blocks=True, section=Section.FACTS)


def _about_consent(standing: Standing, now: datetime) -> Iterator[Obstacle]:
    rulings = [agreed(photo, standing.consents, PUBLIC_CHANNEL, now) for photo in standing.photos]
    refused = sorted({str(ruling.reason) for ruling in rulings if not ruling.allowed})
    if not any(ruling.allowed for ruling in rulings):
        reason = "; ".join(refused) or "there is no photo"
        yield Obstacle(f"No photo may be published: {reason}", blocks=True, section=Section.CONSENT)
    elif refused:
        left_out = sum(not ruling.allowed for ruling in rulings)
        words = f"{left_out} of {len(standing.photos)} photos are left out: {'; '.join(refused)}"
        yield Obstacle(words, blocks=False, section=Section.CONSENT)


def _about_the_record(standing: Standing) -> Iterator[Obstacle]:
    if Section.FACTS not in standing.saved and standing.case.held:
        yield Obstacle("The facts are not filled in", blocks=True, section=Section.FACTS)
    elif any(stage.performed_by is Performer.UNKNOWN and shows_work(stage) for stage in standing.stages):
        words = "For some stages it is not known who did the work: the page will say so"
        yield Obstacle(words, blocks=False, section=Section.FACTS)
    if Section.PAIRS not in standing.saved:
        words = "Nobody has looked whether before and after can be compared"
        yield Obstacle(words, blocks=False, section=Section.PAIRS)
    missing = sum(photo.id not in standing.authored for photo in standing.photos)
    if missing:
        words = f"For {missing} of {len(standing.photos)} photos it is not recorded who took them"
        yield Obstacle(words, blocks=False, section=Section.AUTHORS)


def _about_words(standing: Standing, settings: Settings) -> Iterator[Obstacle]:
    for objection in objections_about(standing.case, standing.stages, standing.photos, settings):
        yield Obstacle(
            f"Words: {objection.sentence().rstrip('.')}", blocks=objection.blocks, section=Section.WORDS
        )
