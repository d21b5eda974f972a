"""The database refuses what cannot be true."""

import sqlite3

import pytest

from gallery.errors import GalleryError
from gallery.store.database import open_database
from gallery.store.migrations import migrations


@pytest.fixture
def database(tmp_path):
    """An empty catalogue."""
    database = open_database(tmp_path / "pairwatch.db")
    yield database
    database.close()


def test_every_table_is_strict(database):
    """A number's column takes no words, in any table of ours."""
    tables = database.execute(
        "select name, strict from pragma_table_list where schema = 'main' and type = 'table'"
    )
    loose = {name for name, strict in tables if not strict and not name.startswith(("sqlite_", "_sqlite"))}

    assert loose == set()


def test_opening_again_changes_nothing(database, tmp_path):
    """Migrations run once, and none is pending afterwards."""
    again = open_database(tmp_path / "pairwatch.db")

    assert migrations.pending(again) == []
    assert again.execute("pragma foreign_keys").fetchone() == (1,)
    assert again.execute("pragma journal_mode").fetchone() == ("wal",)
    again.close()


@pytest.mark.parametrize(
    "sql",
    [
        "insert into cases (number, created_at) values (0, '')",
        "insert into cases (number, created_at) values ('far', '')",
        "insert into cases (number, created_at, status) values (1, '', 'hidden')",
        "insert into stages (case_number, position, label) values (99, 1, 'before')",
        "insert into consents (case_number, signed_on, covers, recorded_at) values (7, 'soon', 'case', '')",
        "insert into consents values (1, 7, '2026-02-01', '2026-01-01', 'case', null, '[]', '', null, '')",
        "insert into ledger values (1, '', '', '', '', 'not json', '', '', '', '')",
        "delete from cases",
    ],
)
def test_nonsense_is_refused(database, sql):
    """Checks and foreign keys hold what the program might forget."""
    database.execute("insert into cases (number, created_at) values (7, '2026-01-01')")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(sql)


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    """Words instead of a stack trace, and what to do."""
    (tmp_path / "pairwatch.db").write_bytes(b"this is not a database" * 100)

    with pytest.raises(GalleryError, match="cannot be opened") as caught:
        open_database(tmp_path / "pairwatch.db")
    assert "backup" in caught.value.hint
