"""Every file that was ever published is known for what it is, before any likeness is asked."""

import io

import pytest
from PIL import Image

from gallery.services.consents import end_consents
from gallery.services.lookup import Lookup
from gallery.settings import load_settings
from gallery.store.published_files import PublishedFiles
from watermark.matching.verdict import Verdict


@pytest.fixture
def built(clinic, two_cases):
    """A site with the two photos of Patient 51."""
    clinic.take_in(two_cases)
    clinic.build()
    return clinic


def files(clinic):
    """The published pictures, in order."""
    return sorted((clinic.folder.public / "photos").iterdir())


def registered(clinic):
    """Every row of the register."""
    database = clinic.database()
    try:
        return PublishedFiles(database).all()
    finally:
        database.close()


def test_every_file_of_the_site_is_registered_once(built):
    """Path, channel and day of each; a second build adds nothing."""
    before = registered(built)
    assert sorted(one.path for one in before) == [f"photos/{file.name}" for file in files(built)]
    assert {one.channel for one in before} == {"website"}
    assert {one.published_at for one in before} == {built.now}

    built.build()

    assert registered(built) == before


def test_a_published_file_is_known_by_its_bytes_and_by_its_pixels(built):
    """Each is a certain copy without any alteration, also when a host took its metadata away."""
    lookup, base = Lookup(built.folder, now=built.now), load_settings(built.folder).base_url
    for file in files(built)[:3]:
        data = file.read_bytes()
        found = lookup.identify(data, file.name)
        assert (found.answer.verdict, found.answer.probability, found.answer.edits) == (Verdict.COPY, 1.0, ())
        assert found.explanation.endswith(
            f"the file that we published on {built.now:%Y-%m-%d} at {base}photos/{file.name}."
        )
        assert found.to_json()["published"]["path"] == f"photos/{file.name}"

    bare = io.BytesIO()
    file = next(one for one in files(built) if one.suffix == ".webp")
    with Image.open(file) as picture:
        picture.convert("RGB").save(bare, "png")
    again = lookup.identify(bare.getvalue(), "bare.png")
    assert again.published is not None
    assert again.published.path == f"photos/{file.name}"
    assert again.answer.probability == 1.0


def test_another_picture_is_no_published_file(built):
    """One pixel apart, it is judged by its likeness."""
    lookup = Lookup(built.folder, now=built.now)
    with Image.open(files(built)[0]) as picture:
        other = picture.convert("RGB")
    other.putpixel((0, 0), (1, 2, 3))
    saved = io.BytesIO()
    other.save(saved, "png")

    assert lookup.identify(saved.getvalue(), "other.png").published is None


def test_what_was_published_stays_known_after_it_is_taken_down(built):
    """A withdrawn photo's file found elsewhere is still named as ours."""
    file = files(built)[0]
    data = file.read_bytes()
    rows = registered(built)
    with built.practice() as p:
        end_consents(p, 51, None)
    assert not file.exists()

    assert registered(built) == rows
    assert Lookup(built.folder, now=built.now).identify(data, "found.jpg").published is not None
