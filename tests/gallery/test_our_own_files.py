"""Our own published files, found elsewhere, are known as what they are: whole, ours, with our mark."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import cv2
import pytest

from gallery.services.lookup import Lookup
from gallery.settings import DataFolder, example_settings
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.matching.explanation import edit_words
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

STAGES = {51: ("before", "after session 1 of 2", "one year later"), 52: ("before", "after")}
FIRST = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
YEARS_LATER = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _photo(case: int, stage: str) -> Picture:
    size = (1000, 750) if case == 51 else (750, 1000)
    drawn = "before" if stage == "before" else "after"
    return draw_portrait(Person(case * 10 + len(stage)), Room(5), stage=drawn, size=size)


@pytest.fixture(scope="module")
def practice(open_clinic, tmp_path_factory):
    """A practice with the settings that `init` writes, which published two patients in 2024."""
    clinic = replace(open_clinic(tmp_path_factory.mktemp("practice")), now=FIRST)
    clinic.folder.settings_file.write_text(example_settings(), "utf-8")
    clinic.desk.mkdir()
    rows = []
    for case, stages in STAGES.items():
        for stage in stages:
            name = f"{case}-{stage}.jpg"
            (clinic.desk / name).write_bytes(encode(_photo(case, stage), format="jpeg", quality=93))
            row = {"case": case, "stage": stage, "view": "front", "file": name, "alt": "Head from the front"}
            rows.append(row | {"consent_signed": "2024-01-15"})
    clinic.take_in(rows)
    clinic.build()
    return clinic


@pytest.fixture(scope="module")
def lookup(practice):
    """What `identify` and the crawl ask, two years later."""
    return Lookup(practice.folder, now=YEARS_LATER)


def _files(practice, pattern):
    return sorted((practice.folder.public / "photos").glob(pattern))


def _said(lookup, path):
    found = lookup.identify(path.read_bytes(), path.name)
    return found.answer.verdict, found.answer.mark, tuple(edit_words(found.answer.edits)), found.explanation


def test_an_untouched_copy_is_whole_and_bears_our_mark(practice, lookup):
    """With the settings of `init`, a visitor's copy of each photo is the file that we published, with our mark."""
    files = _files(practice, "*-[79][26]0.jpg")
    said = [_said(lookup, path) for path in files]

    assert len(files) == sum(map(len, STAGES.values()))
    assert {(verdict, mark, changes) for verdict, mark, changes, _ in said} == {("copy", "kept", ())}
    assert all("the file that we published on 2024-03-01 at " in words for *_, words in said)


@pytest.mark.slow
def test_no_published_file_is_called_altered(practice, lookup):
    """Of every size and format of every photo, none is said to be cut, covered, recoloured or without our mark."""
    said = {path.name: _said(lookup, path)[:3] for path in _files(practice, "*.*")}

    assert len(said) == 3 * 3 * sum(map(len, STAGES.values()))
    assert {name: one for name, one in said.items() if one != ("copy", "kept", ())} == {}


def test_a_rivals_name_bar_is_not_taken_for_our_label(practice, lookup, tmp_path):
    """A black bar with a name in the other upper corner, or over our own label, is said to be laid over the photo."""
    path = _files(practice, "*-[79][26]0.jpg")[0]
    photo = open_picture(path.read_bytes())
    bars = {}
    for side in ("left", "right"):
        rgb = photo.rgb.copy()
        wide, high = photo.width // 3, photo.height // 10
        bar = rgb[:high, :wide] if side == "left" else rgb[:high, -wide:]
        bar[:] = (12, 12, 12)
        cv2.putText(bar, "LUXSCALP", (12, high - 14), cv2.FONT_HERSHEY_SIMPLEX, 1.4, (250, 250, 250), 3)
        copy = tmp_path / f"{side}.jpg"
        copy.write_bytes(encode(Picture(rgb), format="jpeg", quality=90))
        bars[side] = _said(lookup, copy)

    for side, (verdict, mark, changes, _) in bars.items():
        assert (verdict, mark) == ("copy", "kept")
        assert len(changes) == 1
        assert f"laid over its upper {side} part" in changes[0]


def test_marks_of_earlier_years_and_settings_are_known(practice, tmp_path):
    """After the practice was renamed and its mark's words changed, copies of what it published before stay marked."""
    shutil.copytree(practice.folder.root, tmp_path / "data")
    later = replace(practice, folder=DataFolder(tmp_path / "data"))
    former = _files(practice, "*-[79][26]0.jpg")[0].read_bytes()
    later.folder.settings_file.write_text(
        '[practice]\nname = "Another Name Altogether"\n[mark]\ntext = "another.example"\nopacity = 0.4\n',
        "utf-8",
    )
    later.build(YEARS_LATER)
    lookup = Lookup(later.folder, now=YEARS_LATER)
    found = lookup.identify(former, "former.jpg")
    again = lookup.identify(_files(later, "*-[79][26]0.jpg")[0].read_bytes(), "again.jpg")
    stranger = draw_portrait(Person(4242), Room(8), stage="after", size=(720, 960))
    marked = lookup.designs.of(found.photo.id)[-1].draw(stranger)
    alone = lookup.identify(encode(marked, format="jpeg", quality=88), "alone.jpg")

    assert (found.answer.mark, found.answer.edits) == ("kept", ())
    assert (again.answer.mark, again.answer.edits) == ("kept", ())
    assert (alone.photo, alone.answer.carries_our_mark) == (None, True)


def test_other_clinics_notices_are_not_our_mark(practice, lookup):
    """A copyright notice of the same form, with another clinic's name, is not taken for ours."""
    mark = lookup.designs.marks[0]
    for number, name in enumerate(("Simple Clinic", "Harbour Clinic", "Lindenhof Clinic & Partners")):
        photo = draw_portrait(Person(8000 + number), Room(9), stage="after", size=(960, 720))
        theirs = replace(lookup.designs.of(1)[0], label=None, mark=replace(mark, text=f"© 2026 {name}"))
        found = lookup.identify(encode(theirs.draw(photo), format="jpeg", quality=88), "theirs.jpg")
        assert not found.answer.carries_our_mark, name
