"""The catalogue's database, which is opened here and nowhere else."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database, Migrations

from gallery.errors import DamagedError
from gallery.store.audit import differences
from gallery.store.migrations import migrations
from gallery.store.record import Recorder, is_kept

BUSY_TIMEOUT_MS = 30_000


class Catalogue(Database):
    """An opened catalogue that seals what is written through it."""

    recorder: Recorder


def open_database(path: Path) -> Database:
    """Open the catalogue, brought up to date."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = Catalogue(path)
        db.recorder = Recorder(db.conn, path.parent)
        db.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
        tables = db.table_names()
        if tables and "cases" not in tables:
            raise DamagedError(
                f"{path} is a database of something else than pairwatch (it has {', '.join(tables[:3])})",
                hint="restore your backup, or name another folder with --data",
            )
        db.execute("pragma foreign_keys = on")
        db.execute("pragma secure_delete = on")  # a discarded draft's pictures are not left in free pages
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        bring_up_to_date(db, migrations)
    except (sqlite3.DatabaseError, OSError) as error:
        raise DamagedError(
            f"the catalogue {path} cannot be opened: {error}",
            hint="check the disk and the folder's permissions, or restore your last backup",
        ) from error
    return db


def recorder_of(db: Database) -> Recorder:
    """Give what seals the writes of an opened catalogue.

    Raises:
        TypeError: It was not opened here.
    """
    if not isinstance(db, Catalogue):
        raise TypeError("only a catalogue opened by open_database can be written to")
    return db.recorder


def bring_up_to_date(db: Database, wanted: Migrations) -> None:
    """Apply pending migrations, and seal rows as these leave them."""
    if not wanted.pending(db):
        return
    recorder = recorder_of(db)
    recorder.detach()
    with transaction(db):
        before = differences(db.conn) if is_kept(db.conn) else []
        wanted.apply(db)
        recorder.take_over(before)


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Write all of a block or nothing of it.

    The write lock is taken at once, so that writers wait their turn.

    Inside another transaction it is a part of that one.
    """
    if db.conn.in_transaction:
        with db.atomic():
            yield
        return
    recorder = db.recorder if isinstance(db, Catalogue) else None
    if recorder:
        recorder.attach()
    db.conn.execute("begin immediate")
    try:
        yield
        if recorder:
            recorder.finish()
    except BaseException:
        db.conn.rollback()
        if recorder:
            recorder.rolled_back()
        raise
    db.conn.commit()
    if recorder:
        recorder.committed()


class Store:
    """Records in an opened catalogue, on its one connection."""

    def __init__(self, db: Database) -> None:
        """Read from and write to this catalogue."""
        self._db = db
