"""Channels are data: what each place gets, with which mark, metadata and consent, stands in the settings alone."""

from pathlib import Path

import pytest
from PIL import Image

from gallery.errors import GalleryError
from gallery.settings import DataFolder, load_settings, parse_settings
from gallery.store.catalog import Catalog
from watermark.picture.credit import read_credit

FIVE = """
[channels.sister-site]
sizes = [96, 160]
[channels.review-platform]
sizes = [200]
formats = ["jpeg"]
mark = false
metadata = false
[channels.social]
sizes = [108]
formats = ["jpeg"]
[channels.social-story]
sizes = [192]
formats = ["webp"]
consent = "social"
[channels.print]
sizes = [300]
formats = ["jpeg"]
quality = 95
"""


@pytest.fixture
def handed_over(clinic):
    """A clinic that shows in six places; Patient 1 agreed to all, Patient 2 to the site and social media alone."""
    with clinic.folder.settings_file.open("a") as file:
        file.write(FIVE)
    rows = clinic.rows({1: ["before", "after"], 2: ["before"]}, consent_signed="2026-01-01")
    everywhere = "website|sister-site|review-platform|social|print"
    clinic.take_in(
        [row | {"consent_scope": everywhere if row["case"] == 1 else "website|social"} for row in rows]
    )
    clinic.build()
    return clinic


def files_of(clinic, channel: str) -> set[str]:
    """Name the files of a channel's folder."""
    place = clinic.folder.channels / channel
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def test_each_place_gets_its_sizes_formats_and_patients(handed_over):
    """Sizes and formats are each channel's own, and two channels may ask patients once."""
    pair = {"patient-1/1-before-front", "patient-1/2-after-front"}

    assert files_of(handed_over, "sister-site") == {
        f"{name}-{width}.{kind}" for name in pair for width in (96, 160) for kind in ("avif", "webp", "jpg")
    }
    assert files_of(handed_over, "review-platform") == {f"{name}.jpg" for name in pair}
    assert files_of(handed_over, "social") == {f"{name}.jpg" for name in {*pair, "patient-2/1-before-front"}}
    assert files_of(handed_over, "social-story") == {
        f"{name}.webp" for name in {*pair, "patient-2/1-before-front"}
    }
    with Image.open(handed_over.folder.channels / "print" / "patient-1/1-before-front.jpg") as printed:
        assert printed.size == (300, 225)


def test_the_place_that_forbids_text_gets_bare_pictures(handed_over):
    """Where mark and metadata are switched off the file is the picture and nothing else; elsewhere both are there."""
    bare, marked = (
        handed_over.folder.channels / channel / "patient-1/1-before-front.jpg"
        for channel in ("review-platform", "print")
    )
    assert read_credit(bare.read_bytes()) is None
    assert read_credit(marked.read_bytes()).owner == "Harbour Clinic"
    with (
        Image.open(bare) as without,
        Image.open(marked) as with_mark,
        Image.open(handed_over.desk / "photos/IMG_1_0.jpg") as original,
    ):
        assert _apart(without, original) < 4 < _apart(with_mark, original)


def _apart(shown: Image.Image, original: Image.Image) -> float:
    """How far the lower part, where marks are, is from the original's, in grey levels."""
    width, height = shown.size
    own = original.resize(shown.size, Image.Resampling.LANCZOS)
    band = (width // 5, round(height * 0.84), width - width // 5, round(height * 0.96))
    pairs = zip(shown.convert("L").crop(band).tobytes(), own.convert("L").crop(band).tobytes(), strict=True)
    return sum(abs(one - other) for one, other in pairs) / ((band[2] - band[0]) * (band[3] - band[1]))


def test_withdrawing_a_shared_consent_empties_both_places(handed_over):
    """Channels of one consent lose a patient's photos together, and the others keep them."""
    database = handed_over.database()
    Catalog(database).withdraw_consents(1, frozenset({"social"}), handed_over.now)
    database.close()
    handed_over.build()

    assert files_of(handed_over, "social") == {"patient-2/1-before-front.jpg"}
    assert files_of(handed_over, "social-story") == {"patient-2/1-before-front.webp"}
    assert len(files_of(handed_over, "review-platform")) == 2


def test_patients_are_asked_once_for_each_scope(handed_over):
    """The places that share a consent are one question."""
    assert load_settings(handed_over.folder).scopes == (
        "website", "sister-site", "review-platform", "social", "print",
    )  # fmt: skip


def test_the_example_of_every_channel_is_understood():
    """The settings that `pairwatch init` writes are valid, also with every commented channel switched on."""
    text = (Path(__file__).parents[2] / "gallery/example.toml").read_text("utf-8")
    lines = [
        line.removeprefix("# ")
        if line.startswith(("# [channels", "# sizes", "# formats", "# mark", "# consent =", "# quality"))
        else line
        for line in text.splitlines()
    ]
    import tomllib

    settings, problems = parse_settings(tomllib.loads("\n".join(lines)))

    assert problems == []
    assert list(settings.channels) == [
        "website", "sister-site", "review-platform", "social", "social-story", "print",
    ]  # fmt: skip
    assert not settings.channels["review-platform"].mark
    assert settings.channels["social-story"].scope == "social"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[channels.social]\nmark = 1", "mark must be true or false"),
        ('[channels.social]\nmetadata = "no"', "metadata must be true or false"),
        ('[channels.website]\nconsent = "social"', "the site's own is always website"),
    ],
)
def test_wrong_channels_are_named(tmp_path, lines, said):
    """A value that would be taken for another is refused with its place."""
    folder = DataFolder(tmp_path)
    folder.settings_file.write_text(lines)

    with pytest.raises(GalleryError, match=said):
        load_settings(folder)
