"""The last answer about bytes, for any process."""

import json
import sqlite3
import threading
from pathlib import Path

from crawler.model import Judgement

_RENAMED = ("photo", "upto", "also", "carries_our_mark")  # kept under another name, or as another type


class VerdictCache:
    """Reads what was already said about bytes seen before."""

    def __init__(self, database: Path, upto: int, basis: str) -> None:
        """Trust answers of this basis with at least these photos."""
        self._database, self._upto, self._basis = database, upto, basis

    def __call__(self, digest: str) -> Judgement | None:
        """Give what was said about these bytes, if it still holds."""
        row = (
            _reader(self._database)
            .execute(
                "select * from contents where digest = ? and matched_upto >= ? and basis = ?",
                (digest, self._upto, self._basis),
            )
            .fetchone()
        )
        if row is None:
            return None
        return Judgement(
            **{name: row[name] for name in Judgement.__slots__ if name not in _RENAMED},
            photo=row["photo_id"],
            upto=row["matched_upto"],
            also=tuple((int(photo), float(probability)) for photo, probability in json.loads(row["also"])),
            carries_our_mark=bool(row["carries_our_mark"]),
        )


_here = threading.local()


def _reader(database: Path) -> sqlite3.Connection:
    """Give this thread's own read-only connection."""
    if getattr(_here, "database", None) != database:
        _here.connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
        _here.connection.row_factory = sqlite3.Row
        _here.database = database
    connection: sqlite3.Connection = _here.connection
    return connection
