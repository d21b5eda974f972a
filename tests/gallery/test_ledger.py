"""The ledger shows every edit, removal and cut."""

import re
import sqlite3
from datetime import UTC, datetime

import pytest

from gallery.events import FORMER_WORDS, Action, action_of
from gallery.store.database import open_database, transaction
from gallery.store.ledger import Head, Ledger

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


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("update ledger set actor = 'eve' where seq = 3", "row 3 .* was changed"),
        ("update ledger set detail = '{}' where seq = 5", "row 5 .* was changed"),
        ("delete from ledger where seq = 2", "row 2 is missing"),
    ],
)
def test_an_edit_on_purpose_shows(ledger, database, sql, words):
    """Whoever removes the trigger first is found out by the chain."""
    database.executescript("drop trigger the_ledger_is_not_edited; drop trigger the_ledger_is_not_shortened")
    database.execute(sql)

    assert any(re.search(words, problem) for problem in ledger.verify())


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
    assert all(action_of(action.value) is action for action in Action)
    assert all(action_of(words) is action for action, words in FORMER_WORDS.items())
