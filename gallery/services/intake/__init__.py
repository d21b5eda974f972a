"""Intake of photographs into the catalogue, whole or not at all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from gallery.errors import GalleryError, RefusedError
from gallery.model import Consent, Photo
from gallery.parallel import Progress, silently
from gallery.services.consents import record_consent
from gallery.services.fingerprints import Fingerprints
from gallery.services.intake.check import GLANCE_PX, INTAKE_LIMITS, Checked, Refused, check_files, find_file
from gallery.services.intake.corrections import CaseCorrections, Correction, corrections_of, write_corrections
from gallery.services.intake.manifest import ConsentTerms, Manifest, Problem, Row, read_manifest, read_row
from gallery.services.intake.plan import (
    Addition,
    ImportPlan,
    Shelf,
    case_of,
    contradictions,
    plan_import,
    stage_of,
)
from gallery.services.intake.writer import Arrival, CaseArrival, add_to_catalogue
from gallery.services.practice import Practice, practice
from gallery.settings import DataFolder
from gallery.stages import says_before
from watermark.errors import WatermarkError
from watermark.picture.perceptual_hash import Look
from watermark.picture.sandbox import sandbox

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Who imports, when, and how bad rows, existing cases and photos that are there twice are taken."""

    actor: str
    now: datetime
    skip_bad: bool = False
    add_to_existing: bool = False
    allow_alike: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    photos: tuple[Photo, ...]
    new_cases: tuple[int, ...]
    unchanged: int
    consents: int
    skipped: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    corrected: tuple[Correction, ...] = ()


class ListRefusedError(RefusedError):
    """Rows of a list are wrong, so nothing was imported."""

    def __init__(self, message: str, problems: Sequence[Problem], *, hint: str) -> None:
        """Keep the sentence for people, and the problems one by one."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def to_json(self) -> dict[str, object]:
        """Give it as plain values, each problem for itself."""
        return super().to_json() | {"problems": [problem.to_json() for problem in self.problems]}


Agree = Callable[[Sequence[Correction]], bool]
"""Is shown what a list corrects, and says whether it is recorded."""


def import_manifest(
    folder: DataFolder,
    manifest: Path,
    wishes: Wishes,
    *,
    agree: Agree | None = None,
    progress: Progress = silently,
) -> Imported:
    """Import the photographs that a manifest lists.

    All of them come in, or with `skip_bad` all good ones.

    Everything is checked before the catalogue changes, in one transaction; each file is read and opened once.
    Interrupted at any moment, the same call finishes the work.

    Args:
        folder: Of the practice.
        manifest: The list.
        wishes: How it is taken.
        agree: Is asked where the list corrects what is recorded; without it such a list is refused.
        progress: Shows how far it has come.

    Raises:
        GalleryError: The manifest or rows in it are wrong (each is named), and nothing was imported.
    """
    folder.require()
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise RefusedError(
            f"the manifest {manifest} cannot be read: {error.strerror}",
            hint="name a CSV file with the columns case,stage,view,file",
        ) from error
    with practice(folder, actor=wishes.actor, now=wishes.now) as p:
        return _imported(p, read_manifest(data), manifest.parent, manifest.name, wishes, progress, agree)


@dataclass(frozen=True, slots=True)
class File:
    """A photograph for a case, and where it belongs."""

    stage: str
    view: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be added.

    Attributes:
        files: Its photographs, relative to the working folder.
        number: Its public number; the next free one where it is None.
        tags: Words to find it by.
        performed_by: us, other or unknown, who did the work that stages after treatment show.
        procedure: What was done.
    """

    files: Sequence[File]
    number: int | None = None
    tags: Sequence[str] = ()
    performed_by: str = ""
    procedure: str = ""


