"""Backup of the whole practice into one file, and its restoration.

What can be made anew from the rest is not in it.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from gallery.errors import ConflictError, DamagedError, RefusedError
from gallery.events import Action
from gallery.parallel import Progress, silently
from gallery.services.integrity import remember_head, remembered_head
from gallery.services.practice import practice
from gallery.settings import DataFolder
from gallery.store.head import Head, parse_head
from gallery.times import text_of

_LIST, _DATABASE, _DESK = "backup.json", "pairwatch.db", ".restoring"
_VERSION = 1
_CHUNK = 1 << 20
_MADE_ANEW = frozenset(
    ("public", "channels", "renditions", "index", "incoming", "crawl.spool", _DESK, "ledger.head")
)
_NO_BACKUP = "name a file that `pairwatch backup` wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup holds, and where the ledger ended when it was made."""

    file: Path
    made_at: str
    files: int
    bytes: int
    head: Head

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {
            "file": str(self.file),
            "made_at": self.made_at,
            "files": self.files,
            "bytes": self.bytes,
            "ledger_head": str(self.head),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A restored backup.

    Attributes:
        lost: How many ledger rows are known to have been written after it was made.
    """

    backup: Backup
    lost: int


def write_backup(
    folder: DataFolder, out: Path, *, actor: str, now: datetime, progress: Progress = silently
) -> Backup:
    """Write the practice's data into one tar file, whole or not at all.

    Others may go on working: the database is copied as it is at one moment, and what it speaks of never changes.
    The SHA-256 of every file is in the list at the end, which `read_backup` holds everything against.

    Raises:
        GalleryError: There is no catalogue, or a file of that name exists.
        OSError: The file cannot be written (disk full); nothing of it stays.
    """
    folder.require()
    if out.exists():
        raise ConflictError(
            f"{out} exists already", hint="name a new file; older backups are never written over"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")  # mkstemp makes it 0600
    fresh = Path(name)
    try:
        with tempfile.TemporaryDirectory(dir=folder.root, prefix=".backup-") as desk:
            copy = Path(desk) / _DATABASE
            head = _copy_database(folder.database, copy)
            places = [(_DATABASE, copy), *_places(folder)]
            with os.fdopen(handle, "wb") as file:
                sums = _write_tar(file, progress(places, len(places), "Backup"), head, now)
                file.flush()
                os.fsync(file.fileno())
        with practice(folder, actor=actor, now=now) as p:  # it holds every original: who took them, where to
            about = {"file": str(out), "ledger_head": str(head)}
            p.ledger.append(actor, Action.BACKUP_WRITTEN, "catalogue", about, now, pending=True)
        os.link(fresh, out)  # never over a file that came there meanwhile
    finally:
        fresh.unlink(missing_ok=True)
    return Backup(file=out, made_at=text_of(now), files=len(sums), bytes=out.stat().st_size, head=head)


def _copy_database(source: Path, copy: Path) -> Head:
    """Copy the database while others write, and give its ledger's head."""
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(copy)) as still:
        live.backup(still)
        still.execute("pragma journal_mode = delete")
        row = still.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
    return Head(int(row[0]), str(row[1]))


def _places(folder: DataFolder) -> list[tuple[str, Path]]:
    """Give name and place of every file that cannot be made anew."""
    found = []
    for top in sorted(folder.root.iterdir()):
        is_database = top.name.startswith(_DATABASE)
        if top.name in _MADE_ANEW or is_database or top.suffix == ".lock" or top.name.startswith(".backup-"):
            continue
        inside = sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]
        found += [(one.relative_to(folder.root).as_posix(), one) for one in inside if _is_kept(one)]
    return found


def _is_kept(place: Path) -> bool:
    return place.is_file() and not place.is_symlink() and place.parent.name != "incoming"


def _write_tar(
    file: io.BufferedWriter, places: Iterable[tuple[str, Path]], head: Head, now: datetime
) -> dict[str, str]:
    sums: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, place in places:
            try:
                data = place.open("rb")
            except FileNotFoundError:
                continue  # discarded meanwhile; `restore` verifies that nothing needed is missing
            with data:
                info = tarfile.TarInfo(name)
                info.size, info.mode, info.mtime = (
                    os.fstat(data.fileno()).st_size,
                    0o600,
                    int(now.timestamp()),
                )
                sums[name] = hashlib.file_digest(data, "sha256").hexdigest()
                data.seek(0)
                tar.addfile(info, data)
        told = {
            "pairwatch": _VERSION,
            "made_at": text_of(now),
            "ledger_head": str(head),
            "sha256": sums,
        }
        listing = json.dumps(told, indent=1).encode()
        info = tarfile.TarInfo(_LIST)
        info.size, info.mode = len(listing), 0o600
        tar.addfile(info, io.BytesIO(listing))
    return sums


