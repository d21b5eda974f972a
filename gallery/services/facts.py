"""Facts of a case that its photographs cannot tell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gallery.errors import NotFoundError, RefusedError
from gallery.events import Action
from gallery.model import Case, Details, Performer, Section, Stage
from gallery.services.practice import Practice
from gallery.services.sections import SectionEdit, save_section
from gallery.store.keys import ChartLock

CASE_TEXTS = ("region", "classification", "hair_length", "limits")
STAGE_TEXTS = ("label", "procedure", "elapsed", "note")
Texts = Mapping[str, str]


def case_texts(p: Practice, case: Case) -> dict[str, str]:
    """Give what is recorded of a case as text, by the fact's name."""
    texts = {name: str(getattr(case, name)) for name in CASE_TEXTS}
    texts |= {"minor": "yes" if case.minor else "", "tags": ", ".join(case.tags)}
    return texts | {"light": p.casework.details(case.number).light}


def stage_texts(stage: Stage) -> dict[str, str]:
    """Give what is recorded of a stage as text, by the fact's name."""
    texts = {name: str(getattr(stage, name)) for name in STAGE_TEXTS}
    texts |= {"performed_by": str(stage.performed_by), "in_progress": "yes" if stage.in_progress else ""}
    return texts | {"session": str(stage.session or ""), "sessions": str(stage.sessions or "")}


def save_facts(
    p: Practice, case: Case, said: Texts, of_stages: Mapping[int, Texts], edit: SectionEdit
) -> bool:
    """Save the facts of a case from what was typed."""
    new_case = replace(
        case,
        minor=bool(said["minor"]),
        tags=_tags(said["tags"]),
        **{name: said[name] for name in CASE_TEXTS},  # type: ignore[arg-type]  # all of them are text
    )
    stages = [_stage(stage, of_stages[stage.id]) for stage in p.catalog.stages(case.number)]
    _check_labels(stages)
    chart = p.casework.details(case.number).chart
    if said["chart"]:
        chart = ChartLock(p.folder).close(said["chart"])
    return save_section(
        p,
        case,
        Section.FACTS,
        edit,
        lambda: p.casework.write_facts(new_case, stages, Details(said["light"], chart)),
    )


def reveal_chart(p: Practice, number: int) -> str:
    """Give a case's chart number and record that it was shown."""
    sealed = p.casework.details(number).chart
    if sealed is None:
        raise NotFoundError(f"no chart number is recorded for Patient {number}")
    chart = ChartLock(p.folder).open(sealed)
    p.note(Action.CHART_NUMBER_SEEN, f"case {number}")
    return chart


def _tags(text: str) -> tuple[str, ...]:
    words = (" ".join(word.split())[:60] for word in re.split(r"[,;|\n]", text))
    return tuple(dict.fromkeys(filter(None, words)))


def _stage(stage: Stage, said: Texts) -> Stage:
    session, sessions = (_number(said[name], stage) for name in ("session", "sessions"))
    if session and sessions and session > sessions:
        raise RefusedError(
            f'"{stage.label}": session {session} of {sessions} cannot be', hint="correct one of them"
        )
    if sessions and not session:
        raise RefusedError(
            f'"{stage.label}": which of the {sessions} sessions was it', hint="fill in both numbers"
        )
    return replace(
        stage,
        performed_by=Performer(said["performed_by"] or "unknown"),
        session=session,
        sessions=sessions,
        in_progress=bool(said["in_progress"]),
        **{name: said[name] for name in STAGE_TEXTS},  # type: ignore[arg-type]  # all of them are text
    )


def _number(text: str, stage: Stage) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text[:3]) <= 99:  # noqa: PLR2004 (no treatment has more sessions)
        raise RefusedError(f'"{stage.label}": "{text[:20]}" is no number of a session', hint="use 1 to 99")
    return int(text)


def _check_labels(stages: Sequence[Stage]) -> None:
    labels = [stage.label.casefold() for stage in stages]
    if "" in labels:
        raise RefusedError("a stage has no name", hint='name it, for instance "before"')
    if len(set(labels)) < len(labels):
        raise RefusedError("two stages have the same name", hint="give each stage a name of its own")
