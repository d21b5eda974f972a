"""A build that would betray a patient fails, says what leaks, and leaves the old site as it was."""

import io
from datetime import date

import pytest
from PIL import ExifTags, Image

from gallery.errors import GalleryError
from gallery.model import Details, Words
from gallery.rules.leaks import LeakKind, scan
from gallery.site.deploy import Layout
from gallery.site.leak_check import refuse_leaks
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.keys import ChartLock
from gallery.store.secrets import NEVER_PUBLISH, secrets_of


def with_exif(clinic, name: str) -> None:
    """Write into a photo of the desk what cameras and staff write into pictures."""
    place = clinic.desk / name
    exif = Image.Exif()
    exif[0x010E] = "Maria Lopez"
    exif.get_ifd(ExifTags.IFD.Exif)[0x9003] = "2025:11:05 09:10:11"
    exif.get_ifd(ExifTags.IFD.Exif)[0xA431] = "SN6004321"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (34.0, 3.0, 8.0), 3: "W", 4: (118.0, 14.0, 37.0)})
    out = io.BytesIO()
    Image.open(place).save(out, "JPEG", exif=exif.tobytes(), quality=90)
    place.write_bytes(out.getvalue())


@pytest.fixture
def full_of_secrets(clinic, two_cases):
    """A catalogue whose originals know names, places, days and serial numbers."""
    for row in two_cases:
        with_exif(clinic, str(row["file"]))
    return clinic, two_cases


def test_originals_full_of_secrets_make_a_clean_site(full_of_secrets):
    """Nothing that cameras and staff wrote into the originals is in any byte of the site."""
    clinic, rows = full_of_secrets
    clinic.take_in(rows)
    clinic.build()
    with clinic.database() as database:
        catalog = Catalog(database)
        secrets = secrets_of(clinic.folder, catalog, Casework(database), catalog.photos())
    files = [(name, (clinic.folder.public / name).read_bytes()) for name in sorted(clinic.public())]

    assert secrets.names == {"Maria Lopez"}
    assert secrets.serials == {"SN6004321"}
    assert secrets.dates == {date(2025, 11, 5)}
    assert [tuple(round(part, 3) for part in place) for place in secrets.places] == [(34.052, 118.244)] * len(
        secrets.places
    )
    assert scan(files, secrets) == []


PLANTED = {
    "Maria Lopez after surgery": LeakKind.NAME,
    "Ana Pereira, left": LeakKind.NAME,
    "taken 5 November 2025": LeakKind.DATE,
    "from IMG_51_1.jpg": LeakKind.FILE_NAME,
    "camera sn6004321": LeakKind.SERIAL,
    "at 34.0522 north": LeakKind.PLACE,
    "see chart CH-20931": LeakKind.CHART_NUMBER,
}


def test_a_planted_leak_stops_the_build(full_of_secrets):
    """Whatever somebody writes into a caption that must not be public stops the build, and is named."""
    clinic, rows = full_of_secrets
    clinic.take_in(rows)
    clinic.build()
    before = {name: (clinic.folder.public / name).read_bytes() for name in clinic.public()}
    (clinic.folder.root / NEVER_PUBLISH).write_text("# listed by the front desk\nAna Pereira\n", "utf-8")
    with clinic.database() as database:
        catalog, casework = Catalog(database), Casework(database)
        details = Details(chart=ChartLock(clinic.folder).close("CH-20931"))
        casework.write_facts(catalog.case(51), catalog.stages(51), details)
        photo = catalog.photos(51)[0].id

    for caption, kind in PLANTED.items():
        with clinic.database() as database:
            Casework(database).write_words({photo: Words("", caption)})
        with pytest.raises(GalleryError, match=f"patient-51/index.html: {kind}"):
            clinic.build()

    assert {name: (clinic.folder.public / name).read_bytes() for name in clinic.public()} == before


