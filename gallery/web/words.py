"""The words of a case: description and caption of each photo, what the site adds, and the truth check on all."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from gallery.accounts import Task
from gallery.casework import Section, Words
from gallery.model import Case
from gallery.public_site.wording import photo_alt, photo_caption, stage_sentences, stage_title
from gallery.truth import Facts, Finding, Rule, check, facts_of, load_rules, required_sentences
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
    answer = save_section(
        "words.html",
        case,
        Section.WORDS,
        saved,
        typed=typed,
        write=lambda: casework().write_words(words),
        then="publishing.page",
        **_more(case),
    )
    if any(finding.blocks for finding in findings_of(case)):
        return show_section("words.html", case, Section.WORDS, typed, **_more(case))
    return answer


def findings_of(case: Case) -> list[Finding]:
    """Check everything that the page of a case will say, what blocks first."""
    findings = check(_page_text(case), _facts(case), _rules())
    return sorted(findings, key=lambda finding: not finding.blocks)


def _facts(case: Case) -> Facts:
    chosen, stages = settings(), catalog().stages(case.number)
    return facts_of(case, stages, registered=chosen.registered, trademarks=chosen.trademarks)


def _rules() -> tuple[Rule, ...]:
    return load_rules(settings().jurisdictions)


def _page_text(case: Case) -> str:
    """Put together what readers of the case's page will read, paragraph by paragraph."""
    stages = catalog().stages(case.number)
    said = [sentence for stage in stages for sentence in (stage_title(stage), *stage_sentences(stage))]
    for photo in catalog().photos(case.number):
        said += [photo_caption(photo.stage, photo.view, photo.caption), photo.alt]
    said += [
        case.region,
        case.classification,
        case.limits or settings().limits,
        *case.tags,
        *settings().required,
    ]
    said += required_sentences(_facts(case), _rules())
    return "\n\n".join(filter(None, said))


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
            *required_sentences(_facts(case), _rules()),
        ],
        "findings": findings_of(case),
    }