def add_case(
    p: Practice, new: NewCase, *, allow_alike: bool = False, progress: Progress = silently
) -> tuple[int, Imported]:
    """Add a case with its photographs.

    Raises:
        ListRefusedError: A file or a value is wrong; each problem's row counts the files from 0.
    """
    number = new.number or p.catalog.next_number()
    rows, problems = [], []
    for at, file in enumerate(new.files):
        texts = {"case": str(number), "stage": file.stage, "view": file.view, "file": file.path}
        texts["tags"] = "|".join(new.tags)
        if not says_before(file.stage):
            texts |= {"performed_by": new.performed_by, "procedure": new.procedure}
        row, wrong = read_row(at, texts)
        problems += wrong
        rows += [row] if row else []
    wishes = Wishes(actor=p.actor, now=p.now, allow_alike=allow_alike)
    listed = Manifest(tuple(rows), tuple(problems))
    return number, _imported(p, listed, Path.cwd(), "the files", wishes, progress)


def _imported(  # noqa: PLR0913, PLR0917 (both ways in have as many)
    p: Practice,
    listed: Manifest,
    beside: Path,
    name: str,
    wishes: Wishes,
    progress: Progress,
    agree: Agree | None = None,
) -> Imported:
    paths = [find_file(beside, row.file) for row in listed.rows]
    keep = wishes.skip_bad or not (
        listed.problems or contradictions(listed.rows)
    )  # else nothing will come in
    p.originals.sweep(frozenset(p.catalog.photo_digests().values()))
    files = list(progress(check_files(p.folder.originals, paths, keep=keep), len(paths), "Checking photos"))
    try:
        plan = _planned(p, listed, files, name, wishes)
        corrected = _agreed(p, plan, agree)
        imported = _write(p, plan, corrected, progress)
        notes = [f"{new.row.file} {new.file.note}." for new in plan.additions if new.file.note]
        known = {photo.digest: photo.id for photo in imported.photos}
        made = {
            known[new.file.digest]: new.file.fingerprint for new in plan.additions if new.file.fingerprint
        }
        photos = {photo.id: photo for photo in p.catalog.photos()}
        Fingerprints(p.folder, photos, notes.append).catch_up(progress=progress, made=made)
    finally:
        for file in files:
            if isinstance(file, Checked):
                file.discard()
    return replace(imported, notes=tuple(notes))


def _planned(
    p: Practice, listed: Manifest, files: Sequence[Checked | Refused], name: str, wishes: Wishes
) -> ImportPlan:
    photos = {photo.id: photo for photo in p.catalog.photos()}
    shelf = Shelf(
        {case.number: case for case in p.catalog.cases()},
        {photo.digest: photo for photo in photos.values()},
        partial(_shown_already, p, photos, Fingerprints(p.folder, photos, _unsaid)),
    )
    plan = plan_import(
        listed.rows,
        files,
        shelf,
        add_to_existing=wishes.add_to_existing,
        allow_alike=wishes.allow_alike,
    )
    problems = sorted([*listed.problems, *plan.problems], key=lambda problem: problem.row)
    if problems and (not wishes.skip_bad or not (plan.additions or plan.known)):
        raise _refusal(name, problems)
    return ImportPlan(plan.additions, plan.known, tuple(problems))


def _agreed(p: Practice, plan: ImportPlan, agree: Agree | None) -> list[CaseCorrections]:
    """Ask for a yes to what the list corrects.

    Raises:
        RefusedError: Nobody is there to be asked.
    """
    corrected = []
    for number, pairs in _grouped(plan.known, lambda known: known.row.case).items():
        rows = [(known.row, known.photo) for known in pairs]
        one = corrections_of(p.catalog.case(number), p.catalog.stages(number), rows)
        corrected += [one] if one.changes else []
    changes = [change for one in corrected for change in one.changes]
    if changes and agree is None:
        raise RefusedError(
            "\n".join(["nothing was imported: the list corrects what is recorded", *_listed(changes)]),
            hint="read the differences and run it again with --yes",
        )
    return corrected if changes and agree and agree(changes) else []


def _listed(changes: Sequence[object]) -> list[str]:
    more = [f"  … and {len(changes) - _SHOWN} more"] if len(changes) > _SHOWN else []
    return [*(f"  {change}" for change in changes[:_SHOWN]), *more]


