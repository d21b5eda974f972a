"""The words of a case, its photos and its page, and their check."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from gallery.model import Case, Section, Words
from gallery.services.wording import objections_of, page_words_of, save_words
from gallery.staff import Task
from gallery.web.sections import Sent, open_case, save_section, show_section, typed_values
from gallery.web.workplace import needs, work

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
    """Save descriptions and captions, and stay while they block publication."""
    case, p = open_case(number), work()
    saved = _saved_values(case)
    typed = typed_values(saved)
    sent = Sent(saved, typed)
    words = {
        photo.id: Words(typed[f"alt-{photo.id}"], typed[f"caption-{photo.id}"])
        for photo in p.catalog.photos(number)
    }
    return save_section(
        "words.html",
        case,
        Section.WORDS,
        sent,
        lambda: save_words(p, case, words, sent.edit),
        lambda: "words.page" if any(one.blocks for one in objections_of(p, case)) else "publishing.page",
        **_more(case),
    )


def _saved_values(case: Case) -> dict[str, str]:
    values: dict[str, str] = {}
    for photo in work().catalog.photos(case.number):
        values |= {f"alt-{photo.id}": photo.alt, f"caption-{photo.id}": photo.caption}
    return values


def _more(case: Case) -> dict[str, object]:
    words = page_words_of(work(), case)
    return {
        "photos": work().catalog.photos(case.number),
        "own_words": words.of_photos,
        "sentences": words.of_stages,
        "printed": words.printed,
        "objections": words.objections,
    }
