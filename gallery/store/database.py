"""The catalogue's database, which is opened here and nowhere else."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database

from gallery.errors import DamagedError
from gallery.store.migrations import migrations

BUSY_TIMEOUT_MS = 30_000


def open_database(path: Path) -> Database:
    """Open the catalogue, brought up to date."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = Database(path)
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
        if migrations.pending(db):
            with transaction(db):
                migrations.apply(db)
    except (sqlite3.DatabaseError, OSError) as error:
        raise DamagedError(
            f"the catalogue {path} cannot be opened: {error}",
            hint="check the disk and the folder's permissions, or restore your last backup",
        ) from error
    return db


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
    db.conn.execute("begin immediate")
    try:
        yield
    except BaseException:
        db.conn.rollback()
        raise
    db.conn.commit()


class Store:
    """Records in an opened catalogue, on its one connection."""

    def __init__(self, db: Database) -> None:
        """Read from and write to this catalogue."""
        self._db = db
