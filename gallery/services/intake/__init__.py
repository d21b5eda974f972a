"""Intake: photographs come into the catalogue whole, in one step, and are watched for from then on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Consent, Photo
from gallery.parallel import Progress, silently
from gallery.services.intake.check import check_files
from gallery.services.intake.manifest import ConsentTerms, Manifest, Problem, Row, read_manifest
from gallery.services.intake.plan import Addition, Plan, Shelf, case_of, plan_import, stage_of
from gallery.services.lookup import Lookup
from gallery.services.withdraw import record_consent
from gallery.settings import DataFolder
from gallery.stages import says_before
from gallery.store.catalog import Catalog
from gallery.store.database import open_database, transaction
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault, digest_of

if TYPE_CHECKING:
    from sqlite_utils import Database

_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to import: who asks, when, and what to do about bad rows and existing cases."""

    actor: str
    now: datetime
    skip_bad: bool = False
    add_to_existing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    photos: tuple[Photo, ...]
    new_cases: tuple[int, ...]
    unchanged: int
    consents: int
    skipped: tuple[Problem, ...]
    notes: tuple[str, ...] = ()


class ListRefusedError(GalleryError):
    """Rows of a list are wrong, each in its place; nothing was imported."""

    def __init__(self, message: str, problems: Sequence[Problem], *, hint: str) -> None:
        """Keep the sentence for people, and the problems one by one."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def to_json(self) -> dict[str, object]:
        """Give it as plain values, each problem for itself."""
        return super().to_json() | {"problems": [problem.to_json() for problem in self.problems]}


def import_manifest(
    folder: DataFolder, manifest: Path, wishes: Wishes, *, progress: Progress = silently
) -> Imported:
    """Import the photographs that a manifest lists: all of them, or with `skip_bad` all good ones.

    Everything is checked before anything is written; the catalogue changes in one transaction; then the new
    photos are fingerprinted. Interrupted at any moment, the same call finishes the work.

    Raises:
        GalleryError: The manifest or rows in it are wrong (each is named), and nothing was imported.
    """
    try:
        data = manifest.read_bytes()
    except OSError as error:
        raise GalleryError(
            f"the manifest {manifest} cannot be read: {error.strerror}",
            hint="name a CSV file with the columns case,stage,view,file",
        ) from error
    return import_listed(folder, data, manifest, wishes, progress=progress)


def import_listed(
    folder: DataFolder, listed: bytes, manifest: Path, wishes: Wishes, *, progress: Progress = silently
) -> Imported:
    """Import as `import_manifest` does, from a manifest's bytes; `manifest` is where it lies, or would lie.

    Raises:
        GalleryError: The manifest or rows in it are wrong (each is named), and nothing was imported.
    """
    folder.require()
    plan = _checked_plan(folder, read_manifest(listed), manifest, wishes, progress)
    database = open_database(folder.database)
    try:
        imported = _Writer(folder, wishes, database).write(plan, manifest.parent, progress)
    finally:
        database.close()
    notes = [f"{new.row.file} {new.file.note}." for new in plan.additions if new.file.note]
    Lookup(folder, talk=notes.append).catch_up(progress=progress)
    return replace(imported, notes=tuple(notes))


def _checked_plan(
    folder: DataFolder, listed: Manifest, manifest: Path, wishes: Wishes, progress: Progress
) -> Plan:
    paths = [manifest.parent / row.file for row in listed.rows]
    files = list(progress(check_files(paths), len(paths), "Checking photos"))
    database = open_database(folder.database)
    try:
        catalog = Catalog(database)
        shelf = Shelf(
            {case.number: case for case in catalog.cases()},
            {photo.digest: photo for photo in catalog.photos()},
        )
    finally:
        database.close()
    plan = plan_import(listed.rows, files, shelf, add_to_existing=wishes.add_to_existing)
    problems = sorted([*listed.problems, *plan.problems], key=lambda problem: problem.row)
    if problems and (not wishes.skip_bad or not (plan.additions or plan.known)):
        raise _refusal(manifest, problems)
    return Plan(plan.additions, plan.known, tuple(problems))


def _refusal(manifest: Path, problems: Sequence[Problem]) -> ListRefusedError:
    lines = [f"  {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN} more")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return ListRefusedError(
        "\n".join([f"nothing was imported: {count} in {manifest.name}", *lines]),
        problems,
        hint="correct these places and import again, or import all other rows with --skip-bad",
    )


class _Writer:
    """Writes a plan: originals first (they are only files), then the catalogue in one transaction."""

    def __init__(self, folder: DataFolder, wishes: Wishes, database: "Database") -> None:
        self._vault = Vault(folder.originals)
        self._wishes, self._database = wishes, database
        self._catalog, self._ledger = Catalog(database), Ledger(database)

    def write(self, plan: Plan, beside: Path, progress: Progress) -> Imported:
        self._vault.sweep(frozenset(self._catalog.photo_digests().values()))
        for addition in progress(plan.additions, len(plan.additions), "Sealing originals"):
            self._seal(addition, beside)
        with transaction(self._database):
            new_cases = self._add_cases([addition.row for addition in plan.additions])
            stages = self._add_stages([addition.row for addition in plan.additions])
            photos = [(new.row, self._add_photo(new, stages)) for new in plan.additions]
            consents = self._add_consents([*photos, *((known.row, known.photo) for known in plan.known)])
        return Imported(
            photos=tuple(photo for _, photo in photos),
            new_cases=new_cases,
            unchanged=len(plan.known),
            consents=consents,
            skipped=plan.problems,
        )

    def _seal(self, addition: Addition, beside: Path) -> None:
        path = beside / addition.row.file
        try:
            data = path.read_bytes()
        except OSError as error:
            raise GalleryError(
                f"nothing was imported: {path} went away meanwhile ({error.strerror})"
            ) from error
        if digest_of(data) != addition.file.digest:
            raise GalleryError(f"nothing was imported: {path} was changed meanwhile", hint="import again")
        self._vault.put(data)

    def _add_cases(self, rows: Sequence[Row]) -> tuple[int, ...]:
        by_case = _grouped(rows, lambda row: row.case)
        new = [number for number in by_case if self._catalog.find_case(number) is None]
        for number, members in by_case.items():
            if number in new:
                self._catalog.add_case(case_of(members), self._wishes.now)
            else:
                self._catalog.tag_case(number, case_of(members).tags)
        return tuple(new)

    def _add_stages(self, rows: Sequence[Row]) -> dict[tuple[int, str], int]:
        """Add the stages that are not there yet, each case's "before" first; gives the id of each."""
        ids = {(stage.case, stage.label.lower()): stage.id for stage in self._catalog.stages()}
        by_stage = _grouped(rows, lambda row: (row.case, row.stage.lower()))
        for key in sorted(by_stage, key=lambda key: (key[0], not says_before(key[1]))):
            if key not in ids:
                ids[key] = self._catalog.add_stage(stage_of(by_stage[key])).id
        return ids

    def _add_photo(self, new: Addition, stages: Mapping[tuple[int, str], int]) -> Photo:
        row, file = new.row, new.file
        photo = Photo(
            case=row.case,
            stage_id=stages[row.case, row.stage.lower()],
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
        photo = self._catalog.add_photo(photo, self._wishes.now)
        detail = {"case": row.case, "stage": row.stage, "view": row.view, "digest": file.digest}
        detail |= {"taken_at": photo.taken_at, "taken_by": photo.taken_by}
        self._ledger.append(
            self._wishes.actor, Action.PHOTO_TAKEN_IN, f"photo {photo.id}", detail, self._wishes.now
        )
        return photo

    def _add_consents(self, photos: Sequence[tuple[Row, Photo]]) -> int:
        """Record the consents that rows name; what was recorded before, or withdrawn since, stays."""
        recorded = self._catalog.consents()
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
                record_consent(
                    self._database, _consent(case, terms, fresh), self._wishes.actor, self._wishes.now
                )
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
