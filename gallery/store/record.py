"""Rows that the ledger answers for, each sealed under the root of a ledger row."""

import hashlib
import hmac
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from gallery.events import Action
from gallery.store.head import EMPTY, Head, advance_head
from gallery.store.keys import SigningKey, signing_key
from gallery.store.merkle import leaf_hash, root_of
from gallery.times import text_of

_ENCODING = 1
_ROW = b"pairwatch ledger row\n"
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Protected:
    """A table whose rows are sealed.

    Attributes:
        name: Of the table.
        key: The columns that name a row.
        left_out: Columns that only say how to go on.
    """

    name: str
    key: tuple[str, ...] = ("id",)
    left_out: frozenset[str] = frozenset()


PROTECTED = {
    table.name: table
    for table in (
        Protected("cases", ("number",)),
        Protected("case_tags", ("case_number", "tag")),
        Protected("case_details", ("case_number",)),
        Protected("held_cases", ("case_number",)),
        Protected("stages"),
        Protected("photos"),
        Protected("authorships", ("photo_id",)),
        Protected("consents"),
        Protected("consent_channels", ("consent_id", "channel")),
        Protected("consent_photos", ("consent_id", "photo_id")),
        Protected("approvals"),
        Protected("publications", ("photo_id", "channel")),
        Protected("hidden_marks", ("payload",)),
        Protected("handed_copies", ("payload",)),
        Protected("published_files", ("digest", "photo_id", "channel")),
        Protected("users", ("name",)),
        Protected("sites", left_out=frozenset({"barren"})),
        Protected("runs"),
        Protected("failures"),
        Protected("tips"),
        Protected("mails"),
        Protected("findings", left_out=frozenset({"conflict_upto"})),
        Protected("judgements"),
        Protected("decisions"),
        Protected("captures"),
        Protected("capture_parts", ("capture_id", "number")),
        Protected("capture_ends", ("capture_id",)),
        Protected("bundles"),
        Protected("sightings"),
        Protected("observations"),
        Protected("person_sightings"),
        Protected("finding_digests", ("finding_id", "digest")),
        Protected("former_findings", ("number",)),
    )
}
"""All tables of which the ledger answers, wherever they are made."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a row of a table is written as a leaf."""

    table: str
    columns: tuple[str, ...]

    def leaf(self, key: str, row: Sequence[object] | None) -> bytes:
        """Hash a row under its key, None for a row that was taken out."""
        told = {
            "v": _ENCODING,
            "table": self.table,
            "columns": self.columns,
            "key": key,
            "row": None if row is None else [_plain(value) for value in row],
        }
        return leaf_hash(canonical(told).encode())


@dataclass(frozen=True, slots=True)
class Leaf:
    """The newest seal of a row; `row` of the ledger is None until one covers it."""

    form: Form
    key: str
    hash: bytes
    row: int | None


def canonical(value: object) -> str:
    """Write a value as JSON in the one way that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def row_hash(row: Mapping[str, object]) -> str:
    """Give the hash of a ledger row over its other columns."""
    names = ["seq", "at", "actor", "action", "subject", "detail", "prev"]
    if row.get("sealed"):  # rows of older versions seal nothing, and keep their hashes
        names.append("sealed")
    covered = {name: row[name] for name in names}
    return "sha256:" + hashlib.sha256(canonical(covered).encode()).hexdigest()


def signed_part(hashed: str) -> bytes:
    """Give what a ledger row's signature is over."""
    return _ROW + hashed.encode()


def sealed_text(leaves: Sequence[bytes]) -> str:
    """Write number and root of leaves as a ledger row holds them."""
    return f"{len(leaves)}:sha256:{root_of(leaves).hex()}" if leaves else ""


