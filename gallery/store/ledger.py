"""Who did what and when, in rows chained by their hashes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gallery.events import Action, action_of
from gallery.store.audit import chain_problems
from gallery.store.database import Store, recorder_of, transaction
from gallery.store.head import EMPTY, Head
from gallery.times import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row, whose hash covers it and the hash before."""

    seq: int
    at: str
    actor: str
    action: Action
    subject: str
    detail: Mapping[str, object]
    prev: str
    hash: str
    sealed: str = ""
    signature: str = ""


class Ledger(Store):
    """The append-only record of intake, consent, publication, withdrawal and decisions."""

    def append(
        self,
        actor: str,
        action: Action,
        subject: str,
        detail: Mapping[str, object],
        now: datetime,
        *,
        pending: bool = False,
    ) -> Head:
        """Add a signed row that seals what was changed, and give the new head.

        `pending` covers also what was written without a row of its own.
        """
        with transaction(self._db):
            at = str(text_of(now))
            return recorder_of(self._db).append(actor, action, subject, detail, at, pending=pending)

    def head(self) -> Head:
        """Give the number and hash of the last row, or (0, zeros)."""
        rows = self._db.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
        return Head(int(rows[0]), str(rows[1])) if rows else EMPTY

    def entries(self, *, subject: str | None = None) -> list[Entry]:
        """Give the rows in order, of one subject or of all."""
        rows = self._db.query(
            "select * from ledger where :subject is null or subject = :subject order by seq",
            {"subject": subject},
        )
        return [_entry(row) for row in rows]

    def last(self, action: Action, count: int = 1) -> list[Entry]:
        """Give the last rows of an action, the newest first."""
        query = "select * from ledger where action = ? order by seq desc limit ?"
        return [_entry(row) for row in self._db.query(query, [str(action), count])]

    def verify(self, *, expected: Head | None = None) -> list[str]:
        """Name what breaks the chain, or a head that was kept elsewhere."""
        return chain_problems(self._db.conn, expected=expected)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(**{**row, "action": action_of(row["action"]), "detail": json.loads(row["detail"])})
