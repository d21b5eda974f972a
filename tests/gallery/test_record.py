"""What `verify` says of each forgery by somebody without the signing key."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.tampering import KINDS, tamper
from crawler.desk.decisions import review
from crawler.model import Decision
from gallery.events import Action
from gallery.services.backup import restore_backup, write_backup
from gallery.services.integrity import head_from, verify_all
from gallery.settings import DataFolder
from gallery.store.database import open_database
from gallery.store.ledger import Ledger
from gallery.store.merkle import inclusion_proof, is_included, leaf_hash, root_of
from gallery.store.vault import Vault

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def folder(old_folder):
    """A watched folder with findings, whose decisions go on in this version."""
    opened = DataFolder(old_folder)
    review(opened, 1, Decision.INFRINGEMENT, note="theirs", by="lea", now=NOW)
    return opened


def forge(folder, *statements):
    """Write into the database past pairwatch, triggers and all."""
    with closing(sqlite3.connect(folder.database)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        for statement in statements:
            database.execute(statement)
        database.commit()


def problems(folder, **more):
    """What `verify` finds wrong."""
    return verify_all(folder, now=NOW, **more).problems


FORGERIES = {
    "a sighting's date": (
        "update sightings set first_seen = '2020-01-01T00:00:00.000+00:00' where id = 1",
        "sighting 1 was changed: ",
    ),
    "a finding's photo": ("update findings set photo_id = 7 where id = 1", "finding 1 (Patient "),
    "a sighting's address": (
        "update sightings set page_url = 'http://elsewhere.example/' where id = 1",
        "sighting 1 was changed: ",
    ),
    "a decision": ("update decisions set decision = 'licensed' where by = 'lea'", "decision "),
    "a decision that nobody took": (
        """insert into decisions (site_id, photo_id, digest, decision, note, by, at)
           select site_id, photo_id, digest, 'infringement', '', 'lea', at from decisions limit 1""",
        "decision ",
    ),
    "a consent's end": ("update consents set expires_on = '2099-01-01' where id = 1", "consent 1 (Patient "),
    "a consent that nobody gave": (
        """insert into consents (case_number, signed_on, covers, recorded_at)
           values (54, '2026-01-01', 'case', '2026-01-01T00:00:00.000+00:00')""",
        "(Patient 54) is in no ledger row: it was written past pairwatch",
    ),
    "a withdrawal undone": (
        "update consents set withdrawn_at = '2026-01-01' where id = 1",
        "consent 1 (Patient ",
    ),
    "a caption": ("update photos set caption = 'ours' where id = 5", "photo 5 (Patient 53) was changed: "),
    "a performer": ("update stages set performed_by = 'us', note = 'x' where id = 1", "stage 1 (Patient "),
    "a decision taken out": ("delete from decisions where by = 'lea'", " was taken out: lea recorded it on "),
    "a seal": ("update record_leaves set leaf = zeroblob(32) where id = 1", "the seals under ledger row "),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_row_is_named(folder, name):
    """Sound before; afterwards the row is named, and who recorded it when."""
    statement, said = FORGERIES[name]
    assert problems(folder) == ()

    forge(folder, statement)

    assert any(said in one for one in problems(folder)), problems(folder)


def test_a_change_names_who_recorded_the_row_and_when(folder):
    """The sentence holds the person, the time, the ledger row and the action."""
    forge(folder, "update decisions set note = 'ours' where by = 'lea'")

    (problem,) = problems(folder)
    assert problem.startswith("decision ")
    assert " was changed: lea recorded it on 2026-12-01 12:00 (ledger row " in problem
    assert problem.endswith(", finding decided)")


def test_a_ledger_row_cannot_be_replaced_or_skipped(folder):
    """SQLite's own `insert or replace` is refused, and forged past the triggers it is named."""
    replace = """insert or replace into ledger (seq, at, actor, action, subject, detail, prev, hash)
                 select seq, at, 'eve', action, subject, detail, prev, hash || 'x' from ledger where seq = 3"""
    with closing(sqlite3.connect(folder.database)) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute(replace)

    forge(folder, replace)

    assert any(one.startswith("ledger row 3 (") for one in problems(folder))


@pytest.mark.parametrize("head", ["as it was", "an old row's", "taken away"])
def test_a_ledger_cut_short_is_named_whatever_is_done_to_its_head(folder, head):
    """Rows after the last `verify` count too; no head can be made from what the database holds."""
    for _ in range(3):
        with closing(open_database(folder.database)) as database:
            Ledger(database).append("ana", Action.ORIGINAL_VIEWED, "photo 1", {}, NOW)
    forge(folder, "delete from ledger where seq = (select max(seq) from ledger)")
    with closing(sqlite3.connect(folder.database)) as database:
        seq, value, signature = database.execute(
            "select seq, hash, signature from ledger order by seq desc limit 1"
        ).fetchone()
    if head == "an old row's":
        (folder.root / "ledger.head").write_text(f"{seq}:{value}\n{signature}\n")
    if head == "taken away":
        (folder.root / "ledger.head").unlink()

    assert len(problems(folder)) == 1