def _shown_already(
    p: Practice, photos: Mapping[int, Photo], known: Fingerprints, file: Checked
) -> Photo | None:
    """Find a catalogued photo that a file shows too; one that cannot be opened is none."""
    for key in known.alike(file.look):
        with suppress(GalleryError, WatermarkError):
            original = p.originals.get(photos[key].digest)
            if file.look.same(Look.of(sandbox().open_picture(original, INTAKE_LIMITS, longest=GLANCE_PX))):
                return photos[key]
    return None


def _unsaid(_line: str) -> None:
    """Say nothing: what an index lacks is said when it is caught up."""


def _refusal(name: str, problems: Sequence[Problem]) -> ListRefusedError:
    lines = _listed(problems)
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ListRefusedError(
        "\n".join([f"nothing was imported: {count} in {name}", *lines]),
        problems,
        hint="correct these places and import again, or import all other rows with --skip-bad",
    )


def _write(
    p: Practice, plan: ImportPlan, corrected: Sequence[CaseCorrections], progress: Progress
) -> Imported:
    """Seal a plan's originals, then write the catalogue in one transaction."""
    for new in progress(plan.additions, len(plan.additions), "Sealing originals"):
        if new.file.staged is not None:
            p.originals.seal(new.file.staged, new.file.digest)
    with p.together():
        before = {case.number for case in p.catalog.cases()}
        arrivals = [_arrival(rows) for rows in _grouped(plan.additions, lambda new: new.row.case).values()]
        added = add_to_catalogue(p, arrivals, held=False)
        photos = [(new.row, added[new.file.digest]) for new in plan.additions]
        for one in corrected:
            write_corrections(p, one)
        consents = _add_consents(p, [*photos, *((known.row, known.photo) for known in plan.known)])
    rows = {change.row for one in corrected for change in one.changes}
    return Imported(
        photos=tuple(photo for _, photo in photos),
        new_cases=tuple(one.case.number for one in arrivals if one.case.number not in before),
        unchanged=len({known.row.number for known in plan.known} - rows),
        corrected=tuple(change for one in corrected for change in one.changes),
        consents=consents,
        skipped=plan.problems,
    )


def _arrival(additions: Sequence[Addition]) -> CaseArrival:
    """Put a case together from its rows, the stages before treatment first."""
    stages = _grouped([new.row for new in additions], lambda row: row.stage.lower())
    ordered = sorted(stages, key=lambda label: not says_before(label))
    return CaseArrival(
        case=case_of([new.row for new in additions]),
        stages=[stage_of(stages[label]) for label in ordered],
        photos=[_photo(new) for new in additions],
    )


def _photo(new: Addition) -> Arrival:
    row, file = new.row, new.file
    photo = Photo(
        case=row.case,
        stage=row.stage,
        view=row.view,
        file=row.file,
        digest=file.digest,
        bytes=file.bytes,
        width=file.width,
        height=file.height,
        format=file.format,
        taken_at=row.taken.isoformat() if row.taken else file.taken_at,
        taken_by=row.texts["taken_by"],
        alt=row.texts["alt"],
        caption=row.texts["caption"],
    )
    return Arrival(photo=photo, detail={"taken_by": photo.taken_by})


def _add_consents(p: Practice, photos: Sequence[tuple[Row, Photo]]) -> int:
    """Record the consents that rows name and that are not recorded yet."""
    recorded = p.catalog.consents()
    named = _grouped(
        [pair for pair in photos if pair[0].consent], lambda pair: (pair[0].case, pair[0].consent)
    )
    count = 0
    for (case, terms), pairs in named.items():
        if terms is None:
            continue
        covered = {
            photo
            for consent in recorded
            if (consent.case, consent.signed_on, consent.expires_on)
            == (case, terms.signed_on, terms.expires_on)
            and terms.channels <= consent.channels
            for photo in (consent.photos or ())
        }
        fresh = frozenset(photo.id for _, photo in pairs) - covered
        if fresh:
            record_consent(p, _consent(case, terms, fresh))
            count += 1
    return count


def _consent(case: int, terms: ConsentTerms, photos: frozenset[int]) -> Consent:
    return Consent(
        case=case,
        signed_on=terms.signed_on,
        expires_on=terms.expires_on,
        channels=terms.channels,
        photos=photos,
    )


Item = TypeVar("Item")
Key = TypeVar("Key")


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups
