"""The replay of tables against the ledger, and of the ledger against its seals."""

import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gallery.events import Action, action_of
from gallery.store.head import EMPTY, Head
from gallery.store.keys import signed_by
from gallery.store.record import (
    PROTECTED,
    Form,
    Leaf,
    current_forms,
    is_kept,
    newest_leaves,
    row_hash,
    row_of,
    rows_of,
    sealed_text,
    signed_part,
)
from gallery.times import moment_of

_BACK = timedelta(hours=1)
_WORDS = {
    "cases": "case",
    "case_tags": "tag",
    "case_details": "details of a case",
    "held_cases": "hold on a case",
    "stages": "stage",
    "photos": "photo",
    "authorships": "authorship",
    "consents": "consent",
    "consent_channels": "channel of a consent",
    "consent_photos": "photo of a consent",
    "approvals": "approval",
    "publications": "publication",
    "hidden_marks": "hidden mark",
    "handed_copies": "handed copy",
    "published_files": "published file",
    "users": "user",
    "sites": "site",
    "runs": "run",
    "failures": "failure",
    "tips": "tip",
    "mails": "mail",
    "findings": "finding",
    "judgements": "judgement",
    "decisions": "decision",
    "sightings": "sighting",
    "observations": "observation",
    "person_sightings": "sighting by a person",
    "finding_digests": "picture of a finding",
    "former_findings": "former finding",
    "captures": "capture",
    "capture_parts": "part of a capture",
    "capture_ends": "end of a capture",
    "bundles": "bundle",
}
Rows = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found wrong, and what is only worth knowing."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]


def replay(
    db: sqlite3.Connection,
    *,
    public: str = "",
    mac: Callable[[int, str, bytes], bytes] | None = None,
    expected: Head | None = None,
) -> Replayed:
    """Hold the ledger against its signatures, and all rows against the ledger.

    Args:
        db: The catalogue, which is only read.
        public: The public key that signs here; unknown if empty.
        mac: Authenticates what no ledger row covers yet; None where the key is not there.
        expected: A head that was kept elsewhere.
    """
    if not is_kept(db):
        problems = chain_problems(db, expected=expected, signed=False)
        return Replayed(
            tuple(problems), ("nothing in this catalogue is sealed yet: the next command does it",)
        )
    problems = chain_problems(db, expected=expected)
    notes: list[str] = []
    checks: tuple[Callable[[], list[str]], ...] = (
        lambda: _signers(db, public),
        lambda: _seals(db, mac, notes),
        lambda: differences(db),
        lambda: _taken_over(db, notes),
    )
    for check in checks:
        try:
            problems += check()
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            problems.append(f"a part of the record cannot be read: {error}")
    return Replayed(tuple(dict.fromkeys(problems)), tuple(notes))


def chain_problems(db: sqlite3.Connection, *, expected: Head | None = None, signed: bool = True) -> list[str]:
    """Name what breaks the chain, or a head that was kept elsewhere."""
    chain = _Chain(expected)
    try:
        for row in _ledger(db):
            chain.take(row)
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        return [*chain.problems, f"the ledger cannot be read after row {chain.seq}: {error}"]
    if chain.unsigned and signed:
        chain.problems.append(f"the last {chain.unsigned} ledger rows are signed by nobody")
    if expected and expected.seq > chain.seq:
        chain.problems.append(f"the ledger ends at row {chain.seq}, but row {expected.seq} was once written")
    return chain.problems


