"""A data folder that an earlier state of 26.11.0 made is opened, migrated and used as it is.

`folders/26.11-november.tar.xz` holds drawn photographs only: Patient 51 (published), 52 (withdrawn), 53 (a minor),
54 (consent expired) and 55 (published), two nights at a copier's site with five findings, three of them decided,
a ledger row of every action that the staff's pages and commands wrote, and a backup of the same folder.
"""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from gallery.events import Action, action_of
from sample_clinic.demo.servers import figure, page, serve

DECIDED = {1: "infringement", 2: "dismissed", 3: "licensed", 4: "open", 5: "open"}


def pairwatch(folder, *arguments, code=0):
    """Run a command on a data folder, expect its exit code, and give what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "pairwatch", "--data", str(folder), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout


def ledger(folder):
    """Every row of the ledger as it is stored."""
    with closing(sqlite3.connect(folder / "pairwatch.db")) as database:
        return database.execute("select * from ledger order by seq").fetchall()


def findings(folder):
    """Every finding as machines are given it."""
    return [json.loads(line) for line in pairwatch(folder, "findings", "--all", "--json").splitlines()]


def test_an_old_folder_is_sound_and_its_ledger_is_not_rewritten(old_folder):
    """Opening and migrating keep every old row of the ledger byte for byte, and verify finds nothing wrong."""
    rows = ledger(old_folder)
    actions = {row[3] for row in rows}
    head = (old_folder / "ledger.head").read_text()

    said = pairwatch(old_folder, "verify")

    assert "5 cases, 7 photos, 3 public photos, 57 ledger rows" in said
    assert "Note: 62 rows were recorded before this was proven" in said
    assert len(rows) == 56
    assert len(actions) > 30
    assert Action.OTHER not in {action_of(action) for action in actions}
    assert [row[:8] for row in ledger(old_folder)[:56]] == rows
    assert {row[8:] for row in ledger(old_folder)[:56]} == {("", "")}
    assert head.startswith("56:")
    assert (old_folder / "ledger.head").read_text().startswith("57:")


def test_decisions_about_old_findings_hold(old_folder):
    """Each finding keeps its number, its verdict, its page and what a person decided."""
    found = findings(old_folder)

    assert {one["id"]: one["decision"] or "open" for one in found} == DECIDED
    assert {one["verdict"] for one in found} == {"copy"}
    assert {one["page_url"] for one in found} == {"http://127.0.0.1:947/"}
    assert all(one["first_seen"] <= one["last_seen"] for one in found)


def test_an_old_folder_builds_what_consent_allows_today(old_folder):
    """Patients 51 and 55 are shown; the withdrawn one, the minor and the expired consent are not."""
    said = pairwatch(old_folder, "build")

    shown = {
        path.name: len(list(path.parent.glob(f"{path.name}/index.html")))
        for path in (old_folder / "public").glob("patient-*")
    }
    text = "".join(path.read_text("utf-8") for path in (old_folder / "public").rglob("*.html"))
    assert "2 cases, 3 photos" in said
    assert shown.keys() == {"patient-51", "patient-52", "patient-55"}  # 52 says that it is gone
    assert len(list((old_folder / "public" / "photos").glob("*.jpg"))) == 3
    assert "patient-53" not in text
    assert "patient-54" not in text
    pairwatch(old_folder, "verify")


def test_an_old_backup_restores(old_folder, tmp_path):
    """The backup that the old version made becomes a sound folder with the same cases and decisions."""
    new = tmp_path / "new"

    pairwatch(new, "restore", tmp_path / "backup.tar")

    assert "5 cases, 7 photos" in pairwatch(new, "verify")
    assert {one["id"]: one["decision"] or "open" for one in findings(new)} == DECIDED


@pytest.mark.slow
def test_an_old_folder_goes_on_watching(old_folder):
    """A night finds copies of old photos elsewhere, and a silent old site changes no decision of before."""
    before = findings(old_folder)
    originals = [
        path.read_bytes() for path in sorted((old_folder / "originals").rglob("*")) if path.is_file()
    ]
    files = {f"img/{place}.jpg": content for place, content in enumerate(originals)}
    files["index.html"] = page("Made up", "".join(figure(f"/{name}", "result") for name in files), {})

    with serve(files) as site:
        pairwatch(old_folder, "site", "add", site.url)
        pairwatch(old_folder, "crawl", code=3)

    after = findings(old_folder)
    kept = {one["id"]: one for one in after}
    for one in before:
        assert {key: kept[one["id"]][key] for key in ("decision", "first_seen", "photo")} == {
            key: one[key] for key in ("decision", "first_seen", "photo")
        }
    new = [one for one in after if one["id"] not in DECIDED]
    assert len(new) == 7
    assert {one["verdict"] for one in new} == {"copy"}
    pairwatch(old_folder, "verify")
