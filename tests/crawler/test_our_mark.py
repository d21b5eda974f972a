"""Our mark on a picture that is none of our photos: said apart from copies, decided like them, and counted as none."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlite_utils import Database

from crawler.desk.removals import known_copies
from crawler.model import Decision
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.migrations import migrations
from crawler.store.sites import Sites
from gallery.services.intake import Wishes, import_manifest
from gallery.settings import DataFolder
from gallery.store.database import open_database, transaction
from gallery.store.migrations import migrations as catalogue
from pairwatch import cli
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.marking.visible import Mark, draw_mark
from watermark.picture.encode import encode

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
MARK = Mark(text="clinic.example")


def _portrait(person, room=3):
    return draw_portrait(Person(person), Room(room), stage="after", view="front", shot=0, size=(900, 1200))


def _import(folder, root, cases):
    rows = [["case", "stage", "view", "file"]]
    for case in cases:
        (root / f"{case}.jpg").write_bytes(encode(_portrait(case), format="jpeg", quality=90))
        rows.append([str(case), "after", "front", f"{case}.jpg"])
    with (root / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    import_manifest(folder, root / "cases.csv", Wishes(actor="test", now=NOW))


def _run(folder):
    with ThreadPoolExecutor(1) as hands:
        return run(folder, executor=hands)


def _pairwatch(folder, *words):
    done = CliRunner().invoke(cli, ["--data", str(folder.root), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def night(tmp_path_factory, serve_long):
    """A night that nobody decided anything about."""
    folder, summary, db = _night(tmp_path_factory.mktemp("practice"), serve_long)
    yield folder, summary, db
    db.close()


def _night(root, serve):
    """A site shows our uncatalogued patient under our mark, another without it, and a patient of its own."""
    folder = DataFolder(root / "data")
    open_watch(folder.database).close()
    folder.settings_file.write_text(
        f'[mark]\ntext = "{MARK.text}"\n[crawler]\ndelay_s = 0\nworkers = 1\n', encoding="utf-8"
    )
    _import(folder, root, (51, 52))
    copier = serve(
        {
            "/": '<img src="/marked.jpg"><img src="/unmarked.jpg"><img src="/theirs.jpg">',
            "/marked.jpg": encode(draw_mark(_portrait(60), MARK), format="jpeg", quality=85),
            "/unmarked.jpg": encode(_portrait(61), format="jpeg", quality=85),
            "/theirs.jpg": encode(_portrait(900, room=8), format="jpeg", quality=85),
        }
    )
    db = open_watch(folder.database)
    Sites(db).put(copier.site(), NOW)
    return folder, _run(folder), db


@pytest.mark.slow
def test_the_mark_alone_is_a_finding_and_no_copy(night):
    """Only the marked picture is told, without a photo, with the verdict none; a withdrawal does not list it."""
    folder, summary, db = night

    told = [json.loads(line) for line in _pairwatch(folder, "findings", "--json").splitlines()]

    assert [(one["image_url"].rsplit("/", 1)[1], one["verdict"], one["photo"]) for one in told] == [
        ("marked.jpg", "none", None)
    ]
    assert (told[0]["carries_our_mark"], told[0]["case"]) == (True, None)
    assert "carries our mark" in told[0]["explanation"]
    assert "our mark, none of our photos" in _pairwatch(folder, "findings")
    assert summary.new_findings == 1
    assert known_copies(folder) == []
    assert [one.photo_id for one in Findings(db).all()] == [None]


@pytest.mark.slow
def test_the_report_tells_it_under_a_heading_of_its_own(night, tmp_path):
    """The report shows the picture apart from copies, says what it may mean, and claims no photo or sureness."""
    folder, *_ = night

    _pairwatch(folder, "report", "--out", str(tmp_path / "r"))
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    rows = list(
        csv.DictReader((tmp_path / "r" / "findings.csv").read_text(encoding="utf-8-sig").splitlines())
    )

    assert "Our mark on pictures that are none of our catalogued photographs" in page
    assert "It is not counted as a copy." in page
    assert page.count("data:image/webp;base64,") == 1
    assert "Our photo" not in page
    assert "How sure" not in page
    assert [(row["verdict"], row["carries_our_mark"], row["case"]) for row in rows] == [("none", "True", "")]


@pytest.mark.slow
def test_its_decision_sticks_and_a_photo_catalogued_later_explains_it(tmp_path, serve):
    """What was dismissed stays so the next night; once the patient is catalogued, the same picture is a copy."""
    folder, _, db = _night(tmp_path, serve)
    finding = Findings(db).all()[0]
    _pairwatch(folder, "review", str(finding.id), "dismissed", "--by", "J. Doe", "--note", "old flyer")
    again = _run(folder)

    kept = Findings(db).get(finding.id)
    assert (kept.decision, kept.note, again.new_findings) == (Decision.DISMISSED, "old flyer", 0)
    assert len(Findings(db).all()) == 1

    _import(folder, tmp_path, (60,))
    _run(folder)

    told = [(one.case, one.verdict, one.decision) for one in Findings(db).all()]
    db.close()
    assert told == [(60, "copy", Decision.OPEN)]


@pytest.mark.slow
def test_other_marks_and_settings_are_another_ground(tmp_path, serve):
    """A mark that is ours no more: the next night judges the picture anew, and the list shows both judgements."""
    folder, _, db = _night(tmp_path, serve)
    db.close()
    (before,) = [json.loads(line) for line in _pairwatch(folder, "findings", "--json").splitlines()]
    written = folder.settings_file.read_text(encoding="utf-8")
    folder.settings_file.write_text(written.replace(MARK.text, "QUARZWERK"), encoding="utf-8")

    _run(folder)

    (after,) = [json.loads(line) for line in _pairwatch(folder, "findings", "--json").splitlines()]
    _pairwatch(folder, "report", "--out", str(tmp_path / "r"))
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert (before["judged"]["marks"], before["judged_before"]) == ([MARK.text], [])
    assert (after["judged"]["marks"], after["carries_our_mark"]) == (["QUARZWERK"], False)
    assert after["judged_before"] == [before["judged"]]
    assert "nothing of ours; it once said that it carries our mark" in page
    assert "Judged before" in page


def test_an_older_database_keeps_its_findings_and_decisions(tmp_path):
    """The database of an earlier version is brought up to date with every finding and decision in it."""
    path = tmp_path / "pairwatch.db"
    db = open_database(path)
    migrations.apply(db, stop_before="m0007_our_mark_on_what_is_none_of_ours")
    _fill(db)
    old = list(db.table("findings").rows)
    decisions = list(db.table("decisions").rows)
    db.close()

    db = open_watch(path)

    said = [(one.id, one.judgements[0].verdict, one.judgements[0].probability) for one in Findings(db).all()]
    assert said == [(one["id"], one["verdict"], one["probability"]) for one in old]
    kept = list(db.table("former_findings").rows)
    same = ("site_id", "photo_id", "digest", "first_seen", "last_seen")
    assert [[one[name] for name in same] for one in kept] == [[one[name] for name in same] for one in old]
    assert list(db.table("decisions").rows) == decisions
    assert [row["carries_our_mark"] for row in db.query("select carries_our_mark from contents")] == [0]
    assert [one.decision for one in Findings(db).all()] == [Decision.LICENSED]
    assert db.execute("pragma foreign_key_check").fetchall() == []
    assert catalogue.pending(db) == migrations.pending(db) == []
    db.close()


def _fill(db: Database) -> None:
    digest, at = "sha256:" + "a" * 64, "2026-11-20T02:30:00+00:00"
    rows = {
        "cases": {"number": 51, "created_at": at},
        "stages": {"id": 1, "case_number": 51, "position": 1, "label": "after"},
        "photos": {
            "id": 7, "stage_id": 1, "view": "front", "file": "a.jpg", "digest": digest, "bytes": 1, "width": 1,
            "height": 1, "format": "JPEG", "imported_at": at,
        },
        "sites": {"id": 1, "url": "https://a.example/", "listing": "watch", "added_at": at},
        "urls": {
            "id": 3, "site_id": 1, "url": "https://a.example/a.jpg", "kind": "image", "standing": "done", "rank": 5,
            "depth": 1, "status": 200, "etag": "", "last_modified": "", "final": "", "digest": digest,
            "matched_upto": 7, "tries": 0, "why": "", "parent": "",
        },
        "contents": {
            "digest": digest, "verdict": "copy", "photo_id": 7, "probability": 0.99, "explanation": "", "answer": "{}",
            "width": 1, "height": 1, "matched_upto": 7, "matched_at": at, "trouble": "",
        },
        "findings": {
            "id": 4, "site_id": 1, "image_id": 3, "photo_id": 7, "digest": digest, "verdict": "copy",
            "probability": 0.99, "first_seen": at, "last_seen": at,
        },
        "decisions": {
            "id": 9, "site_id": 1, "photo_id": 7, "digest": digest, "decision": "licensed", "note": "", "by": "J. Doe",
            "at": at,
        },
    }  # fmt: skip
    with transaction(db):
        for table, row in rows.items():
            db.table(table).insert(row)
