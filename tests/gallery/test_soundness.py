"""`verify` calls sound what is sound, and names what is not."""

import pytest

from gallery.errors import GalleryError
from gallery.ledger import Head
from gallery.soundness import examine, parse_head


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
    assert result.counts == {"cases": 2, "photos": 5, "public photos": 2, "ledger rows": 8}
    assert parse_head(str(result.to_json()["ledger_head"])) == result.head


def test_a_missing_original_is_named_by_its_patient(sound):
    """Whoever restores a backup knows which photo to look for."""
    next(p for p in sound.folder.originals.rglob("*") if p.is_file()).unlink()

    assert len(sound.verify().problems) == 1
    assert "is missing" in sound.verify().problems[0]


def test_a_changed_original_is_named(sound):
    """A flipped bit in the vault does not pass."""
    place = next(p for p in sound.folder.originals.rglob("*") if p.is_file())
    place.write_bytes(place.read_bytes()[:-1] + b"?")

    assert any("changed after it was sealed" in problem for problem in sound.verify().problems)


def test_a_photo_that_does_not_belong_on_the_site_is_named(sound):
    """A file put into the public folder by hand is found."""
    (sound.folder.public / "photos" / "0123456789abcdef01234567-240.jpg").write_bytes(b"?")

    assert sound.verify().problems == (
        "the site shows 0123456789abcdef01234567, which consent does not allow: run `pairwatch build`",
    )


def test_what_an_interrupted_import_left_is_a_note(sound):
    """An original without a row is no damage, and is said."""
    from gallery.vault import Vault

    Vault(sound.folder.originals).put(b"left by a crash")

    assert sound.verify().problems == ()
    assert "not in the catalogue" in sound.verify().notes[0]


def test_a_ledger_cut_since_is_named(sound):
    """Against a head that was kept, a shorter ledger fails."""
    from gallery.soundness import verify_all

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
