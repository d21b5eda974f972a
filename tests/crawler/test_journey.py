"""A night with real pictures: drawn photos are catalogued, a copier is visited over HTTP."""

import csv
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from crawler.desk.removals import known_copies
from crawler.model import Decision, Infringement, Listing
from crawler.run.night import run
from crawler.store.database import open_watch
from crawler.store.findings import Findings
from crawler.store.sites import Sites
from gallery.services.intake import Wishes, import_manifest
from gallery.settings import DataFolder
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault
from pairwatch import cli
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from sample_clinic.drawing.furniture import collage
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import crop, resize

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """A practice with two cases, and the JPEG files of its photos."""
    root = tmp_path_factory.mktemp("practice")
    rows, files = [["case", "stage", "view", "file"]], {}
    for case in (51, 52):
        for stage in ("before", "after"):
            name = f"{case}-{stage}.jpg"
            portrait = draw_portrait(
                Person(case), Room(3), stage=stage, view="front", shot=0, size=(900, 1200)
            )
            files[name] = encode(portrait, format="jpeg", quality=90)
            (root / name).write_bytes(files[name])
            rows.append([str(case), stage, "front", name])
    with (root / "cases.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    folder = DataFolder(root / "data")
    open_watch(folder.database).close()
    folder.settings_file.write_text("[crawler]\ndelay_s = 0\nworkers = 1\n")
    import_manifest(folder, root / "cases.csv", Wishes(actor="test", now=NOW))
    return folder, files


def _copier(files):
    ours = open_picture(files["51-after.jpg"])
    half = crop(ours, (60, 80, 840, 1000))
    return {
        "/": '<title>We are the best</title><h2>Results</h2><a href="/more.html">more</a>'
        '<figure><img src="/plain.jpg" alt="my =work">'
        "<figcaption>Ours, <b>honestly</b></figcaption></figure>",
        "/more.html": '<img data-src="/small.jpg"><img src="/cropped.jpg"><img src="/own.jpg"><img src="/both.jpg">',
        "/plain.jpg": files["51-after.jpg"],
        "/both.jpg": encode(collage([ours, open_picture(files["52-after.jpg"])]), format="jpeg", quality=85),
        "/small.jpg": encode(resize(ours, 640), format="jpeg", quality=70),
        "/cropped.jpg": encode(half, format="jpeg", quality=80),
        "/own.jpg": encode(
            draw_portrait(Person(900), Room(8), stage="after", view="front", shot=0, size=(900, 1200)),
            format="jpeg",
            quality=88,
        ),
    }


@pytest.fixture(scope="module")
def night(practice, serve_long):
    """A run over a copier and our sister site."""
    folder, files = practice
    copier = serve_long(_copier(files))
    sister = serve_long({"/": '<img src="/a.jpg">', "/a.jpg": files["52-before.jpg"]})
    db = open_watch(folder.database)
    Sites(db).put(copier.site(), NOW)
    Sites(db).put(sister.site(listing=Listing.ALLOW), NOW)
    summary = _run(folder)
    yield folder, copier, sister, summary, db
    db.close()


def _run(folder):
    with ThreadPoolExecutor(1) as hands:
        return run(folder, executor=hands)


def _of(db, served):
    return [one for one in Findings(db).all() if one.site_url.startswith(served.url)]


@pytest.mark.slow
def test_the_copies_are_found_and_nobody_else_is_accused(night):
    """Each copy is a finding under its photo with where it was seen; the copier's own patient is none."""
    _, copier, sister, summary, db = night

    found = sorted(
        (sorted({seen.image_url.rsplit("/", 1)[1] for seen in one.sightings}), one.name, one.verdict)
        for one in _of(db, copier)
    )

    assert found == [
        (["both.jpg"], "51-after.jpg", "copy"),
        (["both.jpg"], "52-after.jpg", "copy"),
        (["cropped.jpg"], "51-after.jpg", "copy"),
        (["plain.jpg", "small.jpg"], "51-after.jpg", "copy"),  # the same look, saved smaller
    ]
    assert _of(db, sister) == []
    assert (summary.new_findings, summary.allowed_sightings) == (4, 1)
    both = [one for one in _of(db, copier) if one.image_url.endswith("both.jpg")]
    assert [one.also for one in both] == [("Patient 52's after photo",), ("Patient 51's after photo",)]
    whole = next(one for one in _of(db, copier) if len({seen.image_url for seen in one.sightings}) > 1)
    plain = next(seen for seen in whole.sightings if seen.image_url.endswith("plain.jpg"))
    assert (f"{copier.url}/", "my =work", "Ours, honestly", "Results") == (
        plain.page_url,
        plain.alt,
        plain.caption,
        plain.heading,
    )


@pytest.mark.slow
def test_a_decision_sticks_and_is_in_the_ledger(night):
    """What was dismissed stays dismissed after the next run, and the ledger says by whom."""
    folder, copier, _, _, db = night
    finding = _of(db, copier)[0]
    assert not isinstance(finding, Infringement)

    CliRunner().invoke(
        cli, ["--data", str(folder.root), "review", str(finding.id), "dismissed", "--by", "J. Doe"]
    )
    _run(folder)

    again = Findings(db).get(finding.id)
    assert (again.decision, again.decided_by) == (Decision.DISMISSED, "J. Doe")
    assert again.last_seen > finding.last_seen
    assert Ledger(db).entries(subject=f"finding {finding.id}")[-1].actor == "J. Doe"


@pytest.mark.slow
def test_the_report_needs_nothing_else_and_escapes_everything(night, tmp_path):
    """The report holds its pictures, asks no matcher, runs no script of the copier's, and its CSV no formula."""
    folder, copier, _, _, db = night
    away = folder.index.rename(folder.root / "away")
    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "report", "--out", str(tmp_path / "r")])
    assert shown.exit_code == 0, shown.output
    assert not folder.index.exists(), "whoever asks the matcher would have made the index anew"
    away.rename(folder.index)

    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    rows = list(
        csv.DictReader((tmp_path / "r" / "findings.csv").read_text(encoding="utf-8-sig").splitlines())
    )

    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]+", page) == []
    assert set(re.findall(r"href=\"#([^\"]+)", page)) <= set(re.findall(r"id=\"([^\"]+)", page))
    assert page.count("data:image/webp;base64,") >= 2 * len(rows)
    assert "<b>honestly" not in page
    assert "-after.jpg" not in page + str(rows)
    assert all(Vault(folder.evidence).has(one.digest) for one in _of(db, copier))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.slow
