"""`verify` calls sound what is sound, and names what is not."""

import os

import pytest

from gallery.errors import GalleryError
from gallery.services.doctor import examine
from gallery.services.integrity import parse_head
from gallery.site.build import build_site
from gallery.store.catalog import Catalog
from gallery.store.ledger import Head


@pytest.fixture
def sound(clinic, two_cases):
    """A built clinic."""
    clinic.take_in(two_cases)
    clinic.build()
    return clinic


def test_a_healthy_clinic_is_sound(sound):
    """Nothing to complain of, and the ledger's head to keep."""
    result = sound.verify()

    assert result.problems == ()
    assert result.notes == ()
    assert result.counts == {"cases": 2, "photos": 5, "public photos": 2, "ledger rows": 9}
    assert parse_head(str(result.to_json()["ledger_head"])) == result.head


def _original(sound, number: int, stage: str):
    """Give a photo of the catalogue, and where its original lies."""
    with sound.database() as database:
        photo = next(photo for photo in Catalog(database).photos(number) if photo.stage == stage)
    return photo, next(sound.folder.originals.rglob(photo.digest.removeprefix("sha256:")))


@pytest.mark.parametrize(("number", "stage"), [(51, "after"), (52, "one year later")])
def test_a_missing_original_is_named_by_its_patient(sound, number, stage):
    """Whoever restores a backup knows which photo to look for: of which patient, at which stage."""
    photo, place = _original(sound, number, stage)
    place.unlink()

    missing = f"the original of photo {photo.id} (Patient {number}, {stage}) is missing"
    assert sound.verify().problems == (missing,)


def test_a_changed_original_is_named(sound):
    """A flipped bit in the vault does not pass, and of five originals the one that changed is named."""
    photo, place = _original(sound, 52, "one year later")
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    problems = sound.verify().problems

    assert len(problems) == 1
    assert photo.digest in problems[0]
    assert "was changed after it was sealed" in problems[0]


def test_a_photo_that_does_not_belong_on_the_site_is_named(sound):
    """A file put into the public folder by hand is found."""
    (sound.folder.public / "photos" / "0123456789abcdef01234567-240.jpg").write_bytes(b"?")

    assert sound.verify().problems == (
        "the site shows 0123456789abcdef01234567, which consent does not allow: run `pairwatch build`",
    )


def test_what_an_interrupted_import_left_is_a_note(sound):
    """An original without a row is no damage, and is said."""
    from gallery.store.vault import Vault

    Vault(sound.folder.originals).put(b"left by a crash")

    assert sound.verify().problems == ()
    assert "not in the catalogue" in sound.verify().notes[0]


def test_a_ledger_cut_since_is_named(sound):
    """Against a head that was kept, a shorter ledger fails."""
    from gallery.services.integrity import verify_all

    head = sound.verify().head
    kept = Head(head.seq + 1, "sha256:" + "1" * 64)

    assert verify_all(sound.folder, now=sound.now, expected=kept).problems
    assert not verify_all(sound.folder, now=sound.now, expected=head).problems


def test_a_head_is_read_as_it_was_printed():
    """Anything else is refused in a sentence."""
    with pytest.raises(GalleryError, match="a ledger head like"):
        parse_head("forty-two")


def test_the_doctor_finds_this_machine_fit(sound):
    """All that is needed is there, and the formats that the site uses can be written."""
    checks = {check.name: check for check in examine(sound.folder)}

    assert [name for name, check in checks.items() if check.needed and not check.ok] == []
    assert checks["avif pictures"].found == "read and written"
    assert checks["fingerprint index"].found == "5 photos"


def test_the_doctor_names_open_doors(sound):
    """Originals that others may read are a fault, with the command that closes it."""
    sound.folder.originals.chmod(0o755)
    check = next(check for check in examine(sound.folder) if check.name == "originals private")

    assert not check.ok
    assert "chmod 700" in check.found


def test_every_file_of_the_site_is_proven(sound):
    """A file altered, put there or taken away by hand is named, and a build makes the site whole again."""
    public = sound.folder.public
    picture = next((public / "photos").glob("*-240.jpg"))
    whole = picture.read_bytes()
    with picture.open("ab") as file:
        file.write(b"?")
    (public / "leak.jpg").write_bytes(b"?")
    (public / "patient-51" / "index.html").unlink()

    named = [problem.partition(":")[0] for problem in sound.verify().problems]
    sound.build()

    assert named[:3] == [
        "leak.jpg is on the site, but pairwatch did not put it there",
        "patient-51/index.html is missing from the site",
        f"photos/{picture.name} was altered after it was built",
    ]
    assert picture.read_bytes() == whole
    assert sound.verify().problems == ()


def test_an_altered_picture_never_comes_back(sound):
    """Neither our own copies nor a later build carry what somebody wrote into the public folder."""
    picture = next((sound.folder.public / "photos").glob("*-240.jpg"))
    whole, facts = picture.read_bytes(), picture.stat()
    picture.write_bytes(whole[:-1] + b"?")
    os.utime(picture, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    said = sound.verify().problems
    build_site(sound.folder, actor="test", now=sound.now, force=True)
    sound.take_in(sound.rows({60: ["before"]}, first_seed=200, consent_signed="2026-02-01"))
    sound.build()

    assert f"photos/{picture.name} was altered after it was built: run `pairwatch build --force`" in said
    assert picture.read_bytes() == whole
    assert sound.verify().problems == ()


def test_a_build_killed_right_after_the_exchange_is_sound(sound):
    """The new site stands, its list of sums was only announced: that is no alteration."""
    sums = sound.folder.renditions / "site.sha256"
    new = sums.read_text()
    sums.with_name("site.sha256.next").write_text(new)
    sums.write_text(new.replace("index.html", "earlier.html"))

    assert sound.verify().problems == ()


def test_a_ledger_cut_since_the_last_look_is_named(sound):
    """Whoever deletes the newest rows is found out by the head that the last `verify` has seen."""
    sound.verify()
    database = sound.database()
    triggers = database.execute(
        "select name from sqlite_master where type = 'trigger' and tbl_name = 'ledger'"
    )
    for (name,) in triggers.fetchall():
        database.execute(f"drop trigger {name}")
    database.execute("delete from ledger where seq > 3")
    database.conn.commit()
    database.close()

    assert "the ledger ends at row 3, but row 9 was once written" in sound.verify().problems
    assert "the ledger ends at row 3, but row 9 was once written" in sound.verify().problems
