"""Over generated cases full of secrets nothing leaks, and a secret planted in any kind of file stops the build."""

import io
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from gallery.errors import GalleryError
from gallery.model import Details
from gallery.rules.leaks import LeakKind, Secrets
from gallery.site.deploy import Layout
from gallery.site.leak_check import refuse_leaks
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.keys import ChartLock
from gallery.store.secrets import NEVER_PUBLISH, secrets_of

FIRST = (
    "Anneliese",
    "Bartholomew",
    "Concepción",
    "Dorothea",
    "Émilie",
    "Ferdinand",
    "Guðrún",
    "Hyacinth",
    "Ignacio",
)
LAST = ("Abernathy", "Brzezicki", "Castellanos", "Dąbrowska", "Eriksson", "Fernández", "Grünwald", "Holloway")
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")


@dataclass(frozen=True)
class Patient:
    """What a practice knows of a patient and must never show."""

    number: int
    name: str
    chart: str
    day: date
    place: tuple[float, float]
    serial: str
    file: str

    def spelled(self) -> list[bytes]:
        """Every secret as bytes that must not stand in any file, in the encodings that programs write."""
        texts = [
            self.name, "_".join(self.name.split()), self.chart, self.day.isoformat(), f"{self.day:%Y:%m:%d}",
            self.serial, self.file, self.file.rpartition(".")[0], *(f"{degrees:.4f}" for degrees in self.place),
        ]  # fmt: skip
        return [
            text.encode(code, "ignore").lower()
            for text in texts
            for code in ("utf-8", "utf-16-le", "latin-1")
        ]


def invent(rng: random.Random, number: int, form: str) -> Patient:
    """Make a patient up."""
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    day = date(2023, 1, 1) + timedelta(days=rng.randrange(1000))
    ending = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}[form]
    named = (name.replace(" ", "_"), f"IMG_{rng.randrange(1000, 9999)}", f"DSC{rng.randrange(10000, 99999)}")
    return Patient(
        number, name, f"CH-{rng.randrange(10_000, 99_999)}", day,
        (rng.uniform(30, 60), rng.uniform(60, 120)), f"SN{rng.randrange(10**6, 10**7)}",
        f"{rng.choice(named)}_{number}.{ending}",
    )  # fmt: skip


def photograph(patient: Patient, rng: random.Random, form: str) -> bytes:
    """Draw a photograph that says all it can about its patient, as cameras and staff make them say it."""
    thumbnail = io.BytesIO()
    image = Image.effect_noise((320, 240), 60).convert("RGB")
    image.resize((64, 48)).save(thumbnail, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = exif[0x9C9B] = patient.name
    exif[0x0132] = f"{patient.day:%Y:%m:%d} 10:11:12"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            0x9003: f"{patient.day:%Y:%m:%d} 10:11:12",
            0xA431: patient.serial,
            0x9286: b"ASCII\0\0\0" + patient.chart.encode(),
        }
    )
    degrees = [(int(part), int(part * 60) % 60, round(part * 3600 % 60, 3)) for part in patient.place]
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: degrees[0], 3: "E", 4: degrees[1]})
    out = io.BytesIO()
    more = {"comment": f"{patient.name}, {patient.chart}".encode()} if form == "JPEG" else {}
    image.save(out, form, exif=exif.tobytes(), quality=90, **more)
    # A camera's little picture and an appended note, where the format's decoders do not mind.
    note = patient.file.encode() + thumbnail.getvalue() if form == "JPEG" else b""
    return out.getvalue() + note


