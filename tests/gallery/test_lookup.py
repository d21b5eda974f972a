"""Whose photograph a file is, is found whatever happened to the index."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from gallery.errors import GalleryError
from gallery.services.lookup import Lookup
from pairwatch import cli
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.errors import WatermarkError
from watermark.matching.fingerprint import fingerprint
from watermark.picture.encode import encode


@pytest.fixture(scope="module")
def portraits():
    """Three people in one room, as JPEG files."""
    room = Room(3)
    return [
        encode(
            draw_portrait(Person(seed), room, stage="before", view="front", shot=0, size=(480, 600)),
            format="jpeg",
            quality=90,
        )
        for seed in (1, 2, 3)
    ]


@pytest.fixture
def known(clinic, portraits):
    """Two of three look-alike patients are ours."""
    clinic.desk.mkdir()
    rows = []
    for number, data in enumerate(portraits[:2], start=51):
        (clinic.desk / f"{number}.jpg").write_bytes(data)
        rows.append({"case": number, "stage": "before", "view": "front", "file": f"{number}.jpg"})
    clinic.take_in(rows)
    return clinic


def test_our_photo_is_named_with_case_stage_and_file(known, portraits):
    """A copy is a copy, of this very photo, in words and as JSON."""
    found = Lookup(known.folder).identify(portraits[0], "found.jpg").to_json()

    assert (found["file"], found["verdict"]) == ("found.jpg", "copy")
    assert (found["case"], found["stage"], found["photo"]) == (51, "before", "51.jpg")
    assert float(str(found["probability"])) > 0.9
    assert "Patient 51's before photo" in str(found["explanation"])


def test_pictures_that_show_why_are_put_into_a_folder(known, portraits):
    """Five pictures for a copy, for its owner's eyes alone; none for what is not ours."""
    for name, data in zip(("copy.jpg", "other.jpg"), (portraits[0], portraits[2]), strict=True):
        (known.desk / name).write_bytes(data)
    why = known.desk / "why"
    said = CliRunner().invoke(
        cli,
        ["--data", str(known.folder.root), "identify", "--json", "--explain", str(why)]
        + [str(known.desk / name) for name in ("copy.jpg", "other.jpg")],
    )
    copy, other = map(json.loads, said.stdout.splitlines())

    assert sorted(Path(path).name for path in copy["pictures"]) == [
        "agreement.png", "mask.png", "ours.png", "overlay.png", "theirs-on-ours.png",
    ]  # fmt: skip
    assert all(Path(path).read_bytes().startswith(b"\x89PNG") for path in copy["pictures"])
    assert Path(copy["pictures"][0]).parent.stat().st_mode & 0o077 == 0
    assert other["pictures"] == []


def test_a_stranger_is_not_ours(known, portraits):
    """Another person in the same room is no copy."""
    found = Lookup(known.folder).identify(portraits[2], "other.jpg").to_json()

    assert found["verdict"] in {"none", "possible", "cannot-tell"}


@pytest.mark.parametrize("damage", ["deleted", "garbled"])
def test_a_lost_index_is_rebuilt_and_said(known, portraits, damage):
    """Deleted or damaged, the index comes back from the originals; damage is said in a line."""
    if damage == "deleted":
        shutil.rmtree(known.folder.index)
    else:
        for file in known.folder.index.iterdir():
            file.write_bytes(b"garbled")
    said: list[str] = []
    found = Lookup(known.folder, talk=said.append).identify(portraits[1], "found.jpg")

    assert found.photo is not None
    assert found.photo.case == 52
    assert bool(said) == (damage == "garbled")


def _flip(path, at):
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x55
    path.write_bytes(data)


def _part(known, name):
    return next(known.folder.index.glob(f"{name}*"))


DAMAGES = {
    "a byte of the list changed": lambda known: _flip(_part(known, "photos"), 9),
    "a byte of the words changed": lambda known: _flip(_part(known, "words"), -100),
    "a byte of the first record changed": lambda known: _flip(_part(known, "records"), 500),
    "records cut off": lambda known: _part(known, "records").write_bytes(
        _part(known, "records").read_bytes()[:99]
    ),
    "words cut off": lambda known: _part(known, "words").write_bytes(_part(known, "words").read_bytes()[:99]),
    "list gone": lambda known: _part(known, "photos").unlink(),
    "manifest gone": lambda known: _part(known, "manifest.json").unlink(),
    "manifest empty": lambda known: _part(known, "manifest.json").write_bytes(b""),
    "manifest is a list": lambda known: _part(known, "manifest.json").write_text("[1]"),
    "manifest lacks its parts": lambda known: _rewrite(known, photos={}, words=[]),
    "an older version": lambda known: _rewrite(known, version=0),
    "another alphabet": lambda known: _rewrite(known, alphabet=1),
}


def _rewrite(known, **changed):
    manifest = _part(known, "manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | changed))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_or_older_index_is_rebuilt_with_one_line(known, portraits, damage):
    """Whatever happened to it on disk, the copy is still found, and one line says what was done; then it is sound."""
    DAMAGES[damage](known)
    said: list[str] = []
    lookup = Lookup(known.folder, talk=said.append)
    found = [lookup.identify(data, "found.jpg").photo for data in portraits[:2]]

    assert [photo.case for photo in found] == [51, 52]
    assert len(said) == 1
    assert "rebuilt from the originals" in said[0]
    again: list[str] = []
    assert Lookup(known.folder, talk=again.append).identify(portraits[0], "found.jpg").photo.case == 51
    assert not again


def test_an_index_behind_the_catalogue_catches_up(known):
    """Photos that the index lacks are added, and those the catalogue lacks forgotten."""
    index = Lookup(known.folder).index()
    first, second = sorted(index.keys())
    index.remove([first])
    index.insert({999: fingerprint(Lookup(known.folder).picture(second))})
    index.save()

    assert Lookup(known.folder).index().keys() == {first, second}


def test_what_is_no_picture_is_refused(known):
    """Bytes that are no picture are an error, not a verdict."""
    with pytest.raises(WatermarkError):
        Lookup(known.folder).identify(b"words", "words.jpg")


def test_an_unknown_photo_is_an_error(known):
    """There is no photo 999, and nothing pretends there were."""
    with pytest.raises(GalleryError, match="photo 999"):
        Lookup(known.folder).subject(999)


def test_one_photo_that_cannot_be_fingerprinted_costs_no_other(known, portraits):
    """A missing original is said in a line, all other photos are recognised, and it comes back by itself."""
    shutil.rmtree(known.folder.index)
    place = next(
        p for p in known.folder.originals.rglob("*") if p.is_file() and p.read_bytes() == portraits[0]
    )
    place.rename(known.desk / "lost")
    said: list[str] = []
    found = Lookup(known.folder, talk=said.append).identify(portraits[1], "found.jpg")
    notes = known.verify().notes
    (known.desk / "lost").rename(place)
    again = Lookup(known.folder).identify(portraits[0], "found.jpg")

    assert found.photo is not None
    assert found.photo.case == 52
    assert len(said) == 1
    assert said[0].startswith("Copies of Patient 51's before photo cannot be recognised yet: ")
    assert "copies of Patient 51's before photo (front) are not recognised yet" in notes[0]
    assert again.photo is not None
    assert again.photo.case == 51