def restore_backup(
    folder: DataFolder, file: Path, *, actor: str, now: datetime, progress: Progress = silently
) -> Restored:
    """Put a backup into an empty data folder, checked to the last byte.

    The ledger gets a row that says so, and its kept head is set to that row.

    Raises:
        GalleryError: The folder is in use, or the file is no whole backup.
    """
    _require_empty(folder)
    before = remembered_head(folder)
    desk = folder.root / _DESK
    shutil.rmtree(desk, ignore_errors=True)
    desk.mkdir(mode=0o700, parents=True)
    try:
        backup = _unpack(file, desk, progress)
        _settle(desk, folder.root)
    finally:
        shutil.rmtree(desk, ignore_errors=True)
    lost = max(0, before.seq - backup.head.seq) if before else 0
    with practice(folder, actor=actor, now=now) as p:
        head = p.note(
            Action.CATALOGUE_RESTORED,
            "catalogue",
            made_at=backup.made_at,
            ledger_head=str(backup.head),
            lost=lost,
        )
    remember_head(folder, head)
    return Restored(backup=backup, lost=lost)


def _require_empty(folder: DataFolder) -> None:
    there = sorted(one.name for one in folder.root.iterdir()) if folder.root.is_dir() else []
    in_the_way = [name for name in there if name not in ("ledger.head", _DESK)]
    if in_the_way:
        raise ConflictError(
            f"{folder.root} is not empty: it holds {', '.join(in_the_way[:3])}",
            hint="restore into a new folder (--data NEW), look at it, and then move it to its place",
        )


def _unpack(file: Path, desk: Path, progress: Progress) -> Backup:
    """Write a backup's files below a folder and check them against its list."""
    sums: dict[str, str] = {}
    listing = b""
    try:
        with tarfile.open(file, mode="r:") as tar:
            members = list(_members(tar, file))
            for member in progress(members, len(members), "Restore"):
                data = tar.extractfile(member)
                if data is None:
                    continue
                if member.name == _LIST:
                    listing = data.read()
                else:
                    sums[member.name] = _write(data, desk / member.name)
        told = json.loads(listing)
        expected, made_at, head = told["sha256"], str(told["made_at"]), parse_head(str(told["ledger_head"]))
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"{file} is no whole backup: {error}", hint=_NO_BACKUP) from error
    wrong = sorted(name for name in sums.keys() | expected.keys() if sums.get(name) != expected.get(name))
    if wrong:
        raise DamagedError(
            f"{file} is damaged: {len(wrong)} files are not what was backed up, {wrong[0]} first",
            hint="take another copy of the backup; nothing was restored",
        )
    return Backup(file=file, made_at=made_at, files=len(sums), bytes=file.stat().st_size, head=head)


def _members(tar: tarfile.TarFile, file: Path) -> Iterator[tarfile.TarInfo]:
    """Give an archive's files, and refuse any that would be written elsewhere."""
    for member in tar:
        name = PurePosixPath(member.name)
        if not member.isreg() or name.is_absolute() or ".." in name.parts or "\\" in member.name:
            raise RefusedError(f"{file} holds {member.name!r}, which no backup does", hint=_NO_BACKUP)
        yield member


def _write(data: Iterable[bytes] | io.BufferedReader, place: Path) -> str:
    for above in reversed(place.parents):
        above.mkdir(mode=0o700, exist_ok=True)
    summed = hashlib.sha256()
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while chunk := data.read(_CHUNK):  # type: ignore[union-attr]
            summed.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return summed.hexdigest()


def _settle(desk: Path, root: Path) -> None:
    """Move what was unpacked to its place, the database last.

    Half a restore is then no catalogue.
    """
    tops = sorted(desk.iterdir(), key=lambda one: one.name == _DATABASE)
    for one in tops:
        one.rename(root / one.name)
    with suppress(OSError):
        root.chmod(0o700)
