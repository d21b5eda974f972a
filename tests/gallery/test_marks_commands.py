"""What `pairwatch marks` tells of a file, a mark and the practice's own photos."""

import json
from contextlib import closing

import pytest
from click.testing import CliRunner

from gallery.events import Action
from gallery.services.mark_files import card_lines
from gallery.store.database import open_database
from gallery.store.ledger import Ledger
from pairwatch import cli
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from tests.gallery.conftest import NOW
from watermark.marking.hidden.survival import Survived
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def portrait():
    """A drawn portrait of 560 by 420."""
    return draw_portrait(Person(3), Room(2), size=(560, 420))


@pytest.fixture
def shown(clinic, portrait):
    """A patient's portrait, published."""
    clinic.folder.settings_file.write_text(
        '[practice]\nname = "Harbour Clinic"\n[channels.website]\nsizes = [480]\nformats = ["jpeg"]\n'
    )
    rows = clinic.rows({1: ["before"]}, consent_signed="2026-01-01")
    (clinic.desk / rows[0]["file"]).write_bytes(encode(portrait, format="jpeg", quality=92))
    clinic.take_in(rows)
    clinic.build()
    return clinic


def run(clinic, *words):
    """Run a command, and give its output."""
    done = CliRunner().invoke(cli, ["--data", str(clinic.folder.root), "marks", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_read_tells_channel_day_mark_and_credit(shown, tmp_path):
    """A published file names its publication; saved anew without metadata it still does, and its credit is gone."""
    (file,) = (shown.folder.public / "photos").glob("*.jpg")
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encode(open_picture(file.read_bytes()), format="jpeg", quality=75))
    first, second = (json.loads(run(shown, "read", one, "--json")) for one in (file, copy))
    for told in (first, second):
        assert (told["read_alone"]["channel"], told["read_alone"]["day"]) == (
            "website",
            NOW.date().isoformat(),
        )
        assert (told["read_alone"]["case"], told["verdict"], told["mark"]) == (1, "copy", "kept")
        assert told["marks"]["publication"] == {"channel": "website", "day": NOW.date().isoformat()}
    assert (first["credit"], second["credit"]) == ("kept", "stripped")
    assert "made from the file for website, published since" in run(shown, "read", copy)


def test_read_of_a_stranger_says_that_nothing_is_there(shown, tmp_path):
    """Another picture names nothing; a file that is no picture gets its line and the others go on."""
    stranger, broken = tmp_path / "stranger.jpg", tmp_path / "broken.jpg"
    stranger.write_bytes(
        encode(draw_portrait(Person(9), Room(5), size=(320, 240)), format="jpeg", quality=80)
    )
    broken.write_bytes(b"no picture")
    lines = [json.loads(line) for line in run(shown, "read", broken, stranger, "--json").splitlines()]
    assert "error" in lines[0]
    assert (lines[1]["read_alone"], lines[1]["marks"]) == (None, None)
    assert lines[1]["credit"] == "stripped"


def test_preview_tells_what_cropping_costs(shown, portrait, tmp_path):
    """The crossing mark cannot be cropped away; the line below the subject can, at little cost."""
    file = tmp_path / "portrait.jpg"
    file.write_bytes(encode(portrait, format="jpeg", quality=90))
    crossing = json.loads(run(shown, "preview", file, "--out", tmp_path / "a.png", "--crossing", "--json"))
    line = json.loads(run(shown, "preview", file, "--out", tmp_path / "b.png", "--json"))
    assert crossing["crop_cost"] > 0.6
    assert line["crop_cost"] < 0.3
    assert crossing["contrast"] >= 15
    drawn = open_picture((tmp_path / "a.png").read_bytes())
    assert isinstance(drawn, Picture)
    assert (drawn.width, drawn.height) == (560, 420)


def test_report_measures_on_our_own_photos(shown):
    """The card tells for every way of copying how many photos were read alone and on our photo."""
    card = json.loads(run(shown, "report", "--photos", "1", "--json"))
    assert len(card) >= 10
    assert {one["photos"] for one in card.values()} == {1}
    assert sum(one["read_on_our_photo"] for one in card.values()) >= len(card) - 1
    assert card_lines({"mirrored": [Survived(blind=False, informed=True)]})[1].split() == (
        ["mirrored", "0", "of", "1", "1", "of", "1"]
    )


def test_a_handed_out_copy_names_its_recipient(shown, tmp_path):
    """Each partner gets a copy of its own; a leak of it names the partner, and its giving is in the ledger."""
    name = "IMG_1_0.jpg"
    for partner in ("Scalp Journal", "Trade Fair"):
        run(shown, "give", name, "--to", partner, "--out", tmp_path / f"{partner}.jpg")
    leak = tmp_path / "leak.jpg"
    leak.write_bytes(
        encode(open_picture((tmp_path / "Trade Fair.jpg").read_bytes()), format="jpeg", quality=80)
    )
    told = json.loads(run(shown, "read", leak, "--json"))
    assert told["read_alone"]["recipient"] == "Trade Fair"
    assert told["marks"]["recipients"] == ["Trade Fair"]
    assert (told["verdict"], told["mark"]) == ("copy", "kept")
    with closing(open_database(shown.folder.database)) as database:
        given = [entry for entry in Ledger(database).entries() if entry.action == Action.PHOTO_HANDED_OUT]
    assert len(given) == 2
