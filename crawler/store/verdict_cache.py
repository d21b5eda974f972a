"""What was already said about bytes seen before, for any process: only reads, and starts without heavy imports."""

import json
import sqlite3
import threading
from pathlib import Path

from crawler.model import Judgement

_TURNED = ("photo", "upto", "also", "carries_our_mark")  # kept under another name, or as another type


class Recall:
    """Remembers, in any process, what was already said about bytes seen before; only reads."""

    def __init__(self, database: Path, upto: int) -> None:
        """Trust answers that were given with at least the photos up to this number."""
        self._database, self._upto = database, upto

    def __call__(self, digest: str) -> Judgement | None:
        """Give what was said about these bytes; None when they are new, or we have more photos since."""
        rows = (
            _reader(self._database)
            .execute("select * from contents where digest = ? and matched_upto >= ?", (digest, self._upto))
            .fetchall()
        )
        if not rows:
            return None
        row = rows[0]
        also = tuple((int(photo), float(probability)) for photo, probability in json.loads(row["also"]))
        values = {name: row[name] for name in Judgement.__slots__ if name not in _TURNED}
        marked = bool(row["carries_our_mark"])
        return Judgement(
            **values, photo=row["photo_id"], upto=row["matched_upto"], also=also, carries_our_mark=marked
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