class Recorder:
    """What one connection changed, until a ledger row covers it."""

    def __init__(self, connection: sqlite3.Connection, root: Path) -> None:
        """Watch a connection to the catalogue of this data folder."""
        self._db, self._root = connection, root
        self._attached = self._paused = False
        self._last: tuple[str, str, str] | None = None
        self.head: Head | None = None
        self._before: Head | None = None

    @cached_property
    def key(self) -> SigningKey:
        """The key that signs, made at the first use."""
        return signing_key(self._root)

    @cached_property
    def _forms(self) -> dict[str, Form]:
        return current_forms(self._db)

    def attach(self) -> None:
        """Notice each row that this connection changes from now on."""
        if self._attached or self._paused or not is_kept(self._db):
            return
        self._attached = True
        self._db.execute(
            "create temp table if not exists touched (name text, key text, primary key (name, key)) without rowid"
        )
        for name, form in self._forms.items():
            table = PROTECTED[name]
            for event, rows in (("insert", ("new",)), ("update", ("old", "new")), ("delete", ("old",))):
                steps = "".join(_touch(name, _key(table, row)) for row in rows)
                told = f"update of {', '.join(form.columns)}" if event == "update" else event
                self._db.execute(
                    f"create temp trigger touched_{name}_{event} after {told} on main.{name} begin{steps} end"
                )

    def detach(self) -> None:
        """Notice nothing while tables are remade, until `take_over`."""
        self._paused = True
        if self._attached:
            for (name,) in self._db.execute(
                "select name from temp.sqlite_master where type = 'trigger'"
            ).fetchall():
                self._db.execute(f"drop trigger temp.{name}")
            self._attached = False

    def append(
        self,
        actor: str,
        action: Action,
        subject: str,
        detail: Mapping[str, object],
        at: str,
        *,
        pending: bool = False,
    ) -> Head:
        """Add a ledger row that seals what was changed, inside a transaction.

        Args:
            actor: Who did it.
            action: What.
            subject: To what.
            detail: More of it, as JSON holds it.
            at: When, as UTC text.
            pending: Whether it also covers what others left to be covered.
        """
        leaves = [*(self._take_pending() if pending else ()), *self._gather()]
        last = self._db.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
        head = Head(int(last[0]), str(last[1])) if last else EMPTY
        row: dict[str, object] = {
            "seq": head.seq + 1,
            "at": at,
            "actor": actor,
            "action": str(action),
            "subject": subject,
            "detail": canonical(detail),
            "prev": head.hash,
            "sealed": sealed_text([leaf for _, _, leaf in leaves]),
        }
        row["hash"] = row_hash(row)
        row["signature"] = self.key.sign(signed_part(str(row["hash"])))
        self._db.execute(
            """insert into ledger (seq, at, actor, action, subject, detail, prev, sealed, hash, signature)
               values (:seq, :at, :actor, :action, :subject, :detail, :prev, :sealed, :hash, :signature)""",
            row,
        )
        self._db.executemany(
            "insert into record_leaves (seq, form, key, leaf) values (?, ?, ?, ?)",
            [(row["seq"], form, key, leaf) for form, key, leaf in leaves],
        )
        self._last = (actor, subject, at)
        self._before = self._before or head
        self.head = Head(head.seq + 1, str(row["hash"]))
        return self.head

    def finish(self) -> None:
        """Seal what the transaction changed after its last ledger row.

        Without any row of its own it waits for the next that covers it, authenticated until then.
        """
        if not self._attached or not self._db.execute("select 1 from touched limit 1").fetchone():
            return
        if self._last:
            actor, subject, at = self._last
            self.append(actor, Action.RECORD_SEALED, subject, {}, at)
            return
        self._db.executemany(
            "insert into record_leaves (form, key, leaf, mac) values (?, ?, ?, ?)",
            [(form, key, leaf, mac_with(self.key)(form, key, leaf)) for form, key, leaf in self._gather()],
        )

    def committed(self) -> None:
        """Keep the new head beside the database."""
        head, before = self.head, self._before
        self.rolled_back()
        if head and before:
            advance_head(self._root, head, self.key, self._db, before=before)

    def rolled_back(self) -> None:
        """Forget what was not written."""
        self.head = self._before = self._last = None

    def take_over(self, differing: Sequence[str]) -> None:
        """Seal rows as another version of the tables left them.

        Args:
            differing: What differed from the record before.
        """
        self._paused = False
        self.__dict__.pop("_forms", None)
        self.attach()
        newest = newest_leaves(self._db)
        kept = 0
        for name, form in self._forms.items():
            table = PROTECTED[name]
            for key, row in rows_of(self._db, form):
                known = newest.pop((name, key), None)
                if known is None or known.form != form or known.hash != form.leaf(key, row):
                    self._db.execute("insert or ignore into touched values (?, ?)", [table.name, key])
                    kept += 1
        for (name, key), leaf in newest.items():
            if name in self._forms and leaf.hash != leaf.form.leaf(key, None):
                self._db.execute("insert or ignore into touched values (?, ?)", [name, key])
                kept += 1
        if kept or differing or self._db.execute("select 1 from ledger limit 1").fetchone():
            detail = {"rows": kept, "differed": list(differing[:_NAMED])}
            self.append(
                "pairwatch", Action.RECORD_TAKEN_OVER, "catalogue", detail, str(text_of(datetime.now(UTC)))
            )

    def _gather(self) -> list[tuple[int, str, bytes]]:
        """Give form, key and leaf of every row changed since, and forget them."""
        self.attach()
        if not self._attached:
            return []
        touched = self._db.execute("select name, key from touched order by name, key").fetchall()
        if not touched:
            return []
        self._db.execute("delete from touched")
        return [
            (
                self._form_id(self._forms[name]),
                key,
                self._forms[name].leaf(key, row_of(self._db, name, key, self._forms[name])),
            )
            for name, key in touched
        ]

    def _take_pending(self) -> list[tuple[int, str, bytes]]:
        """Give the leaves that wait, of which each is one of ours, and remove them."""
        waiting = self._db.execute(
            "select id, form, key, leaf, mac from record_leaves where seq is null order by id"
        ).fetchall()
        own = [row for row in waiting if hmac.compare_digest(row[4], mac_with(self.key)(*row[1:4]))]
        self._db.executemany("delete from record_leaves where id = ?", [(row[0],) for row in own])
        return [(form, key, leaf) for _, form, key, leaf, _ in own]

    def _form_id(self, form: Form) -> int:
        columns = json.dumps(form.columns)
        what = [form.table, columns]
        known = self._db.execute(
            "select id from record_forms where name = ? and columns = ?", what
        ).fetchone()
        if known is None:
            known = self._db.execute(
                "insert into record_forms (name, columns) values (?, ?) returning id", what
            ).fetchone()
        return int(known[0])


