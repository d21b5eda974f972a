"""Who did what and when, in rows chained by their hashes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gallery.events import Action, action_of
from gallery.store.database import Store, transaction
from gallery.times import text_of

_START = "sha256:" + "0" * 64


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


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's end, kept elsewhere to prove that nothing was cut off."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """Write it down as SEQ:HASH."""
        return f"{self.seq}:{self.hash}"


class Ledger(Store):
    """The append-only record of intake, consent, publication, withdrawal and decisions."""

    def append(
        self, actor: str, action: Action, subject: str, detail: Mapping[str, object], now: datetime
    ) -> Head:
        """Add a row and give the new head."""
        with transaction(self._db):
            head = self.head()
            row: dict[str, object] = {
                "seq": head.seq + 1,
                "at": text_of(now),
                "actor": actor,
                "action": str(action),
                "subject": subject,
                "detail": _canonical(detail),
                "prev": head.hash,
            }
            row["hash"] = _hash(row)
            self._db.execute(
                """insert into ledger (seq, at, actor, action, subject, detail, prev, hash)
                   values (:seq, :at, :actor, :action, :subject, :detail, :prev, :hash)""",
                row,
            )
        return Head(head.seq + 1, str(row["hash"]))

    def head(self) -> Head:
        """Give the number and hash of the last row, or (0, zeros)."""
        rows = self._db.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
        return Head(int(rows[0]), str(rows[1])) if rows else Head(0, _START)

    def entries(self, *, subject: str | None = None) -> list[Entry]:
        """Give the rows in order, of one subject or of all."""
        rows = self._db.query(
            "select * from ledger where :subject is null or subject = :subject order by seq",
            {"subject": subject},
        )
        return [
            Entry(**{**row, "action": action_of(row["action"]), "detail": json.loads(row["detail"])})
            for row in rows
        ]

    def verify(self, *, expected: Head | None = None) -> list[str]:
        """Name what breaks the chain, or a head that was kept elsewhere."""
        problems: list[str] = []
        prev, seq = _START, 0
        for row in self._db.query("select * from ledger order by seq"):
            seq += 1
            if row["seq"] != seq:
                problems.append(f"ledger row {seq} is missing: row {row['seq']} follows row {seq - 1}")
                seq = row["seq"]
            if row["prev"] != prev or row["hash"] != _hash(row):
                problems.append(f"ledger row {row['seq']} ({row['action']}) was changed after it was written")
            prev = row["hash"]
            if expected and expected.seq == seq and expected.hash != prev:
                problems.append(f"ledger row {seq} is not the one whose hash was kept")
        if expected and expected.seq > seq:
            problems.append(f"the ledger ends at row {seq}, but row {expected.seq} was once written")
        return problems


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _hash(row: Mapping[str, object]) -> str:
    covered = {key: row[key] for key in ("seq", "at", "actor", "action", "subject", "detail", "prev")}
    return "sha256:" + hashlib.sha256(_canonical(covered).encode()).hexdigest()
