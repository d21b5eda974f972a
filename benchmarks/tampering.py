"""How many random tamperings of a data folder `pairwatch verify` names.

    python -m benchmarks.tampering FOLDER [--count 10000] [--seed 1]

FOLDER is a data folder with findings (that of `pairwatch demo`, say); it is copied and not changed. Each tampering is
by somebody who can write every file but has not the signing key: bits, truncation, swaps and removal of database,
head, evidence and original files, and rows edited, taken out, put in, cut off or dated back past the triggers. Bits in
the database's unused space, which no row is read from, are counted apart.
"""

# ruff: noqa: S608 (names of tables, none of them from outside)

import argparse
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler.store.database import open_watch
from gallery.services.integrity import verify_record
from gallery.settings import DataFolder
from gallery.store.record import PROTECTED

_SECRET = frozenset(("signing.key", "cookie.key", "chart.key", "marks.key"))


@dataclass(frozen=True, slots=True)
class Target:
    """A copied folder and its files as they were."""

    folder: DataFolder
    files: tuple[Path, ...]
    database: bytes

    def restore(self, backup: Path) -> None:
        """Put back what a tampering took or changed."""
        for place in self.files:
            kept = backup / place.relative_to(self.folder.root)
            if not place.is_file() or place.read_bytes() != kept.read_bytes():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(kept, place)
        for ending in ("-wal", "-shm"):
            Path(f"{self.folder.database}{ending}").unlink(missing_ok=True)


Kind = Callable[[Target, random.Random], bool]
"""Tampers, and tells whether anything that counts was changed."""


def flip_bit(target: Target, rng: random.Random) -> bool:
    """Flip one bit of an evidence, original or head file."""
    place = rng.choice(_others(target))
    data = bytearray(place.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    place.write_bytes(data)
    return True


def flip_bit_of_database(target: Target, rng: random.Random) -> bool:
    """Flip one bit of the database; whether it counts is told by what it reads afterwards."""
    data = bytearray(target.database)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    target.folder.database.write_bytes(data)
    return _contents(target.folder.database) != _contents_of(target)


def truncate(target: Target, rng: random.Random) -> bool:
    """Cut the end off any file."""
    place = rng.choice([*_others(target), target.folder.database])
    data = place.read_bytes()
    place.write_bytes(data[: rng.randrange(len(data))])
    return True


def swap_files(target: Target, rng: random.Random) -> bool:
    """Exchange two evidence or original files."""
    one, other = rng.sample([place for place in _others(target) if place.name != "ledger.head"], 2)
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)
    return one.read_bytes() != other.read_bytes()


def remove_file(target: Target, rng: random.Random) -> bool:
    """Take a file away."""
    rng.choice(_needed(target)).unlink()
    return True


def edit_row(target: Target, rng: random.Random) -> bool:
    """Change one value of one protected or ledger row."""
    with _opened(target) as db:
        table, columns, rowid = _row(db, rng)
        column = rng.choice(columns)
        return _edit(db, table, rowid, column, rng)


def remove_row(target: Target, rng: random.Random) -> bool:
    """Take a row out."""
    with _opened(target) as db:
        table, _, where = _row(db, rng)
        return db.execute(f"delete from {table} where {where}").rowcount > 0


def put_row(target: Target, rng: random.Random) -> bool:
    """Put a row in that is like another."""
    with _opened(target) as db:
        tables = [
            name
            for name in ("decisions", "consents", "observations", "judgements", "tips")
            if _count(db, name)
        ]
        table = rng.choice(tables)
        columns = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] != "id"]
        names = ", ".join(columns)
        source = f"select {names} from {table} order by random() limit 1"
        try:
            return db.execute(f"insert into {table} ({names}) {source}").rowcount > 0
        except sqlite3.IntegrityError:
            return False


def cut_tail(target: Target, rng: random.Random) -> bool:
    """Cut ledger rows off, and lay an older row's signature out as the head."""
    with _opened(target) as db:
        last = db.execute("select max(seq) from ledger").fetchone()[0]
        left = rng.randrange(1, last)
        db.execute("delete from ledger where seq > ?", [left])
        db.execute("delete from record_leaves where seq > ?", [left])
        seq, value, signature = db.execute(
            "select seq, hash, signature from ledger where seq = ?", [left]
        ).fetchone()
    head = target.folder.root / "ledger.head"
    match rng.randrange(3):
        case 0:
            head.write_text(f"{seq}:{value}\n{signature}\n")
        case 1:
            head.unlink()
    return True


def date_back(target: Target, rng: random.Random) -> bool:
    """Date a row of the ledger or of a table years back."""
    with _opened(target) as db:
        table, column = rng.choice(
            [
                ("ledger", "at"),
                ("decisions", "at"),
                ("observations", "image_received"),
                ("consents", "recorded_at"),
            ]
        )
        value = f"20{rng.randrange(10, 20)}-01-01T00:00:00.000+00:00"
        query = f"update {table} set {column} = ? where rowid = (select rowid from {table} order by random() limit 1)"
        return db.execute(query, [value]).rowcount > 0


KINDS: dict[str, Kind] = {
    "bit": flip_bit,
    "bit of the database": flip_bit_of_database,
    "truncation": truncate,
    "swap": swap_files,
    "removal": remove_file,
    "row edit": edit_row,
    "row out": remove_row,
    "row in": put_row,
    "tail": cut_tail,
    "back-dating": date_back,
}


