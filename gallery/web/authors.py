"""Who took each picture, employed or not, and with what."""

from collections.abc import Sequence

from flask import Blueprint
from flask.typing import ResponseReturnValue

from gallery.model import Section
from gallery.services.authorship import FIELDS, Visit, save_authors, visits_of
from gallery.staff import Task
from gallery.web.sections import Sent, open_case, save_section, show_section, typed_values
from gallery.web.workplace import needs, work

pages = Blueprint("authors", __name__, url_prefix="/cases/<int:number>")

RELATIONS = (
    ("employee", "works here (employed)"),
    ("owner", "owns the practice"),
    ("contractor", "outside photographer"),
    ("patient", "the patient"),
    ("other", "somebody else"),
)


@pages.get("/who-took-them")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Ask who pressed the shutter, visit by visit."""
    case = open_case(number)
    visits = visits_of(work(), case)
    return show_section("authors.html", case, Section.AUTHORS, _values(visits), **_more(visits))


@pages.post("/who-took-them")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Record the authors, in the catalogue and in the ledger."""
    case, p = open_case(number), work()
    visits = visits_of(p, case)
    saved = _values(visits)
    typed = typed_values(saved)
    sent = Sent(saved, typed)
    said = {visit.key: {name: typed[f"{name}-{visit.key}"] for name in FIELDS} for visit in visits}
    return save_section(
        "authors.html",
        case,
        Section.AUTHORS,
        sent,
        lambda: save_authors(p, case, visits, said, sent.edit),
        lambda: "pairs.page",
        **_more(visits),
    )


def _values(visits: Sequence[Visit]) -> dict[str, str]:
    return {f"{name}-{visit.key}": text for visit in visits for name, text in visit.texts().items()}


def _more(visits: Sequence[Visit]) -> dict[str, object]:
    return {
        "visits": visits,
        "relations": RELATIONS,
        "names": work().casework.people(),
        "unclear": {visit.key for visit in visits if visit.unclear},
    }
