"""The words of a case's page, and their check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gallery.model import Case, Section, Words
from gallery.rules.advertising import Objection
from gallery.rules.disclosures import (
    objections_about,
    photo_alt,
    photo_caption,
    required_on,
    stage_sentences,
    stage_title,
)
from gallery.services.practice import Practice
from gallery.services.sections import SectionEdit, save_section


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """What the site says of a case by itself.

    `of_photos` are description and caption by the photo's id, where nobody wrote others; `of_stages` title and
    sentences; `printed` stands at the end of the page.
    """

    of_photos: Mapping[int, tuple[str, str]]
    of_stages: Sequence[tuple[str, Sequence[str]]]
    printed: Sequence[str]
    objections: Sequence[Objection]


def page_words_of(p: Practice, case: Case) -> PageWords:
    """Put together what the site says of a case by itself."""
    stages, photos, chosen = p.catalog.stages(case.number), p.catalog.photos(case.number), p.settings
    return PageWords(
        of_photos={
            photo.id: (
                photo_alt(case.number, photo.stage, photo.view, ""),
                photo_caption(photo.stage, photo.view, ""),
            )
            for photo in photos
        },
        of_stages=[(stage_title(stage), stage_sentences(stage)) for stage in stages],
        printed=[case.limits or chosen.limits, *chosen.required, *required_on(case, stages, chosen)],
        objections=objections_of(p, case),
    )


def objections_of(p: Practice, case: Case) -> list[Objection]:
    """Check everything that the page of a case will say, what blocks first."""
    number = case.number
    return objections_about(case, p.catalog.stages(number), p.catalog.photos(number), p.settings)


def save_words(p: Practice, case: Case, words: Mapping[int, Words], edit: SectionEdit) -> bool:
    """Save descriptions and captions of photographs."""
    return save_section(p, case, Section.WORDS, edit, lambda: p.casework.write_words(words))