def tamper(source: DataFolder, *, count: int, seed: int) -> tuple[Counter[str], Counter[str], list[str]]:
    """Tamper with copies of a folder.

    Returns:
        How many of each kind were made, how many of these `verify` named, and those that it did not.
    """
    made, named, missed = Counter[str](), Counter[str](), list[str]()
    rng = random.Random(seed)
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as desk:
        backup = Path(desk) / "backup"
        target = _target(source, Path(desk) / "data", backup)
        before = verify_record(target.folder, now=now)
        if before:
            raise SystemExit(f"{source.root} is not sound to begin with: {before[0]}")
        for number in range(count):
            kind = rng.choice(list(KINDS))
            own = random.Random(rng.random())
            counts = KINDS[kind](target, own)
            name = kind if counts else f"{kind}: nothing that counts"
            made[name] += 1
            if verify_record(target.folder, now=now):
                named[name] += 1
            elif counts:
                missed.append(f"{number}: {kind}")
            target.restore(backup)
    return made, named, missed


def _target(source: DataFolder, place: Path, backup: Path) -> Target:
    ignored = shutil.ignore_patterns("public", "renditions", "channels", "index", "incoming", "*.lock")
    shutil.copytree(source.root, place, ignore=ignored)
    folder = DataFolder(place)
    open_watch(folder.database).close()
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute("pragma journal_mode = delete")
    kept = ("originals", "evidence")
    files = [one for top in kept for one in sorted((place / top).rglob("*")) if one.is_file()]
    files += [folder.database, place / "ledger.head"]
    shutil.copytree(place, backup)
    return Target(folder, tuple(files), folder.database.read_bytes())


def _others(target: Target) -> list[Path]:
    return [one for one in target.files if one != target.folder.database and one.stat().st_size]


def _needed(target: Target) -> list[Path]:
    """Give files that a row speaks of; others may go without any loss."""
    with closing(sqlite3.connect(target.folder.database)) as db:
        digests = {
            row[0] for row in db.execute("select digest from photos union select digest from finding_digests")
        }
        digests |= {row[0] for row in db.execute("select document from consents where document is not null")}
    return [one for one in _others(target) if f"sha256:{one.name}" in digests or one.name == "ledger.head"]


class _opened:  # noqa: N801 (a context manager)
    """The database past every trigger."""

    def __init__(self, target: Target) -> None:
        self._db = sqlite3.connect(target.folder.database)

    def __enter__(self) -> sqlite3.Connection:
        for (name,) in self._db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            self._db.execute(f"drop trigger {name}")
        return self._db

    def __exit__(self, *_: object) -> None:
        self._db.commit()
        self._db.close()


def _count(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f"select count(*) from {table}").fetchone()[0])


def _row(db: sqlite3.Connection, rng: random.Random) -> tuple[str, list[str], str]:
    """Choose a row of a protected or ledger table."""
    known = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    tables = [name for name in ("ledger", "record_leaves", *PROTECTED) if name in known and _count(db, name)]
    table = rng.choice([name for name in tables if name != "sightings"])
    left_out = PROTECTED[table].left_out if table in PROTECTED else frozenset()
    columns = [row[1] for row in db.execute(f"pragma table_info({table})") if row[1] not in left_out]
    key = PROTECTED[table].key if table in PROTECTED else (("seq",) if table == "ledger" else ("id",))
    rows = db.execute(f"select {', '.join(key)} from {table}").fetchall()
    chosen = rng.choice(rows)
    where = " and ".join(f"{name} = {_literal(value)}" for name, value in zip(key, chosen, strict=True))
    if table == "record_leaves":
        columns = ["seq", "key", "leaf"]
    return table, columns, where


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _edit(db: sqlite3.Connection, table: str, where: str, column: str, rng: random.Random) -> bool:
    before = db.execute(f"select {column} from {table} where {where}").fetchone()[0]
    db.execute("pragma ignore_check_constraints = on")
    match before:
        case int() | float():
            value: object = before + rng.randrange(1, 9)
        case bytes():
            value = bytes([before[0] ^ 1]) + before[1:] if before else b"x"
        case None:
            value = "2026-01-01"
        case _:
            value = f"{before}x"
    try:
        return db.execute(f"update {table} set {column} = ? where {where}", [value]).rowcount > 0
    except sqlite3.IntegrityError:
        return False


def _contents(database: Path) -> object:
    """Give all that can be read of the record, or what prevents it."""
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as db:
            if db.execute("pragma integrity_check").fetchall() != [("ok",)]:
                return "damaged"
            return list(_dump(db))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def _contents_of(target: Target) -> object:
    key = id(target)
    if key not in _KNOWN:
        place = target.folder.root / "whole.db"
        place.write_bytes(target.database)
        _KNOWN[key] = _contents(place)
        place.unlink()
    return _KNOWN[key]


_KNOWN: dict[int, object] = {}


def _dump(db: sqlite3.Connection) -> Iterator[object]:
    known = {row[0] for row in db.execute("select name from sqlite_master where type = 'table'")}
    for table in ("ledger", "record_forms", "record_leaves", *PROTECTED):
        if table in known:
            yield table, db.execute(f"select * from {table}").fetchall()


def main() -> None:
    """Print the counts, and what was not named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    made, named, missed = tamper(DataFolder(asked.folder), count=asked.count, seed=asked.seed)
    for kind, number in sorted(made.items()):
        print(f"{kind}: {named[kind]} of {number} named")
    print("\n".join(missed) or "all named")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
