"""The ledger shows every edit, removal and cut."""

import base64
import hashlib
import json
import sqlite3
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gallery.events import Action, action_of
from gallery.store.database import open_database, transaction
from gallery.store.head import Head
from gallery.store.ledger import Entry, Ledger

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def database(tmp_path):
    """An empty catalogue."""
    database = open_database(tmp_path / "pairwatch.db")
    yield database
    database.close()


@pytest.fixture
def ledger(database):
    """A ledger of five rows."""
    ledger = Ledger(database)
    for number in range(5):
        ledger.append(
            "ana", Action.PHOTO_TAKEN_IN, f"photo {number}", {"case": number, "words": "naïve “quote”"}, NOW
        )
    return ledger


def test_an_untouched_ledger_is_sound(ledger):
    """Five rows, one chain, no problem, and the details come back as they were written."""
    assert ledger.verify() == []
    assert [entry.detail["case"] for entry in ledger.entries()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "sql", ["update ledger set actor = 'eve' where seq = 3", "delete from ledger where seq = 5"]
)
def test_the_database_refuses_edits(ledger, database, sql):
    """Neither changing nor deleting a row is possible by mistake."""
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        database.execute(sql)


def test_a_row_is_read_as_it_was_written(ledger):
    """Who, what, about what, when and in which words; the first row begins the chain, each other goes on."""
    first, second = ledger.entries()[:2]

    assert first == Entry(
        seq=1,
        at="2026-03-01T00:00:00.000+00:00",
        actor="ana",
        action=Action.PHOTO_TAKEN_IN,
        subject="photo 0",
        detail={"case": 0, "words": "naïve “quote”"},
        prev="sha256:" + "0" * 64,
        hash=first.hash,
        signature=first.signature,
    )
    assert (second.seq, second.prev) == (2, first.hash)
    assert ledger.entries(subject="photo 1") == [second]
    assert ledger.entries(subject="photo 9") == []


def test_anybody_can_recompute_the_chain(ledger, database):
    """A hash is SHA-256 of the row's other columns as JSON: sorted keys, no spaces, UTF-8, the detail as stored.

    The signature is over that hash.
    """
    for row in database.query("select * from ledger order by seq"):
        stored, signature = row.pop("hash"), row.pop("signature")
        if not row["sealed"]:
            row.pop("sealed")
        text = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert stored == "sha256:" + hashlib.sha256(text.encode("utf-8")).hexdigest()
        _, key, value = signature.split(":")
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(
            base64.b64decode(value), b"pairwatch ledger row\n" + stored.encode()
        )
    assert row["detail"] == '{"case":4,"words":"naïve “quote”"}'


def test_the_head_is_the_last_row(database):
    """An empty ledger has a head of its own; each row that is added becomes the head, written as SEQ:HASH."""
    ledger = Ledger(database)
    assert ledger.head() == Head(0, "sha256:" + "0" * 64)

    for seq in (1, 2):
        added = ledger.append("ana", Action.SIGNED_IN, "staff pages", {}, NOW)
        assert added == ledger.head()
        assert str(added) == f"{seq}:{ledger.entries()[-1].hash}"


CHANGED = "ledger row {} (photo.taken-in) was changed after it was written"


@pytest.mark.parametrize(
    ("sql", "problems"),
    [
        ("update ledger set at = '2020-01-01' where seq = 3", [CHANGED.format(3)]),
        ("update ledger set actor = 'eve' where seq = 3", [CHANGED.format(3)]),
        ("update ledger set subject = 'photo 9' where seq = 3", [CHANGED.format(3)]),
        ("update ledger set detail = '{}' where seq = 5", [CHANGED.format(5)]),
        (
            "update ledger set action = 'photo.published' where seq = 3",
            ["ledger row 3 (photo.published) was changed after it was written"],
        ),
        ("update ledger set prev = 'sha256:1' where seq = 3", [CHANGED.format(3)]),
        ("update ledger set hash = 'sha256:1' where seq = 3", [CHANGED.format(3), CHANGED.format(4)]),
        (
            "delete from ledger where seq = 2",
            ["ledger row 2 is missing: row 3 follows row 1", CHANGED.format(3)],
        ),
        (
            "delete from ledger where seq in (2, 3)",
            ["ledger row 2 is missing: row 4 follows row 1", CHANGED.format(4)],
        ),
    ],
)
def test_an_edit_on_purpose_shows(ledger, database, sql, problems):
    """Whoever removes the trigger first is found out by the chain, which names each row that does not fit."""
    database.executescript("drop trigger the_ledger_is_not_edited; drop trigger the_ledger_is_not_shortened")
    database.execute(sql)

    assert ledger.verify() == problems


def test_a_kept_head_fits_as_the_ledger_goes_on(ledger):
    """A head that was written down stays right, on the day and after further rows."""
    kept = ledger.head()
    assert ledger.verify(expected=kept) == []

    ledger.append("ana", Action.SIGNED_IN, "staff pages", {}, NOW)

    assert ledger.verify(expected=kept) == []


def test_a_cut_tail_shows_against_a_kept_head(ledger, database):
    """The chain alone cannot see its end cut off; a head kept elsewhere can."""
    head = ledger.head()
    database.executescript("drop trigger the_ledger_is_not_shortened")
    database.execute("delete from ledger where seq > 3")

    assert ledger.verify() == []
    assert ledger.verify(expected=head) == ["the ledger ends at row 3, but row 5 was once written"]


def test_a_rewritten_ledger_shows_against_a_kept_head(ledger):
    """A chain that is whole, but another one, is not the one whose head was kept."""
    assert ledger.verify(expected=Head(4, "sha256:" + "1" * 64)) == [
        "ledger row 4 is not the one whose hash was kept"
    ]


def test_a_row_is_gone_with_the_act_that_failed(ledger, database):
    """What is rolled back was never done, and the ledger does not say it was."""

    def fail():
        with transaction(database):
            ledger.append("ana", "published", "photo 1", {}, NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert ledger.head().seq == 5
    assert ledger.verify() == []


def test_rows_of_older_versions_are_read_and_not_rewritten(database):
    """A row that says "case withdrawn" means what today's rows mean, keeps its words, and breaks no chain."""
    former = {"photo 1": "intake", "case 2": "case withdrawn", "case 3": "saved words", "case 4": "flew away"}
    ledger = Ledger(database)
    for subject, words in former.items():
        ledger.append("ana", words, subject, {}, NOW)
    ledger.append("ana", Action.CASE_WITHDRAWN, "case 5", {}, NOW)

    assert [entry.action for entry in ledger.entries()] == [
        Action.PHOTO_TAKEN_IN,
        Action.CASE_WITHDRAWN,
        Action.WORDS_SAVED,
        Action.OTHER,
        Action.CASE_WITHDRAWN,
    ]
    written = [row["action"] for row in database.query("select action from ledger order by seq")]
    assert written == [*former.values(), "case.withdrawn"]
    assert ledger.verify() == []


def test_every_action_can_be_said_and_read_back():
    """No two actions are spelled or said alike, and each is read from both."""
    assert len({action.words for action in Action}) == len(Action)
    assert all(action_of(action.value) is action_of(action.words) is action for action in Action)
