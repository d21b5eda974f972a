"""Decides what an import will do, before anything is written. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from gallery.model import Case, CaseStatus, Digest, Photo, Stage
from gallery.services.intake.check import Checked, Refused
from gallery.services.intake.manifest import Problem, Row

_CASE_TEXTS = ("region", "classification", "hair_length", "limits")
_STAGE_TEXTS = ("procedure", "elapsed", "note")


@dataclass(frozen=True, slots=True)
class Addition:
    """A row whose photo is new, with its checked file."""

    row: Row
    file: Checked


@dataclass(frozen=True, slots=True)
class Known:
    """A row whose photo is in the catalogue already."""

    row: Row
    photo: Photo


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What to add, what is there already, and what is wrong."""

    additions: tuple[Addition, ...]
    known: tuple[Known, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the catalogue holds before an import.

    Attributes:
        cases: By number.
        photos: By the digest of their originals.
        alike: Gives the photo that a new file shows too, saved anew or smaller.
    """

    cases: Mapping[int, Case]
    photos: Mapping[Digest, Photo]
    alike: Callable[[Checked], Photo | None] = lambda _file: None


def plan_import(
    rows: Sequence[Row],
    files: Sequence[Checked | Refused],
    shelf: Shelf,
    *,
    add_to_existing: bool,
    allow_alike: bool = False,
) -> ImportPlan:
    """Decide row by row what an import does.

    Args:
        rows: Of the list.
        files: Theirs.
        shelf: What is there already.
        add_to_existing: Whether cases that exist may get more photos.
        allow_alike: Whether a photo may come in twice, saved anew or smaller.
    """
    additions: list[Addition] = []
    known: list[Known] = []
    problems: list[Problem] = contradictions(rows)
    seen: dict[Digest, Row] = {}
    spoiled = {problem.row for problem in problems}
    for row, file in zip(rows, files, strict=True):
        if row.number in spoiled:
            continue
        if isinstance(file, Refused):
            problems.append(Problem(row.number, "file", f"{row.file}: {file.reason}"))
            continue
        problem = _same_twice(row, seen.get(file.digest)) or _elsewhere(row, shelf.photos.get(file.digest))
        photo = shelf.photos.get(file.digest)
        if problem is None and photo is None:
            problem = _case_taken(row, shelf.cases.get(row.case), add_to_existing=add_to_existing)
        if problem is None and photo is None and not allow_alike:
            problem = _alike(row, file, additions, shelf)
        seen.setdefault(file.digest, row)
        if problem is not None:
            problems.append(problem)
        elif photo is not None:
            known.append(Known(row, photo))
        else:
            additions.append(Addition(row, file))
    return ImportPlan(
        tuple(additions), tuple(known), tuple(sorted(problems, key=lambda problem: problem.row))
    )


def _same_twice(row: Row, earlier: Row | None) -> Problem | None:
    if earlier is None:
        return None
    return Problem(
        row.number, "file", f"{row.file}: is the same photo as {earlier.file} in row {earlier.number}"
    )


def _alike(row: Row, file: Checked, additions: Sequence[Addition], shelf: Shelf) -> Problem | None:
    """Name a photo that a file shows once more, with other metadata or smaller."""
    twin = next((new for new in additions if file.look.same(new.file.look)), None)
    if twin:
        there = f"Patient {twin.row.case}, {twin.row.stage}, {twin.row.view} ({twin.row.file}, row {twin.row.number})"
    else:
        photo = shelf.alike(file)
        if photo is None:
            return None
        there = f"Patient {photo.case}, {photo.stage}, {photo.view}, in the catalogue"
    here = f"Patient {row.case}, {row.stage}, {row.view}"
    words = f"{row.file}: for {here} it shows the same photo as {there}, saved anew; if that is meant, --allow-alike"
    return Problem(row.number, "file", words)


def _elsewhere(row: Row, photo: Photo | None) -> Problem | None:
    if photo is None or (photo.case, photo.stage.lower(), photo.view) == (
        row.case,
        row.stage.lower(),
        row.view,
    ):
        return None
    place = f"Patient {photo.case}, {photo.stage}, {photo.view}"
    return Problem(row.number, "file", f"{row.file}: is already in the catalogue as {place}")


def _case_taken(row: Row, case: Case | None, *, add_to_existing: bool) -> Problem | None:
    if case is None:
        return None
    if case.status is CaseStatus.WITHDRAWN:
        return Problem(row.number, "case", f"case {row.case} was withdrawn; its number is never used again")
    if add_to_existing:
        return None
    return Problem(
        row.number, "case", f"case {row.case} already exists: choose another number or use --add-to-existing"
    )


def contradictions(rows: Iterable[Row]) -> list[Problem]:
    """Find rows that contradict an earlier row about a case or stage."""
    said: dict[tuple[object, ...], tuple[str, int]] = {}
    problems = []
    for row in rows:
        stage = (row.case, row.stage.lower())
        claims: dict[tuple[object, ...], tuple[str, str]]
        claims = {("case", row.case, name): (name, row.texts[name]) for name in _CASE_TEXTS}
        claims |= {("stage", *stage, name): (name, row.texts[name]) for name in _STAGE_TEXTS}
        claims["stage", *stage, "performed_by"] = ("performed_by", row.texts["performed_by"].lower())
        claims["stage", *stage, "session"] = ("session", str(row.session or ""))
        claims["stage", *stage, "sessions"] = ("sessions", str(row.sessions or ""))
        for key, (column, text) in claims.items():
            earlier, number = said.setdefault(key, (text, row.number)) if text else (text, 0)
            if earlier != text:
                words = f'says "{text[:40]}", but row {number} says "{earlier[:40]}" of the same {key[0]}'
                problems.append(Problem(row.number, column, words))
    return problems


def case_of(rows: Sequence[Row]) -> Case:
    """Put a case together from all its rows."""
    return Case(
        number=rows[0].case,
        region=_first(rows, "region"),
        classification=_first(rows, "classification"),
        hair_length=_first(rows, "hair_length"),
        limits=_first(rows, "limits"),
        minor=any(row.minor for row in rows),
        tags=tuple(dict.fromkeys(tag for row in rows for tag in row.tags)),
    )


def stage_of(rows: Sequence[Row]) -> Stage:
    """Put a stage together from all its rows."""
    performers = [row.performed_by for row in rows if row.texts["performed_by"]]
    return Stage(
        case=rows[0].case,
        label=rows[0].stage,
        procedure=_first(rows, "procedure"),
        elapsed=_first(rows, "elapsed"),
        note=_first(rows, "note"),
        performed_by=performers[0] if performers else rows[0].performed_by,
        session=next((row.session for row in rows if row.session), None),
        sessions=next((row.sessions for row in rows if row.sessions), None),
        in_progress=any(row.in_progress for row in rows),
    )


def _first(rows: Sequence[Row], column: str) -> str:
    return next((row.texts[column] for row in rows if row.texts[column]), "")
