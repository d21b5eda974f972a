"""A build that leans on earlier ones gives the very site that a build without them gives."""

import json

from gallery.site.deploy import digest_of, listing


def _site(clinic):
    return {name: (clinic.folder.public / name).read_bytes() for name in sorted(clinic.public())}


def test_a_site_grown_case_by_case_is_the_site_built_at_once(clinic):
    """After additions and a withdrawal, forgetting everything and building anew changes no byte and no name."""
    for number in (1, 2, 3):
        rows = clinic.rows({number: ["before", "after"]}, first_seed=10 * number, consent_signed="2026-01-01")
        clinic.take_in(rows)
        assert clinic.build().changed
        assert not clinic.build().changed
    grown = _site(clinic)
    for name in ("built.json", "words.json", "cards.json", "shown.json"):
        (clinic.folder.renditions / name).unlink()

    assert clinic.build().changed
    assert _site(clinic) == grown
    assert clinic.verify().problems == ()


def test_what_stays_of_a_site_is_neither_written_nor_read_again(clinic):
    """Another case's page and pictures are the same files after the build that adds a case."""
    clinic.take_in(clinic.rows({1: ["before", "after"]}, consent_signed="2026-01-01"))
    clinic.build()
    clinic.take_in(clinic.rows({2: ["before"]}, first_seed=20, consent_signed="2026-01-01"))
    clinic.build()
    clinic.take_in(clinic.rows({3: ["before"]}, first_seed=30, consent_signed="2026-01-01"))
    before = {name: (clinic.folder.public / name).stat().st_ino for name in clinic.public()}
    clinic.build()

    stayed = [name for name in before if (clinic.folder.public / name).exists()]
    pictures = [name for name in stayed if name.startswith("photos/")]
    assert len(pictures) >= 9
    assert all((clinic.folder.public / name).stat().st_ino == before[name] for name in pictures)


def test_what_the_build_notes_of_its_site_is_what_stands_there(clinic):
    """The note made without looking again is the one that looking again gives, on a site with old and new files."""
    for number in (1, 2, 3):
        rows = clinic.rows({number: ["before"]}, first_seed=10 * number, consent_signed="2026-01-01")
        clinic.take_in(rows)
        clinic.build()
        noted = (clinic.folder.renditions / "built.json").read_text("utf-8")
        assert digest_of(listing(clinic.folder.public)) in noted


def test_a_page_altered_by_somebody_is_made_anew(clinic):
    """An intruder's words on a page that nothing else changes are gone after the next build, and do not come back."""
    for number in (1, 2):
        rows = clinic.rows({number: ["before"]}, first_seed=10 * number, consent_signed="2026-01-01")
        clinic.take_in(rows)
        clinic.build()
    place = clinic.folder.public / "patient-1" / "index.html"
    place.write_text(place.read_text("utf-8") + "altered", "utf-8")
    for number in (3, 4, 5):
        rows = clinic.rows({number: ["before"]}, first_seed=10 * number, consent_signed="2026-01-01")
        clinic.take_in(rows)
        clinic.build()
        assert "altered" not in place.read_text("utf-8")
        assert clinic.verify().problems == ()


def test_words_are_judged_again_when_they_change(clinic):
    """A page found honest once is held back as soon as its words are not."""
    clinic.take_in(clinic.rows({1: ["before", "after"]}, consent_signed="2026-01-01"))
    assert clinic.build().photos == 2
    database = clinic.database()
    with database.conn:
        database.execute(
            "update cases set limits = 'The best clinic in the world, guaranteed results, permanent.'"
        )
    database.close()

    assert clinic.build().photos == 0
    assert "patient-1/index.html" not in clinic.public()


def test_renditions_of_an_older_version_are_used_as_they_are(clinic):
    """A cache without manifests still serves: no file is made again, no name changes, no page differs."""
    clinic.take_in(clinic.rows({1: ["before", "after"]}, consent_signed="2026-01-01"))
    clinic.build()
    site = _site(clinic)
    folders = [place.parent for place in clinic.folder.renditions.glob("??/*/manifest.json")]
    for folder in folders:
        described = json.loads((folder / "manifest.json").read_text("utf-8"))
        (folder / "look").write_text(described["look"], "ascii")
        (folder / "manifest.json").unlink()
    for name in ("built.json", "words.json", "cards.json", "shown.json"):
        (clinic.folder.renditions / name).unlink()
    made = {place: place.stat().st_mtime_ns for folder in folders for place in folder.glob("*.jpg")}

    assert clinic.build().changed
    assert _site(clinic) == site
    assert {place: place.stat().st_mtime_ns for place in made} == made
    assert len(made) == 4