def test_the_second_night_costs_nothing(night):
    """Nothing changed: no picture is looked at again, nothing is new; only what shows a copy is sent again."""
    folder, copier, _, _, _ = night
    copier.asked.clear()

    again = _run(folder)

    assert again.new_findings == 0
    assert (again.tally.pages, again.tally.images) == (0, 0)
    anew = {
        path
        for path, headers in copier.asked
        if "if-none-match" not in headers and not path.endswith((".txt", ".xml"))
    }
    assert anew <= {"/", "/more.html", "/plain.jpg", "/small.jpg", "/cropped.jpg", "/both.jpg"}


@pytest.mark.slow
def test_a_tip_is_checked_at_once(night, tmp_path):
    """A tipped page of a listed site and a sent file are answered in JSON, with the right photo."""
    folder, copier, _, _, _ = night
    sent = tmp_path / "sent.jpg"
    sent.write_bytes(copier.routes["/small.jpg"])

    page = CliRunner().invoke(cli, ["--data", str(folder.root), "tip", f"{copier.url}/more.html", "--json"])
    file = CliRunner().invoke(cli, ["--data", str(folder.root), "tip", str(sent), "--json"])

    assert {"51-after.jpg", "52-after.jpg"} == {one["photo"] for one in json.loads(page.stdout)["findings"]}
    assert json.loads(file.stdout)["answer"]["photo"] == "51-after.jpg"


@pytest.mark.slow
def test_a_withdrawal_is_told_of_every_copy(night):
    """What the staff's pages list for a patient who withdrew are all findings that nobody dismissed."""
    folder, _, _, _, db = night
    expected = {(one.id, one.case) for one in Findings(db).all() if one.decision is not Decision.DISMISSED}

    assert expected
    assert {(copy.finding, copy.case) for copy in known_copies(folder)} == expected


def _say(folder, *words):
    return CliRunner().invoke(cli, ["--data", str(folder.root), *words])


@pytest.mark.slow
def test_a_picture_saved_again_stays_as_it_was_decided(night, serve_long):
    """What was dismissed stays aside when the site saves it anew; what shows something else comes back."""
    folder, _, _, _, db = night
    ours = open_picture(_practice_file(folder, "52-after.jpg"))
    pages = {"/": '<img src="/a.jpg">', "/a.jpg": encode(resize(ours, 700), format="jpeg", quality=82)}
    other = serve_long(pages)
    Sites(db).put(other.site(), NOW)
    _run(folder)
    first = _of(db, other)[0]
    _say(folder, "review", str(first.id), "dismissed", "--by", "J. Doe")

    other.routes["/a.jpg"] = encode(resize(ours, 520), format="jpeg", quality=60)
    again = _run(folder)
    other.routes["/a.jpg"] = encode(crop(ours, (0, 200, 900, 1000)), format="jpeg", quality=82)
    cropped = _run(folder)

    (part,) = [one for one in _of(db, other) if one.id != first.id]
    same = Findings(db).get(first.id)
    assert (same.decision, same.digest != first.digest) == (Decision.DISMISSED, True)
    assert (again.new_findings, cropped.new_findings) == (0, 1)
    open_ones = {json.loads(line)["id"] for line in _say(folder, "findings", "--json").stdout.splitlines()}
    assert open_ones & {first.id, part.id} == {part.id}


def _practice_file(folder, name: str):
    return (folder.root.parent / name).read_bytes()