def test_a_row_dated_back_is_named(folder):
    """A review by a machine whose clock was set back years stands out in the order of times."""
    review(folder, 1, Decision.LICENSED, note="", by="lea", now=NOW - timedelta(days=900))

    (problem,) = problems(folder)
    assert " by lea is dated 2024-06-14 12:00, before row " in problem


def test_changed_and_deleted_evidence_is_named_by_its_finding(folder):
    """A bit in the bytes that were found, and a file that is gone."""
    vault = Vault(folder.evidence)
    first, *_ = sorted(vault.digests())
    place = next(folder.evidence.rglob(first.removeprefix("sha256:")))
    whole = place.read_bytes()
    place.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (changed,) = problems(folder)
    place.unlink()
    (missing,) = problems(folder)

    assert changed.startswith("the evidence of finding ")
    assert changed.endswith(f" was changed after it was sealed ({first})")
    assert missing.startswith("the evidence of finding ")
    assert missing.endswith(" is missing")


def test_swapped_evidence_does_not_survive_a_backup_unnoticed(folder, tmp_path):
    """Two swapped files are named before, and after they were restored."""
    (one, other, *_) = sorted(place for place in folder.evidence.rglob("*") if place.is_file())
    held = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(held)
    assert len(problems(folder)) == 2

    write_backup(folder, tmp_path / "b.tar", actor="ana", now=NOW)
    fresh = DataFolder(tmp_path / "fresh")
    restore_backup(fresh, tmp_path / "b.tar", actor="ana", now=NOW)

    assert len(problems(fresh)) == 2


def test_the_whole_folder_put_back_is_named_by_a_mailed_head(folder, tmp_path):
    """By itself an older copy is sound, and says what that does not prove."""
    old = tmp_path / "old"
    shutil.copytree(folder.root, old)
    with closing(open_database(folder.database)) as database:
        mailed = Ledger(database).append("ana", Action.ORIGINAL_VIEWED, "photo 1", {}, NOW)
    back = DataFolder(old)

    alone = verify_all(back, now=NOW)
    assert alone.problems == ()
    assert alone.lines()[-1].startswith("Not proven: that nobody put the whole folder back")
    (problem,) = problems(back, expected=head_from(str(mailed)))
    assert problem == f"the ledger ends at row {mailed.seq - 1}, but row {mailed.seq} was once written"


def test_another_key_is_named(folder):
    """A key put in the place of the one that signed, and a key taken away."""
    key = folder.root / "keys" / "signing.key"
    key.unlink()
    assert any("keys/signing.key is missing" in one for one in problems(folder))
    key.write_bytes(bytes(32))

    assert any("is not the one that signed" in one for one in problems(folder))


def test_a_damaged_database_is_verified_as_far_as_it_can_be_read(folder):
    """Its pages cut off, its header overwritten, its file empty: sentences, and no traceback."""
    whole = folder.database.read_bytes()
    for hurt in (
        whole[: len(whole) // 2],
        b"x" * 100 + whole[100:],
        whole[:4096] + bytes(8192) + whole[12288:],
    ):
        folder.database.write_bytes(hurt)
        found = verify_all(folder, now=NOW)
        assert found.problems
        assert found.lines()[0].startswith("Problem: ")


def test_a_row_is_proven_to_be_under_the_root_of_its_ledger_row(folder):
    """The audit path of RFC 6962 leads from each leaf to the root in the signed row, and from no other."""
    with closing(sqlite3.connect(folder.database)) as database:
        rows = database.execute("select seq, leaf from record_leaves where seq = 57 order by id").fetchall()
        sealed = database.execute("select sealed from ledger where seq = 57").fetchone()[0]
    leaves = [leaf for _, leaf in rows]
    assert sealed == f"{len(leaves)}:sha256:{root_of(leaves).hex()}"

    for index, leaf in enumerate(leaves):
        path = inclusion_proof(leaves, index)
        assert is_included(leaf, index, len(leaves), path, root_of(leaves))
        assert not is_included(leaf_hash(b"other"), index, len(leaves), path, root_of(leaves))


def test_roots_are_those_of_rfc_6962():
    """The test vectors of Certificate Transparency: the roots of the first n of eight entries."""
    entries = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in entries]

    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_verify_speaks_json_of_what_it_was_held_against(folder):
    """Machines are told the head, and what is not proven without one."""
    found = verify_all(folder, now=NOW)
    again = verify_all(folder, now=NOW, expected=found.head).to_json()

    assert json.loads(json.dumps(found.to_json()))["held_against"] is None
    assert again["held_against"] == str(found.head)
    assert again["not_proven"] is None


def test_random_tamperings_are_all_named(folder):
    """A fixed sample of `benchmarks/tampering.py`: bits, truncation, swaps, removal, rows, tail and back-dating."""
    made, _, missed = tamper(folder, count=60, seed=3)

    assert missed == []
    assert {kind.partition(":")[0] for kind in made} == set(KINDS)
