"""The facts of a case: what the photographs cannot tell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Case, Details, Performer, Section, Stage
from gallery.staff import Task
from gallery.stages import is_before_treatment
from gallery.store.keys import ChartLock
from gallery.web.sections import known_case, open_case, save_section, show_section, typed_values
from gallery.web.workplace import casework, catalog, folder, needs, note, settings

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
_CASE_TEXTS = ("region", "classification", "hair_length", "limits")
_STAGE_TEXTS = ("label", "procedure", "elapsed", "note")


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
    case = open_case(number)
    saved, stages = _saved_values(case), catalog().stages(number)
    typed = typed_values(saved | {"chart": ""})
    new_case = replace(
        case,
        minor=bool(typed["minor"]),
        tags=_tags(typed["tags"]),
        **{name: typed[name] for name in _CASE_TEXTS},  # type: ignore[arg-type]  # all of them are text
    )
    new_stages = [_stage(stage, typed) for stage in stages]
    _check_labels(new_stages)
    chart = (
        ChartLock(folder()).close(typed.pop("chart")) if typed["chart"] else casework().details(number).chart
    )
    typed.pop("chart", None)
    return save_section(
        "facts.html",
        case,
        Section.FACTS,
        saved,
        typed=typed,
        write=lambda: casework().write_facts(new_case, new_stages, Details(typed["light"], chart)),
        then=lambda: "consents.page",
        **_choices(case),
    )


@pages.post("/chart-number")
@needs(Task.REVEAL)
def reveal(number: int) -> ResponseReturnValue:
    """Show a case's chart number once; that it was shown is in the ledger."""
    case = known_case(number)
    sealed = casework().details(number).chart
    if sealed is None:
        raise GalleryError(f"no chart number is recorded for Patient {number}")
    chart = ChartLock(folder()).open(sealed)
    note(Action.CHART_NUMBER_SEEN, f"case {number}")
    return render_template("chart-number.html", case=case, chart=chart)


def _choices(case: Case) -> dict[str, object]:
    return {
        "stages": catalog().stages(case.number),
        "is_before": is_before_treatment,
        "regions": REGIONS,
        "hair": HAIR,
        "lights": LIGHTS,
        "procedures": PROCEDURES,
        "elapsed": ELAPSED,
        "performers": PERFORMERS,
        "has_chart": casework().details(case.number).chart is not None,
        "standard_limits": settings().limits,
    }


def _saved_values(case: Case) -> dict[str, str]:
    values = {name: str(getattr(case, name)) for name in _CASE_TEXTS}
    values |= {"minor": "yes" if case.minor else "", "tags": ", ".join(case.tags)}
    values["light"] = casework().details(case.number).light
    for stage in catalog().stages(case.number):
        texts = {name: str(getattr(stage, name)) for name in _STAGE_TEXTS}
        texts |= {"performed_by": str(stage.performed_by), "in_progress": "yes" if stage.in_progress else ""}
        texts |= {"session": str(stage.session or ""), "sessions": str(stage.sessions or "")}
        values |= {f"{name}-{stage.id}": text for name, text in texts.items()}
    return values


def _tags(text: str) -> tuple[str, ...]:
    words = (" ".join(word.split())[:60] for word in re.split(r"[,;|\n]", text))
    return tuple(dict.fromkeys(filter(None, words)))


def _stage(stage: Stage, typed: Mapping[str, str]) -> Stage:
    said = {name: typed[f"{name}-{stage.id}"] for name in _STAGE_TEXTS}
    session, sessions = (_number(typed[f"{name}-{stage.id}"], stage) for name in ("session", "sessions"))
    if session and sessions and session > sessions:
        raise GalleryError(
            f'"{stage.label}": session {session} of {sessions} cannot be', hint="correct one of them"
        )
    if sessions and not session:
        raise GalleryError(
            f'"{stage.label}": which of the {sessions} sessions was it', hint="fill in both numbers"
        )
    return replace(
        stage,
        performed_by=Performer(typed[f"performed_by-{stage.id}"] or "unknown"),
        session=session,
        sessions=sessions,
        in_progress=bool(typed[f"in_progress-{stage.id}"]),
        **said,  # type: ignore[arg-type]  # all of them are text
    )


def _number(text: str, stage: Stage) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:3]) <= 99:  # noqa: PLR2004 (no treatment has more sessions)
        raise GalleryError(f'"{stage.label}": "{text[:20]}" is no number of a session', hint="use 1 to 99")
    return int(text)


def _check_labels(stages: Sequence[Stage]) -> None:
    labels = [stage.label.casefold() for stage in stages]
    if "" in labels:
        raise GalleryError("a stage has no name", hint='name it, for instance "before"')
    if len(set(labels)) < len(labels):
        raise GalleryError("two stages have the same name", hint="give each stage a name of its own")