def fill(clinic, rng: random.Random, count: int) -> list[Patient]:
    """Catalogue invented patients with a photograph each, and say who they are wherever a practice does."""
    patients = [invent(rng, number, FORMATS[number % len(FORMATS)]) for number in range(1, count + 1)]
    clinic.desk.mkdir(exist_ok=True)
    rows = []
    for patient in patients:
        data = photograph(patient, rng, FORMATS[patient.number % len(FORMATS)])
        (clinic.desk / patient.file).write_bytes(data)
        row = {
            "case": patient.number,
            "stage": rng.choice(("before", "after session 1 of 2")),
            "view": "front",
        }
        rows.append(row | {"file": patient.file, "consent_signed": "2026-01-01", "tags": "scar|hair loss"})
    with clinic.folder.settings_file.open("a") as file:
        file.write('[site]\nbase_url = "https://harbour.example/gallery"\n')
    clinic.take_in(rows)
    (clinic.folder.root / NEVER_PUBLISH).write_text("\n".join(patient.name for patient in patients), "utf-8")
    with clinic.database() as database:
        catalog, casework, lock = Catalog(database), Casework(database), ChartLock(clinic.folder)
        for patient in patients:
            details = Details(chart=lock.close(patient.chart))
            casework.write_facts(catalog.case(patient.number), catalog.stages(patient.number), details)
    return patients


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_nothing_of_generated_patients_is_in_any_byte(clinic, seed):
    """Sixteen patients of whom everything is written into everything: no byte of the site, names of files included."""
    patients = fill(clinic, random.Random(seed), 16)
    assert clinic.build().photos == 16

    files = {name: (clinic.folder.public / name).read_bytes() for name in clinic.public()}
    assert {name.rpartition(".")[2] for name in files} >= {
        "html",
        "xml",
        "atom",
        "js",
        "css",
        "svg",
        "jpg",
        "webp",
        "avif",
    }
    for name, data in files.items():
        lowered = name.encode() + b"\0" + data.lower()
        found = [
            secret
            for patient in patients
            for secret in patient.spelled()
            if len(secret) > 6 and secret in lowered
        ]
        assert found == [], name
        if name.startswith("photos/"):
            with Image.open(io.BytesIO(data)) as shown:
                assert not shown.getexif().get_ifd(ExifTags.IFD.GPSInfo)
                assert not shown.getexif().get_ifd(ExifTags.IFD.IFD1)


@pytest.fixture(scope="module")
def published(open_clinic, tmp_path_factory):
    """One built site full of kept secrets: a file of each kind, and what must not be in it."""
    clinic = open_clinic(tmp_path_factory.mktemp("planted"))
    [patient] = fill(clinic, random.Random(5), 1)
    clinic.build()
    with clinic.database() as database:
        catalog = Catalog(database)
        secrets = secrets_of(clinic.folder, catalog, Casework(database), catalog.photos())
    by_kind: dict[str, tuple[str, bytes]] = {}
    for name in sorted(clinic.public()):
        by_kind.setdefault(name.rpartition(".")[2], (name, (clinic.folder.public / name).read_bytes()))
    by_kind["json"] = ("cases.json", json.dumps({"cases": [{"number": 1}]}).encode())
    return patient, secrets, by_kind


SAID = {
    LeakKind.NAME: lambda p: p.name,
    LeakKind.CHART_NUMBER: lambda p: p.chart,
    LeakKind.DATE: lambda p: f"{p.day:%-d %B %Y}",
    LeakKind.PLACE: lambda p: f"{p.place[0]:.5f}, {p.place[1]:.5f}",
    LeakKind.SERIAL: lambda p: p.serial,
    LeakKind.FILE_NAME: lambda p: p.file,
}
TEXT_KINDS = ("html", "json", "xml", "atom", "svg", "css", "js")
PICTURE_KINDS = ("jpg", "webp", "avif")


def within(kind: str, data: bytes, words: str) -> bytes:
    """Write words into a file of a kind where somebody might: in a paragraph, a value, a comment."""
    text = data.decode()
    if kind in {"css", "js"}:
        return f"{text}\n/* {words} */\n".encode()
    if kind == "json":
        return json.dumps({"cases": [{"number": 1, "note": words}]}).encode()
    end = {"html": "</main>", "svg": "</svg>", "xml": "</urlset>", "atom": "</feed>"}[kind]
    assert end in text
    return text.replace(end, f"<!-- --><desc>{words}</desc>{end}").encode()


@pytest.mark.parametrize("kind", TEXT_KINDS)
@pytest.mark.parametrize("leak", SAID, ids=str)
def test_words_planted_in_any_text_stop_the_build(published, kind, leak):
    """A name, chart number, date, place, serial number or file name in any page, feed, style or script is refused."""
    patient, secrets, by_kind = published
    name, data = by_kind[kind]
    refuse_leaks(Layout({name: data}, {}), secrets, ())

    with pytest.raises(GalleryError, match=str(leak)):
        refuse_leaks(Layout({name: within(kind, data, SAID[leak](patient))}, {}), secrets, ())