class _Chain:
    """What the rows of a ledger say of each other, in their order."""

    def __init__(self, expected: Head | None) -> None:
        self.problems: list[str] = []
        self.seq, self.unsigned = 0, 0
        self._expected, self._prev = expected, EMPTY.hash
        self._before: tuple[datetime, int] | None = None

    def take(self, row: Mapping[str, Any]) -> None:
        """Hold the next row against those before."""
        self.seq += 1
        if row["seq"] != self.seq:
            missing = f"ledger row {self.seq} is missing: row {row['seq']} follows row {self.seq - 1}"
            self.problems.append(missing)
            self.seq = int(row["seq"])
        name = f"ledger row {self.seq} ({row['action']})"
        if row["prev"] != self._prev or row["hash"] != row_hash(row):
            self.problems.append(f"{name} was changed after it was written")
        elif row.get("signature"):
            self._signed(row, name)
        else:
            self.unsigned += 1
        self._prev = row["hash"]
        expected = self._expected
        if expected and expected.seq == self.seq and expected.hash != self._prev:
            self.problems.append(f"ledger row {self.seq} is not the one whose hash was kept")

    def _signed(self, row: Mapping[str, Any], name: str) -> None:
        if not signed_by(signed_part(row["hash"]), row["signature"]):
            self.problems.append(f"{name} carries a signature that is not right")
        taken_over = action_of(row["action"]) is Action.RECORD_TAKEN_OVER
        if self.unsigned and not taken_over:
            self.problems.append(f"{self.unsigned} ledger rows before row {self.seq} are signed by nobody")
        self.unsigned = 0
        if taken_over:  # dated by the machine's clock, whenever that was
            return
        at, before = moment_of(row["at"]), self._before
        if before and at < before[0] - _BACK:
            self.problems.append(
                f"{name} by {row['actor']} is dated {_minute(row['at'])}, before row {before[1]}, "
                f"which is dated {before[0]:%Y-%m-%d %H:%M}"
            )
        self._before = (at, self.seq)


def differences(db: sqlite3.Connection) -> list[str]:
    """Name every row that is not as the ledger sealed it."""
    problems: list[str] = []
    newest, told = newest_leaves(db), _Told(db)
    for name, form in current_forms(db).items():
        try:
            for key, _ in rows_of(db, Form(name, PROTECTED[name].key)):
                problems += _difference(db, newest.pop((name, key), None), form, told, key)
        except (sqlite3.DatabaseError, ValueError) as error:
            problems.append(f"table {name} cannot be read: {error}")
    for (name, key), leaf in newest.items():
        is_gone = leaf.hash != leaf.form.leaf(key, None)
        if is_gone and not _is_there(db, name, key):
            problems.append(f"{told.row(name, key)} was taken out: {told.recorded(leaf)}")
    return problems


def _difference(db: sqlite3.Connection, leaf: Leaf | None, form: Form, told: "_Told", key: str) -> list[str]:
    name = told.row(form.table, key)
    if leaf is None or leaf.hash == leaf.form.leaf(key, None):
        return [f"{name} is in no ledger row: it was written past pairwatch"]
    why = _why(db, leaf, form)
    return [f"{name} {why}: {told.recorded(leaf)}"] if why else []


def _is_there(db: sqlite3.Connection, name: str, key: str) -> bool:
    try:
        return row_of(db, name, key, Form(name, PROTECTED[name].key)) is not None
    except (sqlite3.DatabaseError, KeyError):
        return False


def _why(db: sqlite3.Connection, leaf: Leaf, today: Form) -> str:
    """Say how a row differs from its leaf, or nothing."""
    there = {str(row[1]) for row in db.execute(f"pragma table_info({today.table})")}
    if not set(leaf.form.columns) <= there:
        return "was sealed in a form that this version does not know"
    row = row_of(db, today.table, leaf.key, leaf.form)
    return "" if leaf.form.leaf(leaf.key, row) == leaf.hash else "was changed"


