"""Photographs come in whole or not at all, and bad ones are named."""

import importlib
import io
from dataclasses import replace

import pillow_heif
import pytest
from PIL import Image

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.services import fingerprints
from gallery.services.approval import approve
from gallery.services.intake import check
from gallery.services.lookup import Lookup
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault, digest_of
from watermark.picture.sandbox import Sandbox


def catalogue(clinic):
    """Give all that is catalogued."""
    database = clinic.database()
    try:
        catalog = Catalog(database)
        return catalog.cases(), catalog.stages(), catalog.photos(), catalog.consents()
    finally:
        database.close()


def test_a_manifest_becomes_cases_stages_and_photos(clinic, two_cases):
    """Four columns are enough; each original is sealed, each photo watched for, each intake in the ledger."""
    done = clinic.take_in(two_cases)
    cases, stages, photos, consents = catalogue(clinic)

    assert (len(done.photos), done.new_cases, done.consents) == (5, (51, 52), 1)
    assert [case.number for case in cases] == [51, 52]
    assert [stage.label for stage in stages if stage.case == 52] == [
        "before", "after session 1 of 2", "one year later",
    ]  # fmt: skip
    assert [(stage.session, stage.sessions) for stage in stages if stage.session] == [(1, 2)]
    assert all(Vault(clinic.folder.originals).has(photo.digest) for photo in photos)
    assert consents[0].photos == {photo.id for photo in photos if photo.case == 51}
    assert Lookup(clinic.folder).index().keys() == {photo.id for photo in photos}
    database = clinic.database()
    assert [entry.action for entry in Ledger(database).entries()] == [Action.PHOTO_TAKEN_IN] * 5 + [
        Action.CONSENT_RECORDED
    ]
    database.close()


def test_before_comes_first_however_the_list_is_sorted(clinic):
    """A list in the order of the alphabet still tells the story from its beginning."""
    rows = clinic.rows({51: ["after", "before"]})
    clinic.take_in(rows)

    assert [stage.label for stage in catalogue(clinic)[1]] == ["before", "after"]


def test_importing_again_changes_nothing(clinic, two_cases):
    """The same list twice is the same catalogue, and is said to be."""
    clinic.take_in(two_cases)
    before = catalogue(clinic)
    done = clinic.take_in(two_cases)

    assert (len(done.photos), done.unchanged, done.consents) == (0, 5, 0)
    assert catalogue(clinic) == before


def test_consent_may_follow_in_a_later_list(clinic, two_cases):
    """The list that grew a consent column records consents for photos that are there already, once."""
    plain = [{key: row[key] for key in ("case", "stage", "view", "file")} for row in two_cases]
    clinic.take_in(plain)

    assert clinic.take_in(two_cases).consents == 1
    assert clinic.take_in(two_cases).consents == 0


def test_a_withdrawn_consent_is_not_brought_back_by_an_old_list(clinic, two_cases):
    """Importing an old list again does not undo what a patient has withdrawn since."""
    clinic.take_in(two_cases)
    database = clinic.database()
    Catalog(database).withdraw_consents(51, None, clinic.now)
    database.close()

    assert clinic.take_in(two_cases).consents == 0
    assert all(consent.withdrawn_at for consent in catalogue(clinic)[3])