@pytest.mark.parametrize("kind", PICTURE_KINDS)
@pytest.mark.parametrize("leak", [*SAID, LeakKind.THUMBNAIL, LeakKind.COMMENT], ids=str)
def test_anything_planted_in_any_picture_stops_the_build(published, tmp_path, kind, leak):
    """The same in the metadata of a JPEG, WebP or AVIF, and a thumbnail or a comment, is refused."""
    patient, secrets, by_kind = published
    name, data = by_kind[kind]
    place = tmp_path / f"picture.{kind}"
    place.write_bytes(data)
    refuse_leaks(Layout({}, {name: place}), secrets, ())
    exif, more = Image.Exif(), {}
    if leak is LeakKind.THUMBNAIL:
        thumbnail = io.BytesIO()
        Image.new("RGB", (64, 48)).save(thumbnail, "JPEG")
        block = with_thumbnail(thumbnail.getvalue())
    elif leak is LeakKind.COMMENT and kind == "jpg":
        more, block = {"comment": b"seen in March"}, b""
    else:
        words = SAID[leak](patient) if leak in SAID else "seen in March"
        exif.get_ifd(ExifTags.IFD.Exif)[0x9286] = b"ASCII\0\0\0" + words.encode("utf-8")
        block = exif.tobytes()
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        clean = Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes())
    clean.save(
        place,
        {"jpg": "JPEG", "webp": "WEBP", "avif": "AVIF"}[kind],
        **({"exif": block} if block else {}),
        **more,
    )

    expected = "comment|metadata" if leak is LeakKind.COMMENT else str(leak)
    with pytest.raises(GalleryError, match=expected):
        refuse_leaks(Layout({}, {name: place}), secrets, ())


def with_thumbnail(data: bytes) -> bytes:
    """Make an EXIF block whose second directory holds a little picture, as cameras write it (Exif 2.32, 4.5)."""
    head = (
        b"Exif\0\0II*\0\x08\0\0\0" + b"\0\0" + b"\x0e\0\0\0"
    )  # no tags in the first directory; the second follows
    second = b"\x03\0"
    second += b"\x03\x01\x03\0\x01\0\0\0\x06\0\0\0"  # compression: JPEG
    second += b"\x01\x02\x04\0\x01\0\0\0" + (14 + 2 + 36 + 4).to_bytes(4, "little")
    second += b"\x02\x02\x04\0\x01\0\0\0" + len(data).to_bytes(4, "little")
    return head + second + b"\0\0\0\0" + data


@settings(max_examples=60, deadline=None)
@given(
    first=st.sampled_from(FIRST),
    last=st.sampled_from(LAST),
    chart=st.integers(10_000, 99_999),
    day=st.dates(date(2015, 1, 1), date(2026, 1, 1)),
    where=st.sampled_from(TEXT_KINDS),
    leak=st.sampled_from([LeakKind.NAME, LeakKind.CHART_NUMBER, LeakKind.DATE]),
    style=st.integers(0, 3),
)
def test_whoever_it_is_and_however_it_is_written(published, first, last, chart, day, where, leak, style):  # noqa: PLR0913, PLR0917
    """Any person, number and day is found in any kind of text, in the ways people write them."""
    _, _, by_kind = published
    secrets = Secrets(
        names=frozenset({f"{first} {last}"}), chart_numbers=frozenset({f"CH-{chart}"}), dates=frozenset({day})
    )
    written = {
        LeakKind.NAME: (f"{first} {last}", f"{last}, {first}", f"{first}_{last}".lower(), f"{first}{last}"),
        LeakKind.CHART_NUMBER: (f"CH-{chart}", f"ch {chart}", f"CH_{chart}", f"chart CH-{chart}."),
        LeakKind.DATE: (
            day.isoformat(),
            f"{day:%d.%m.%Y}",
            f"{day:%B} {day.day}, {day.year}",
            f"{day:%Y%m%d}",
        ),
    }[leak][style]
    name, data = by_kind[where]

    with pytest.raises(GalleryError, match=str(leak)):
        refuse_leaks(Layout({name: within(where, data, written)}, {}), secrets, ())