class _Told:
    """Puts rows into words."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._ledger = {row["seq"]: row for row in _ledger_or_nothing(db)}

    def row(self, name: str, key: str) -> str:
        """Name a row, with the patient where it has one."""
        parts = ", ".join(str(part) for part in json.loads(key))
        words = f"{_WORDS.get(name, name)} {parts}"
        case = self._case(name, key)
        return f"{words} (Patient {case})" if case and name != "cases" else words

    def recorded(self, leaf: Leaf) -> str:
        """Say who recorded a row last, and when."""
        row = self._ledger.get(leaf.row or 0)
        if row is None:
            return "no ledger row covers it yet" if leaf.row is None else f"ledger row {leaf.row} is missing"
        action = action_of(row["action"]).words
        return f"{row['actor']} recorded it on {_minute(row['at'])} (ledger row {row['seq']}, {action})"

    def _case(self, name: str, key: str) -> int | None:
        query = _CASES.get(name)
        if query is None:
            return None
        try:
            found = self._db.execute(query, [json.loads(key)[0]]).fetchone()
        except sqlite3.DatabaseError:
            return None
        return int(found[0]) if found and found[0] else None


_OF_PHOTO = "select case_number from stages join photos on photos.stage_id = stages.id where photos.id = "
_CASES = {
    "case_tags": "select ?",
    "case_details": "select ?",
    "held_cases": "select ?",
    "stages": "select case_number from stages where id = ?",
    "photos": f"{_OF_PHOTO}?",
    "authorships": f"{_OF_PHOTO}?",
    "publications": f"{_OF_PHOTO}?",
    "consents": "select case_number from consents where id = ?",
    "consent_channels": "select case_number from consents where id = ?",
    "consent_photos": "select case_number from consents where id = ?",
    "approvals": "select case_number from approvals where id = ?",
    "findings": "select case_number from stages join photos on photos.stage_id = stages.id "
    "where photos.id = (select photo_id from findings where id = ?)",
    "decisions": "select case_number from stages join photos on photos.stage_id = stages.id "
    "where photos.id = (select photo_id from decisions where id = ?)",
}


def _signers(db: sqlite3.Connection, public: str) -> list[str]:
    """Name a change of the key that signs."""
    problems, before = [], ""
    for seq, signature in db.execute("select seq, signature from ledger where signature <> '' order by seq"):
        signer = str(signature).split(":")[1] if str(signature).count(":") == 2 else ""  # noqa: PLR2004
        if before and signer != before:
            problems.append(f"from ledger row {seq} on another key signs than before")
        before = signer
    if public and before and public != before:
        problems.append("the key in keys/signing.key is not the one that signed the ledger")
    return problems


def _seals(
    db: sqlite3.Connection, mac: Callable[[int, str, bytes], bytes] | None, notes: list[str]
) -> list[str]:
    """Hold the leaves under each ledger row against the root in it."""
    waiting, forged = 0, 0
    leaves: dict[int, list[bytes]] = {}
    for seq, form, key, leaf, kept in db.execute(
        "select seq, form, key, leaf, mac from record_leaves order by id"
    ):
        if seq is not None:
            leaves.setdefault(int(seq), []).append(bytes(leaf))
            continue
        waiting += 1
        forged += mac is not None and not hmac.compare_digest(bytes(kept), mac(form, key, leaf))
    problems = [
        f"the seals under ledger row {row['seq']} ({row['action']}) were changed"
        for row in _ledger(db)
        if sealed_text(leaves.pop(row["seq"], [])) != row["sealed"]
    ]
    problems += [f"there are seals of ledger row {seq}, which is missing" for seq in leaves]
    if forged:
        problems.append(f"{forged} rows that no ledger row covers yet were sealed by somebody else")
    if waiting:
        notes.append(
            f"{waiting} rows wait to be covered by the ledger: the end of the next run or build does it"
        )
    return problems


def _taken_over(db: sqlite3.Connection, notes: list[str]) -> list[str]:
    """Say what was recorded before it was proven."""
    problems = []
    for row in _ledger(db):
        if action_of(row["action"]) is Action.RECORD_TAKEN_OVER:
            detail = json.loads(row["detail"])
            day = row["at"][:10]
            if row["seq"] > 1 and detail["rows"]:
                notes.append(
                    f"{detail['rows']} rows were recorded before this was proven: they are sealed as they were "
                    f"found on {day} (ledger row {row['seq']})"
                )
            problems += [f"when a new version took over on {day}: {one}" for one in detail["differed"]]
    return problems


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _ledger(db: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    cursor = db.execute("select * from ledger order by seq")
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def _ledger_or_nothing(db: sqlite3.Connection) -> list[dict[str, Any]]:
    try:
        return list(_ledger(db))
    except sqlite3.DatabaseError:
        return []