def broken_files(clinic):
    """Give the bytes of files that are no pictures, by name."""
    whole = clinic.photo("whole.jpg", 900)
    cmyk = io.BytesIO()
    Image.new("CMYK", (64, 64), (0, 128, 128, 0)).save(cmyk, "JPEG")
    bomb = bytearray(encoded("PNG", (8, 8)))
    bomb[16:24] = (50_000).to_bytes(4) * 2
    return {
        "cut.jpg": whole[: len(whole) // 2],
        "empty.jpg": b"",
        "text.jpg": b"These are words, not a picture.\n" * 20,
        "page.jpg": b"<!doctype html><title>no</title>",
        "bomb.png": bytes(bomb),
    }


def encoded(name, size):
    """Give a small picture in a format of Pillow's."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, name)
    return out.getvalue()


def test_every_bad_file_is_named_and_nothing_comes_in(clinic, two_cases):
    """Cut off, empty, mislabelled, missing, a bomb: a sentence each, and not one row is imported."""
    rows = [*two_cases]
    for name, data in broken_files(clinic).items():
        (clinic.desk / name).write_bytes(data)
        rows.append({"case": 60, "stage": name, "view": "front", "file": name})
    rows.append({"case": 60, "stage": "missing", "view": "front", "file": "nowhere.jpg"})

    with pytest.raises(GalleryError) as caught:
        clinic.take_in(rows)
    lines = str(caught.value).splitlines()
    assert lines[0] == "nothing was imported: 6 problems in cases.csv"
    assert all(f"row {number}" in line for number, line in zip(range(7, 13), lines[1:], strict=True))
    assert "nowhere.jpg: is not there" in lines[-1]
    assert catalogue(clinic) == ([], [], [], [])
    assert list(Vault(clinic.folder.originals).digests()) == []


def test_the_good_rows_come_in_when_asked(clinic, two_cases):
    """With skip_bad the bad rows are listed and the rest is imported."""
    (clinic.desk / "empty.jpg").write_bytes(b"")
    bad = {"case": 60, "stage": "before", "view": "front", "file": "empty.jpg"}
    done = clinic.take_in([bad, *two_cases], skip_bad=True)

    assert len(done.photos) == 5
    assert [problem.row for problem in done.skipped] == [2]


def test_other_formats_come_in_too(clinic):
    """HEIC from a phone, CMYK from print, 16-bit from a scanner, an animation's first frame."""
    clinic.desk.mkdir()
    noise = Image.effect_noise((96, 96), 80)
    pillow_heif.from_pillow(noise.convert("RGB")).save(clinic.desk / "phone.heic")
    noise.convert("CMYK").save(clinic.desk / "print.jpg")
    noise.point(lambda value: value * 200, "I").convert("I;16").save(clinic.desk / "scan.png")
    noise.save(clinic.desk / "moving.gif", save_all=True, append_images=[noise.rotate(90)])
    names = ["phone.heic", "print.jpg", "scan.png", "moving.gif"]
    rows = [{"case": 1, "stage": name, "view": "front", "file": name} for name in names]

    assert [photo.format for photo in clinic.take_in(rows).photos] == ["heif", "jpeg", "png", "gif"]


def test_a_photo_twice_is_named(clinic, two_cases):
    """The same picture in two rows, or in another case already, is said with both places."""
    twice = [*two_cases, {**two_cases[0], "stage": "after", "file": "photos/copy.jpg"}]
    (clinic.desk / "photos/copy.jpg").write_bytes((clinic.desk / str(two_cases[0]["file"])).read_bytes())
    with pytest.raises(GalleryError, match=r"row 7.* is the same photo as .* in row 2"):
        clinic.take_in(twice)

    clinic.take_in(two_cases)
    with pytest.raises(GalleryError, match="is already in the catalogue as Patient 51, before, front"):
        clinic.take_in([{**two_cases[0], "case": 77}])


def test_an_existing_case_needs_a_word(clinic, two_cases):
    """New photos for an old number are refused, unless that is what was meant."""
    clinic.take_in(two_cases)
    more = clinic.rows({51: ["two years later"]}, first_seed=100)
    with pytest.raises(GalleryError, match='row 2, column "case": case 51 already exists'):
        clinic.take_in(more)

    assert len(clinic.take_in(more, add_to_existing=True).photos) == 1
    assert [stage.label for stage in catalogue(clinic)[1] if stage.case == 51] == [
        "before", "after", "two years later",
    ]  # fmt: skip


def test_rows_that_contradict_each_other_are_named(clinic):
    """One stage cannot have been done by us and by another doctor."""
    rows = clinic.rows({51: ["after"]}, performed_by="us")
    rows += [
        {**row, "view": "left"} for row in clinic.rows({51: ["after"]}, first_seed=50, performed_by="other")
    ]
    rows[1]["file"] = "photos/left.jpg"
    clinic.photo("photos/left.jpg", 60)

    with pytest.raises(GalleryError, match='says "other", but row 2 says "us" of the same stage'):
        clinic.take_in(rows)


def test_nothing_without_a_catalogue(clinic):
    """In an empty folder the way to start is named."""
    clinic.folder.database.unlink()

    with pytest.raises(GalleryError) as caught:
        clinic.take_in(clinic.rows({1: ["before"]}))
    assert "pairwatch init" in caught.value.hint


def test_what_is_odd_about_a_photo_is_said(clinic):
    """A tiny picture and an animation are taken, with a line each; a plain photograph needs none."""
    rows = clinic.rows({51: ["before", "after", "later"]})
    small, moving = clinic.desk / "small.png", clinic.desk / "moving.gif"
    Image.new("RGB", (40, 30), "red").save(small)
    frames = [Image.new("RGB", (200, 200), colour) for colour in ("red", "blue")]
    frames[0].save(moving, save_all=True, append_images=frames[1:])
    rows[0]["file"], rows[1]["file"] = "small.png", "moving.gif"

    notes = clinic.take_in(rows).notes

    assert notes[:2] == (
        "small.png is only 40 by 30 pixels: copies of it may not be recognised.",
        "moving.gif has 2 pictures; only the first is taken.",
    )


def test_a_bomb_is_no_patients_photo(clinic):
    """A picture larger than any camera's is refused by its header, before it fills the memory."""
    rows = clinic.rows({51: ["before"]})
    Image.new("1", (20_000, 20_000)).save(clinic.desk / "bomb.png")
    rows[0]["file"] = "bomb.png"

    with pytest.raises(GalleryError, match="nothing was imported: 1 problem"):
        clinic.take_in(rows)


@pytest.fixture
def openings(monkeypatch):
    """Every file that is opened for its pixels while a test runs, by the digest of its bytes."""
    opened = []
    really = Sandbox._open

    def counted(self, data, limits, **asked):
        opened.append(digest_of(data))
        return really(self, data, limits, **asked)

    monkeypatch.setattr(Sandbox, "_open", counted)
    for module in (fingerprints, "watermark.picture.decode"):
        monkeypatch.setattr(
            module if not isinstance(module, str) else importlib.import_module(module),
            "open_picture",
            lambda *_args, **_more: pytest.fail("an imported file was opened outside the sandbox"),
        )
    return opened


def test_an_import_opens_each_file_once(clinic, two_cases, openings):
    """Checked, sealed and fingerprinted from one opening, in a process of its own; nothing is left beside the vault."""
    done = clinic.take_in(two_cases)

    assert sorted(openings) == sorted(photo.digest for photo in done.photos)
    assert done.notes == ()
    assert not list((clinic.folder.originals / "incoming").iterdir())


def test_an_original_that_was_cut_short_is_sealed_whole(clinic, two_cases):
    """What a failing disk left of a file in the vault is no reason to leave it there."""
    data = (clinic.desk / two_cases[0]["file"]).read_bytes()
    digest = Vault(clinic.folder.originals).put(data)
    [place] = clinic.folder.originals.rglob(digest.removeprefix("sha256:"))
    place.write_bytes(data[:100])
    clinic.take_in(two_cases)

    assert place.read_bytes() == data
    assert clinic.verify().problems == ()


def test_a_list_that_will_be_refused_seals_nothing(clinic, two_cases):
    """One wrong row: all good files are looked at, and none of them stays in the vault."""
    with pytest.raises(GalleryError, match="is not there"):
        clinic.take_in([*two_cases, {"case": 60, "stage": "before", "view": "front", "file": "gone.jpg"}])

    assert list(Vault(clinic.folder.originals).digests()) == []
    assert not list((clinic.folder.originals / "incoming").iterdir())


def test_a_picture_that_never_opens_is_a_row(clinic, two_cases, monkeypatch):
    """A file that takes the decoder longer than it may is named with its row; the others come in."""
    Image.new("RGB", (7_000, 7_000)).save(clinic.desk / "slow.png")
    monkeypatch.setattr(check, "INTAKE_LIMITS", replace(check.INTAKE_LIMITS, max_seconds=0.05))
    row = {"case": 60, "stage": "before", "view": "front", "file": "slow.png"}
    with pytest.raises(GalleryError, match=r"row 2, column .file.: slow.png: .*takes longer"):
        clinic.take_in([row])


def test_photos_added_to_an_approved_case_hold_it_back(clinic, two_cases):
    """What somebody approved is not published with other photos in it, whichever way these came in."""
    clinic.take_in(two_cases)
    clinic.build()
    with clinic.practice() as p:
        approve(p, 51)
    more = clinic.rows({51: ["later"], 52: ["two years later"]}, first_seed=80, consent_signed="2026-01-15")
    clinic.take_in(more, add_to_existing=True)
    clinic.build()

    with clinic.practice() as p:
        assert (p.catalog.case(51).held, p.catalog.case(52).held) == (True, False)
        assert p.ledger.entries(subject="case 51")[-1].action is Action.CONSENT_RECORDED
        assert Action.CASE_HELD_CHANGED in {entry.action for entry in p.ledger.entries(subject="case 51")}
    assert not any(name.startswith("patient-51/") for name in clinic.public())
