"""The facts that a case's photographs cannot tell."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from gallery.model import Case, Section
from gallery.services.facts import case_texts, reveal_chart, save_facts, stage_texts
from gallery.staff import Task
from gallery.stages import is_before_treatment
from gallery.web.sections import Sent, known_case, open_case, save_section, show_section, typed_values
from gallery.web.workplace import needs, work

pages = Blueprint("facts", __name__, url_prefix="/cases/<int:number>")

REGIONS = ("hairline", "crown", "full scalp", "temples", "donor area", "scar", "eyebrows", "beard", "face")
HAIR = ("shaved", "very short", "short", "medium", "long")
LIGHTS = ("room light", "daylight", "flash", "ring light", "softbox", "mixed")
PROCEDURES = (
    "scalp micropigmentation",
    "FUE",
    "FUT strip surgery",
    "scar camouflage",
    "repair of earlier work",
)
ELAPSED = ("immediately after", "1 day", "7 days", "1 month", "3 months", "6 months", "1 year", "2 years")
PERFORMERS = (("us", "us"), ("other", "another doctor or studio"), ("unknown", "not known"))


@pages.get("/facts")
@needs(Task.EDIT)
def page(number: int) -> ResponseReturnValue:
    """Ask for what the photographs cannot tell."""
    case = open_case(number)
    return show_section("facts.html", case, Section.FACTS, _saved_values(case), **_choices(case))


@pages.post("/facts")
@needs(Task.EDIT)
def save(number: int) -> ResponseReturnValue:
    """Save the facts."""
    case, p = open_case(number), work()
    saved = _saved_values(case)
    typed = typed_values(saved | {"chart": ""})
    said = {key: typed[key] for key in (*case_texts(p, case), "chart")}
    of_stages = {
        stage.id: {key: typed[f"{key}-{stage.id}"] for key in stage_texts(stage)}
        for stage in p.catalog.stages(number)
    }
    del typed["chart"]  # it is shown to nobody again
    sent = Sent(saved, typed)
    return save_section(
        "facts.html",
        case,
        Section.FACTS,
        sent,
        lambda: save_facts(p, case, said, of_stages, sent.edit),
        lambda: "consents.page",
        **_choices(case),
    )


@pages.post("/chart-number")
@needs(Task.REVEAL)
def reveal(number: int) -> ResponseReturnValue:
    """Show a case's chart number once."""
    case = known_case(number)
    return render_template("chart-number.html", case=case, chart=reveal_chart(work(), number))


def _choices(case: Case) -> dict[str, object]:
    p = work()
    return {
        "stages": p.catalog.stages(case.number),
        "is_before": is_before_treatment,
        "regions": REGIONS,
        "hair": HAIR,
        "lights": LIGHTS,
        "procedures": PROCEDURES,
        "elapsed": ELAPSED,
        "performers": PERFORMERS,
        "has_chart": p.casework.details(case.number).chart is not None,
        "standard_limits": p.settings.limits,
    }


def _saved_values(case: Case) -> dict[str, str]:
    p = work()
    values = case_texts(p, case)
    for stage in p.catalog.stages(case.number):
        values |= {f"{name}-{stage.id}": text for name, text in stage_texts(stage).items()}
    return values