def test_a_planted_picture_stops_the_build(tmp_path, clinic):
    """A picture that carries more than credit is refused, unless this very file was searched before."""
    planted = tmp_path / "planted.jpg"
    Image.new("RGB", (8, 8)).save(planted, comment=b"from the camera")
    layout = Layout({}, {"photos/ab-8.jpg": planted})
    with clinic.database() as database:
        secrets = secrets_of(clinic.folder, Catalog(database), Casework(database))

    with pytest.raises(GalleryError, match="a comment in its comment block"):
        refuse_leaks(layout, secrets, [])
    refuse_leaks(layout, secrets, ["photos/ab-8.jpg"])


def test_a_longer_list_searches_the_whole_site_again(full_of_secrets):
    """A name that the practice lists after publication stops the next build, though nothing else has changed."""
    clinic, rows = full_of_secrets
    clinic.take_in([row | {"caption": "Seen by Ana Pereira"} for row in rows])
    clinic.build()
    assert not clinic.build().changed

    (clinic.folder.root / NEVER_PUBLISH).write_text("Ana Pereira\n", "utf-8")

    with pytest.raises(GalleryError, match=r"patient-51/index.html: a patient's name"):
        clinic.build()


def test_lists_are_searched_for_what_is_new_in_them(full_of_secrets):
    """A leak in a case that joins a long list is found on the list, too, and named there."""
    clinic, rows = full_of_secrets
    clinic.take_in(rows)
    clinic.build()
    (clinic.folder.root / NEVER_PUBLISH).write_text("Ana Pereira\n", "utf-8")
    clinic.build()
    clinic.take_in(
        clinic.rows({60: ["before"]}, first_seed=300, consent_signed="2026-01-01", alt="Ana Pereira")
    )

    with pytest.raises(GalleryError, match=r"index.html: a patient's name.*patient-60/index.html"):
        clinic.build()


def test_verify_reads_the_whole_site(full_of_secrets):
    """A file that somebody put into the site by hand is found by `verify`, whatever builds have searched."""
    clinic, rows = full_of_secrets
    clinic.take_in(rows)
    clinic.build()
    assert clinic.verify().problems == ()

    (clinic.folder.public / "notes.txt").write_text("Maria Lopez called again", "utf-8")

    assert clinic.verify().problems[-1] == (
        "the site betrays a patient: notes.txt: a patient's name in the text ('maria lopez')"
    )


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Maria Lopez before.jpg", "Maria Lopez"),
        ("After - Jos\u00e9 Garc\u00eda.HEIC", "Jos\u00e9 Garc\u00eda"),
        ("Before Front Left.jpg", None),
        ("Hair Line After.jpg", None),
        ("IMG_2041.jpg", None),
        ("Follicular Unit Extraction 3.jpg", None),
    ],
)
def test_a_name_in_a_file_name_is_a_secret(clinic, file, name):
    """A file that staff named after a patient makes that name a secret; words of the trade are none."""
    row = {"case": 9, "stage": "before", "view": "front", "file": file}
    row |= {"procedure": "Follicular unit extraction"}
    clinic.photo(file, 3)
    clinic.take_in([row])
    with clinic.database() as database:
        secrets = secrets_of(clinic.folder, Catalog(database), Casework(database))

    assert secrets.names == ({name} if name else set())


def test_the_practices_own_list_must_be_readable(clinic):
    """A list in another encoding is refused with what to do, never half read."""
    (clinic.folder.root / NEVER_PUBLISH).write_bytes("Jos\u00e9".encode("utf-16"))
    with clinic.database() as database, pytest.raises(GalleryError, match="not UTF-8"):
        secrets_of(clinic.folder, Catalog(database), Casework(database))


def test_files_that_are_only_counted_do_not_stop_a_build(clinic):
    """A list of 1200.jpg, 2000.jpg and 2026.jpg names nobody: widths and years on the pages are not leaks."""
    rows = clinic.rows({1: ["before", "after"], 2: ["before"]}, consent_signed="2026-01-01")
    for row, name in zip(rows, ("240.jpg", "2000.jpg", "2026.jpg"), strict=True):
        (clinic.desk / str(row["file"])).rename(clinic.desk / name)
        row["file"] = name
    clinic.take_in(rows)

    assert clinic.build().photos == 3
