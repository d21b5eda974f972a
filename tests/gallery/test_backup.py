"""A backup is whole or not there, and what is restored from it is sound; what it cannot hold is said."""

import json
import os
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.services.backup import restore_backup, write_backup
from gallery.services.integrity import verify_all
from gallery.settings import DataFolder
from gallery.store.database import open_database
from gallery.store.ledger import Ledger
from pairwatch import cli

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def practice(clinic, two_cases):
    """Two cases with a built site, evidence, keys and a list of names."""
    clinic.take_in(two_cases)
    clinic.build()
    clinic.verify()
    (clinic.folder.root / "keys").mkdir(exist_ok=True)
    (clinic.folder.root / "keys" / "chart.key").write_bytes(b"key")
    (clinic.folder.root / "never-publish.txt").write_text("A Name\n")
    return clinic


def kept(folder: DataFolder) -> dict[str, bytes]:
    """Everything below a data folder that cannot be made anew, the database aside."""
    anew = ("public", "renditions", "index", "channels", "ledger.head")
    return {
        str(one.relative_to(folder.root)): one.read_bytes()
        for one in folder.root.rglob("*")
        if one.is_file() and not one.name.startswith("pairwatch.db") and not one.name.endswith(".lock")
        and one.relative_to(folder.root).parts[0] not in anew
    }  # fmt: skip


def test_what_is_restored_is_sound_and_goes_on(practice, tmp_path):
    """Every original, key and setting is back byte for byte; `verify` finds nothing; the site is built anew."""
    out, fresh = tmp_path / "backup.tar", DataFolder(tmp_path / "restored")
    said = CliRunner().invoke(cli, ["--data", str(practice.folder.root), "backup", str(out)])
    back = CliRunner().invoke(cli, ["--data", str(fresh.root), "restore", str(out)])

    assert (said.exit_code, back.exit_code) == (0, 0), said.output + back.output
    assert "keep it as safe" in said.output
    assert "Sound" in back.output
    assert "What was recorded after that time" in back.output
    assert kept(fresh) == kept(practice.folder)
    if os.name == "posix":
        assert out.stat().st_mode & 0o077 == 0
        assert all(one.stat().st_mode & 0o077 == 0 for one in fresh.originals.rglob("*"))
    assert CliRunner().invoke(cli, ["--data", str(fresh.root), "build"]).exit_code == 0
    assert CliRunner().invoke(cli, ["--data", str(fresh.root), "verify"]).exit_code == 0


def test_an_older_backup_says_what_is_lost_and_verifies(practice, tmp_path):
    """Rows written after the backup are counted from the head that stayed; the ledger tells of the restoring."""
    out, folder = tmp_path / "backup.tar", practice.folder
    write_backup(folder, out, actor="ana", now=NOW)
    with closing(open_database(folder.database)) as db:
        for number in range(3):
            Ledger(db).append("test", "note", f"case {number}", {}, NOW)
    practice.verify()
    head = (folder.root / "ledger.head").read_text()
    fresh = DataFolder(tmp_path / "restored")
    fresh.root.mkdir()
    (fresh.root / "ledger.head").write_text(head)

    done = restore_backup(fresh, out, actor="test", now=NOW)

    assert done.lost == 4  # the row about the backup, and three more
    assert verify_all(fresh, now=NOW).problems == ()
    with closing(open_database(fresh.database)) as db:
        last = Ledger(db).entries()[-1]
    assert (last.action, last.detail["lost"]) == (Action.CATALOGUE_RESTORED, 4)


def test_a_backup_is_of_one_moment_while_others_write(practice, tmp_path):
    """A writer in the middle of a transaction gets nothing of it into the backup."""
    with closing(
        sqlite3.connect(practice.folder.database, isolation_level=None, check_same_thread=False)
    ) as writer:
        writer.execute("begin immediate")
        writer.execute("update cases set limits = 'half'")
        later = threading.Timer(1.0, writer.execute, ["rollback"])
        later.start()
        write_backup(practice.folder, tmp_path / "b.tar", actor="ana", now=NOW)
        later.join()

    fresh = DataFolder(tmp_path / "restored")
    restore_backup(fresh, tmp_path / "b.tar", actor="test", now=NOW)
    with closing(sqlite3.connect(fresh.database)) as db:
        assert db.execute("select count(*) from cases where limits = 'half'").fetchone() == (0,)


@pytest.mark.parametrize("hurt", ["cut", "bit", "text", "no list"])
def test_a_damaged_backup_restores_nothing(practice, tmp_path, hurt):
    """A cut, changed or foreign file: one sentence, and the folder is as empty as before."""
    out, fresh = tmp_path / "backup.tar", DataFolder(tmp_path / "restored")
    write_backup(practice.folder, out, actor="ana", now=NOW)
    data = bytearray(out.read_bytes())
    with tarfile.open(out) as tar:
        photo = next(member for member in tar if member.name.startswith("originals/"))
    if hurt == "bit":
        data[photo.offset_data + 100] ^= 1
    if hurt == "cut":
        del data[len(data) // 2 :]
    out.write_bytes({"text": b"just words"}.get(hurt, bytes(data)))
    if hurt == "no list":
        with tarfile.open(out, "w") as tar:
            tar.add(practice.folder.database, "pairwatch.db")

    shown = CliRunner().invoke(cli, ["--data", str(fresh.root), "restore", str(out)])

    assert shown.exit_code == 1
    assert ("damaged" if hurt == "bit" else "no whole backup") in shown.output
    assert list(fresh.root.iterdir()) == []


@pytest.mark.parametrize("name", ["../outside.txt", "/etc/outside.txt", "a\\..\\b"])
def test_no_backup_writes_outside_its_folder(tmp_path, name):
    """A tar file that somebody made to write elsewhere is refused."""
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as tar:
        tar.addfile(tarfile.TarInfo(name))

    with pytest.raises(GalleryError, match="which no backup does"):
        restore_backup(DataFolder(tmp_path / "restored"), evil, actor="test", now=NOW)
    assert not (tmp_path / "outside.txt").exists()


def test_nothing_is_written_over(practice, tmp_path):
    """Neither an older backup nor a folder in use."""
    out = tmp_path / "backup.tar"
    write_backup(practice.folder, out, actor="ana", now=NOW)

    again = CliRunner().invoke(cli, ["--data", str(practice.folder.root), "backup", str(out)])
    into_use = CliRunner().invoke(cli, ["--data", str(practice.folder.root), "restore", str(out), "--json"])

    assert (again.exit_code, into_use.exit_code) == (1, 1)
    assert "exists already" in again.output
    assert "is not empty" in into_use.output
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".backup")] == []


def test_both_speak_json(practice, tmp_path):
    """Machines get the head, and the result of verifying."""
    out, fresh = tmp_path / "backup.tar", tmp_path / "restored"
    made = CliRunner().invoke(cli, ["--data", str(practice.folder.root), "backup", str(out), "--json"])
    back = CliRunner().invoke(cli, ["--data", str(fresh), "restore", str(out), "--json"])

    with practice.practice() as p:
        head, rows = p.ledger.head(), p.ledger.entries()
    assert (head.seq, head.hash) == (len(rows), rows[-1].hash)
    assert json.loads(made.stdout)["ledger_head"] == f"{rows[-2].seq}:{rows[-2].hash}"  # the last tells of it
    assert json.loads(back.stdout)["ledger_head"] == f"{rows[-2].seq}:{rows[-2].hash}"
    assert json.loads(back.stdout)["verify"]["sound"] is True