def mac_with(key: SigningKey) -> Callable[[int, str, bytes], bytes]:
    """Give what authenticates a leaf that no ledger row covers yet."""
    return lambda form, name, leaf: hmac.digest(key.secret, f"{form}\n{name}\n".encode() + leaf, "sha256")


def is_kept(db: sqlite3.Connection) -> bool:
    """Tell whether this catalogue is of a version that seals its rows."""
    there = "select 1 from sqlite_master where type = 'table' and name = 'record_leaves'"
    return db.execute(there).fetchone() is not None


def current_forms(db: sqlite3.Connection) -> dict[str, Form]:
    """Give how rows of each protected table that is there are written today."""
    forms = {}
    for name, table in PROTECTED.items():
        columns = [str(row[1]) for row in db.execute(f"pragma table_info({name})")]
        if set(table.key) <= set(columns):
            kept = [column for column in columns if column not in table.left_out]
            forms[name] = Form(name, tuple(kept))
    return forms


def rows_of(db: sqlite3.Connection, form: Form) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Give key and values of every row of a protected table."""
    table = PROTECTED[form.table]
    query = f"select {_key(table, table.name)}, {', '.join(form.columns)} from {table.name}"  # noqa: S608 (ours)
    with closing(db.cursor()) as cursor:
        for key, *values in cursor.execute(query):
            yield str(key), tuple(values)


def row_of(db: sqlite3.Connection, name: str, key: str, form: Form) -> tuple[object, ...] | None:
    """Give one row's values by its key, or None."""
    same = " and ".join(
        f"{column} = json_extract(:key, '$[{number}]')" for number, column in enumerate(PROTECTED[name].key)
    )
    query = f"select {', '.join(form.columns)} from {name} where {same}"  # noqa: S608 (ours)
    found = db.execute(query, {"key": key}).fetchone()
    return tuple(found) if found else None


def newest_leaves(db: sqlite3.Connection) -> dict[tuple[str, str], Leaf]:
    """Give the newest leaf of each row by table and key."""
    forms = {
        int(number): Form(str(name), tuple(json.loads(columns)))
        for number, name, columns in db.execute("select id, name, columns from record_forms")
    }
    found: dict[tuple[str, str], Leaf] = {}
    for form, key, leaf, row in db.execute("select form, key, leaf, seq from record_leaves order by id"):
        if form in forms:
            found[(forms[form].table, str(key))] = Leaf(forms[form], str(key), bytes(leaf), row)
    return found


def _touch(name: str, key: str) -> str:
    """Note a row, without a conflict clause, which the statement outside would override."""
    rows = f"select '{name}' as name, {key} as key"
    return (
        f" insert into touched select name, key from ({rows}) as one"  # noqa: S608 (ours)
        " where not exists (select 1 from touched where touched.name = one.name and touched.key = one.key);"
    )


def _key(table: Protected, row: str) -> str:
    return f"json_array({', '.join(f'{row}.{column}' for column in table.key)})"


def _plain(value: object) -> object:
    return {"sha256": hashlib.sha256(value).hexdigest()} if isinstance(value, bytes) else value
