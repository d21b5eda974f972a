"""The list of cases, and how each stands."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gallery.model import PUBLIC_CHANNEL, Case, CaseStatus, KnownCopy
from gallery.services.practice import Practice


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A case in a list.

    `published` counts photos that are public in any channel, `on_site` on the site.
    """

    case: Case
    stages: tuple[str, ...]
    photos: int
    on_site: int
    published: int


def find_cases(p: Practice, wanted: str) -> list[Case]:
    """Find cases by a word of their facts or their number, newest first."""
    return [case for case in p.catalog.cases()[::-1] if _has(case, wanted)]


def _has(case: Case, wanted: str) -> bool:
    number = wanted.lower().removeprefix("patient").strip()
    if number.isdecimal():
        return case.number == int(number)
    words = " ".join((case.region, case.classification, case.hair_length, *case.tags))
    return wanted.lower() in words.lower()


def summaries(p: Practice, cases: Sequence[Case]) -> list[Summary]:
    """Tell what cases hold and how much of them is public."""
    numbers = {case.number for case in cases}
    photos = [photo for photo in p.catalog.photos() if photo.case in numbers]
    stages = [stage for stage in p.catalog.stages() if stage.case in numbers]
    on_site = p.catalog.publications(PUBLIC_CHANNEL)
    held = Counter(photo.case for photo in photos)
    shown = Counter(photo.case for photo in photos if photo.id in on_site)
    return [
        Summary(
            case=case,
            stages=tuple(stage.label for stage in stages if stage.case == case.number),
            photos=held[case.number],
            on_site=shown[case.number],
            published=len(p.catalog.published_photos(case.number)),
        )
        for case in cases
    ]


def copies_still_shown(p: Practice, copies: Iterable[KnownCopy]) -> dict[int, int]:
    """Count the known copies on other sites of each patient who withdrew."""
    gone = {case.number for case in p.catalog.cases() if case.status is CaseStatus.WITHDRAWN}
    return dict(Counter(copy.case for copy in copies if copy.case in gone))
