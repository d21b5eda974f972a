"""One unit of work opens a practice's data once, and writes all of a thing or nothing."""

import sqlite3

import pytest

from gallery.errors import ConflictError, NotFoundError
from gallery.events import Action
from gallery.services.withdraw import withdraw_case
from gallery.settings import DataFolder


def hold_and_fail(p):
    """Write two things, then find that somebody else was faster."""
    with p.together():
        p.casework.hold(51)
        p.note(Action.CASE_HELD, "case 51")
        raise ConflictError("somebody else was faster")


def test_what_fails_half_way_is_not_there(clinic, two_cases):
    """A block that ends with an error leaves neither records nor a row of the ledger."""
    clinic.take_in(two_cases)
    with clinic.practice() as p:
        before = p.ledger.head()
        with pytest.raises(ConflictError):
            hold_and_fail(p)

    with clinic.practice() as p:
        assert not p.catalog.case(51).held
        assert p.ledger.head() == before


def test_its_connection_is_closed_afterwards(clinic):
    """Whatever happens inside, no connection stays open."""
    with pytest.raises(NotFoundError), clinic.practice() as p:
        p.open_case(99)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        p.database.execute("select 1")


def test_without_a_catalogue_nothing_is_made(clinic, tmp_path):
    """Work in an empty folder is refused with the way to start, and leaves the folder empty."""
    from gallery.services.practice import practice

    empty = DataFolder(tmp_path / "empty")
    with pytest.raises(NotFoundError) as caught, practice(empty, actor="test", now=clinic.now):
        pass

    assert "pairwatch init" in caught.value.hint
    assert not empty.root.exists()


def test_a_withdrawal_stands_when_the_site_cannot_be_built(clinic, two_cases):
    """The receipt is there and the fault is told; asked again, only the site is built."""
    clinic.take_in(two_cases)
    clinic.build()
    settings = clinic.folder.settings_file.read_text("utf-8")
    clinic.folder.settings_file.write_text("[practice", "utf-8")
    with clinic.practice() as p:
        done = withdraw_case(p, 51, reason="asked")
    clinic.folder.settings_file.write_text(settings, "utf-8")
    with clinic.practice() as p:
        again = withdraw_case(p, 51, again=True)
        rows = [row.action for row in p.ledger.entries(subject="case 51")]

    assert done.receipt is not None
    assert done.receipt.photos_public_before == 2
    assert "cannot be read" in str(done.fault)
    assert (again.receipt, again.fault) == (None, None)
    assert rows.count(Action.CASE_WITHDRAWN) == 1
    assert not any(name.startswith("photos/") for name in clinic.public())
