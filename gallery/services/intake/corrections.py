"""What a list says otherwise than the catalogue about photos that are in it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gallery.model import Case, Photo, Section, Stage, Words
from gallery.services.intake.manifest import Row
from gallery.services.practice import Practice
from gallery.services.sections import SectionEdit, save_section, version_of

_CASE_TEXTS = ("region", "classification", "hair_length", "limits")
_STAGE_TEXTS = ("procedure", "elapsed", "note")
_PHOTO_TEXTS = ("alt", "caption")


@dataclass(frozen=True, slots=True)
class Correction:
    """One fact that a row says otherwise.

    Attributes:
        row: Its number in the list.
        place: Whose fact it is.
        column: Of the list.
        old, new: What is recorded, and what the list says.
    """

    row: int
    place: str
    column: str
    old: str
    new: str

    def __str__(self) -> str:
        """Give one line of a diff."""
        return f'row {self.row}, {self.place}, {self.column}: "{self.old}" → "{self.new}"'


@dataclass(frozen=True, slots=True)
class CaseCorrections:
    """A case as a list has it, where the catalogue has it otherwise.

    Attributes:
        case: With the list's facts.
        stages: All of its stages, with the list's facts.
        words: The words of photos that change, by their ids.
        changes: What changes, in the order of the rows.
    """

    case: Case
    stages: tuple[Stage, ...]
    words: dict[int, Words]
    changes: tuple[Correction, ...]


def corrections_of(
    case: Case, stages: Sequence[Stage], known: Sequence[tuple[Row, Photo]]
) -> CaseCorrections:
    """Compare the rows of a case's photos with what is recorded; an empty cell says nothing. Pure."""
    by_id = {stage.id: stage for stage in stages}
    words: dict[int, Words] = {}
    changes: list[Correction] = []
    for row, photo in known:
        stage = by_id[photo.stage_id]
        for_case, for_stage = _of_case(row, case), _of_stage(row, stage)
        said = {name: row.texts[name] or getattr(photo, name) for name in _PHOTO_TEXTS}
        subject = f"Patient {case.number}"
        changes += _changes(row, subject, case, for_case)
        changes += _changes(row, f"{subject}, {stage.label}", stage, for_stage)
        changes += _changes(row, f"{subject}, {photo.stage}, {photo.view}", photo, said)
        case = replace(case, **for_case)  # type: ignore[arg-type]  # each of its own kind
        by_id[stage.id] = replace(stage, **for_stage)  # type: ignore[arg-type]  # likewise
        if any(said[name] != getattr(photo, name) for name in _PHOTO_TEXTS):
            words[photo.id] = Words(said["alt"], said["caption"])
    return CaseCorrections(case, tuple(by_id.values()), words, tuple(changes))


def _of_case(row: Row, case: Case) -> dict[str, object]:
    said: dict[str, object] = {name: row.texts[name] or getattr(case, name) for name in _CASE_TEXTS}
    said["minor"] = row.minor if row.texts["minor"] else case.minor
    said["tags"] = tuple(dict.fromkeys((*case.tags, *row.tags)))
    return said


def _of_stage(row: Row, stage: Stage) -> dict[str, object]:
    said: dict[str, object] = {name: row.texts[name] or getattr(stage, name) for name in _STAGE_TEXTS}
    said["performed_by"] = row.performed_by if row.texts["performed_by"] else stage.performed_by
    said["in_progress"] = row.in_progress if row.texts["in_progress"] else stage.in_progress
    said["session"] = row.session if row.texts["session"] else stage.session
    said["sessions"] = row.sessions if row.texts["sessions"] else stage.sessions
    return said


def _changes(
    row: Row, place: str, recorded: object, said: dict[str, object] | dict[str, str]
) -> list[Correction]:
    return [
        Correction(row.number, place, name, _shown(getattr(recorded, name)), _shown(value))
        for name, value in said.items()
        if value != getattr(recorded, name)
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value or "")


def write_corrections(p: Practice, corrected: CaseCorrections) -> None:
    """Record what a list corrects, as a person who saves the case's pages would.

    A case whose readers see a change is held back until it is approved anew.
    """
    case = corrected.case
    facts = sorted({one.column for one in corrected.changes} - set(_PHOTO_TEXTS))
    if facts:
        details = p.casework.details(case.number)
        edit = SectionEdit(version_of(p, case, Section.FACTS), facts)
        save_section(
            p, case, Section.FACTS, edit, lambda: p.casework.write_facts(case, corrected.stages, details)
        )
    if corrected.words:
        edit = SectionEdit(version_of(p, case, Section.WORDS), sorted(map(str, corrected.words)))
        save_section(p, case, Section.WORDS, edit, lambda: p.casework.write_words(corrected.words))
