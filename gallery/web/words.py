"""The words of a case: description and caption of each photo, what the site adds, and the truth check on all."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from gallery.model import Case, Section, Words
from gallery.rules.advertising import Finding
from gallery.rules.disclosures import (
    findings_about,
    photo_alt,
    photo_caption,
    required_on,
    stage_sentences,
    stage_title,
)
from gallery.staff import Task
from gallery.web.sections import open_case, save_section, show_section, typed_values
from gallery.web.workplace import casework, catalog, needs, settings

pages = Blueprint("words", __name__, url_prefix="/cases/<int:number>")


@pages.get("/words")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Show what readers will read, and what is wrong with it."""
    case = open_case(number)
    return show_section("words.html", case, Section.WORDS, _saved_values(case), **_more(case))


@pages.post("/words")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Save descriptions and captions; stay while something in them keeps the case from being published."""
    case = open_case(number)
    saved = _saved_values(case)
    typed = typed_values(saved)
    photos = catalog().photos(number)
    words = {photo.id: Words(typed[f"alt-{photo.id}"], typed[f"caption-{photo.id}"]) for photo in photos}
    return save_section(
        "words.html",
        case,
        Section.WORDS,
        saved,
        typed=typed,
        write=lambda: casework().write_words(words),
        then=lambda: "words.page" if _blocked(case) else "publishing.page",
        **_more(case),
    )


def _blocked(case: Case) -> bool:
    return any(finding.blocks for finding in findings_of(case))


def findings_of(case: Case) -> list[Finding]:
    """Check everything that the page of a case will say, what blocks first."""
    stages, photos = catalog().stages(case.number), catalog().photos(case.number)
    return findings_about(case, stages, photos, settings())


def _saved_values(case: Case) -> dict[str, str]:
    values: dict[str, str] = {}
    for photo in catalog().photos(case.number):
        values |= {f"alt-{photo.id}": photo.alt, f"caption-{photo.id}": photo.caption}
    return values


def _more(case: Case) -> dict[str, object]:
    stages = catalog().stages(case.number)
    photos = catalog().photos(case.number)
    return {
        "photos": photos,
        "own_words": {
            photo.id: (
                photo_alt(case.number, photo.stage, photo.view, ""),
                photo_caption(photo.stage, photo.view, ""),
            )
            for photo in photos
        },
        "sentences": [(stage_title(stage), stage_sentences(stage)) for stage in stages],
        "printed": [
            case.limits or settings().limits,
            *settings().required,
            *required_on(case, stages, settings()),
        ],
        "findings": findings_of(case),
    }
