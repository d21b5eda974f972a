"""Nothing that could say who a patient is gets past the leak check, however it is written or hidden."""

import base64
import gzip
import html
import io
import json
import time
from datetime import date
from urllib.parse import quote, quote_plus

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, PngImagePlugin

from gallery.rules.leaks import LeakKind, Secrets, scan
from watermark.picture.credit import Credit, credit_blocks
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

SECRETS = Secrets(
    names=frozenset({"Anna Maria Keller", "José García", "김민수", "Li"}),
    chart_numbers=frozenset({"4711", "CH-20931", "8812345"}),
    dates=frozenset({date(2024, 3, 15)}),
    file_names=frozenset({"IMG_2041.HEIC", "front.jpg", "keller before.jpg"}),
    serials=frozenset({"6004321"}),
    places=frozenset({(34.052235, -118.243683)}),
)
PIXELS = np.random.default_rng(1).integers(0, 255, (40, 60, 3), np.uint8)
CREDIT = Credit(
    creator="Dr Example", owner="Example Clinic", year=2026, web_statement="https://clinic.example/rights"
)


def kinds(data: bytes, name: str = "page.html") -> set[LeakKind]:
    """What the check finds in one file."""
    return {leak.kind for leak in scan([(name, data)], SECRETS)}


@pytest.mark.parametrize(
    "text",
    [
        "Anna Maria Keller", "Anna-Maria_Keller", "anna%20keller", "anna+keller", "KELLER, ANNA",
        "AnnaKeller", "A. Keller",
        "&#65;nna Keller", "Anna&nbsp;Keller", "<b>Anna</b> Keller", "An<wbr>na Keller", "An&shy;na Keller",
        "Jose\u0301 Garc\u00eda", "JOSÉ GARCÍA", "jose garcia", "환자 김민수님",
        '"\\u0041nna Keller"', "anna%2520keller",
        "<!-- anna keller -->", "/cases/keller-anna/", "\uff2b\uff45\uff4c\uff4c\uff45\uff52 Anna",
    ],
)  # fmt: skip
def test_a_name_is_found_in_every_spelling(text):
    """A patient's name is found turned round, joined, escaped, marked up, in another script's letters."""
    assert LeakKind.NAME in kinds(text.encode())


@pytest.mark.parametrize("code", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_a_name_is_found_in_every_encoding(code):
    """The check reads what other programs write."""
    assert LeakKind.NAME in kinds("see José García again".encode(code))


@pytest.mark.parametrize(
    "text",
    ["Annabel Kellerman", "anna\nbanana keller", "1200 4711 px", "front.jpg", "2024-03-16", "12024-03-15",
    "Lima",
     "<updated>2024-03-15T00:00:00Z</updated>", '"datePublished": "2024-03-15"', "v3.15.2"],
)  # fmt: skip
def test_what_only_looks_alike_is_left_alone(text):
    """A clean page builds: longer words, short numbers, publication times are no leaks."""
    assert kinds(text.encode()) == set()


@pytest.mark.parametrize(
    "text",
    ["2024-03-15", "2024:03:15 10:11:12", "20240315", "20240315_101112", "20240315101112", "15.03.2024",
    "3/15/2024",
     "3/15/24", "15 March 2024", "15th of March 2024", "Mar. 15, 2024", "march-15-2024", "2024년 3월 15일"],
)  # fmt: skip
def test_an_exact_date_is_found_however_written(text):
    """The day of a photograph is found in the ways people and cameras write days."""
    assert kinds(f"taken {text} here".encode()) == {LeakKind.DATE}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("chart no. 4711", LeakKind.CHART_NUMBER), ("MRN: 04711", LeakKind.CHART_NUMBER), ("ch 20931",
        LeakKind.CHART_NUMBER),
        ("x 8812345", LeakKind.CHART_NUMBER), ("img_2041.jpg", LeakKind.FILE_NAME), ("Keller%20Before.JPG",
        LeakKind.FILE_NAME),
        ("s/n 6004321", LeakKind.SERIAL), ("34.05224, -118.2437", LeakKind.PLACE),
    ],
)  # fmt: skip
def test_every_other_secret_is_found(text, kind):
    """Chart numbers, file names, serials and places are found and called what they are."""
    assert kind in kinds(text.encode())


@pytest.mark.parametrize(
    "wrap",
    [
        gzip.compress,
        base64.b64encode,
        lambda data: b"url(data:text/plain;base64," + base64.urlsafe_b64encode(b"x: " + data) + b")",
        lambda data: quote(data.decode(), safe="").encode(),
        lambda data: quote_plus(data.decode()).encode(),
        lambda data: json.dumps({"a": data.decode()}).encode(),
        lambda data: "".join(f"&#{letter};" for letter in data).encode(),
    ],
    ids=["gzip", "base64", "data address", "address", "query", "json", "entities"],
)
def test_a_secret_is_found_inside_packings(wrap):
    """Packing or escaping hides nothing."""
    assert LeakKind.NAME in kinds(wrap(b"patient Anna Keller, left side"))


@given(
    st.text(max_size=40), st.text(max_size=40), st.sampled_from(["Anna Keller", "keller_anna", "José García"])
)
def test_no_surroundings_hide_a_name(before, after, name):
    """Whatever stands around a name as words of their own, it is found; escaped as a page would escape it, too."""
    for text in (f"{before} {name} {after}", html.escape(f"{before}\n{name}\n{after}")):
        assert LeakKind.NAME in kinds(text.encode("utf-8", "replace"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_check(data):
    """Any bytes at all, under any picture's beginning, are searched without an error."""
    heads = (
        b"",
        b"\xff\xd8\xff\xe1",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x30\0\0\0WEBP",
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
        b"\x1f\x8b",
    )
    scan([("x", head + data) for head in heads], SECRETS)


def test_a_file_name_is_searched_too():
    """A page or picture named after a patient is a leak, whatever is in it."""
    leaks = scan([("photos/anna-keller-480.jpg", b"")], SECRETS)

    assert [(leak.kind, leak.where) for leak in leaks] == [(LeakKind.NAME, "its name")]
    assert leaks[0].sentence() == "photos/anna-keller-480.jpg: a patient's name in its name ('anna keller')"


# Pictures.


def saved(form: str, **options: object) -> bytes:
    """Write a picture as other programs would."""
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, form, **options)
    return out.getvalue()


def exif_with(tag: int, value: object, ifd: int | None = None) -> bytes:
    """Make an EXIF block of one tag."""
    exif = Image.Exif()
    (exif.get_ifd(ifd) if ifd else exif)[tag] = value
    return exif.tobytes()


@pytest.mark.parametrize("form", ["jpeg", "webp", "avif", "png"])
def test_our_own_published_pictures_are_clean(form):
    """What the gallery writes, credit and all, passes in every format."""
    data = encode(Picture(PIXELS), format=form, quality=85, blocks=credit_blocks(CREDIT))

    assert scan([("photos/1f.x", data)], SECRETS) == []


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "PNG"])
@pytest.mark.parametrize(
    ("exif", "kind"),
    [
        (exif_with(0x010F, "Camera Works"), LeakKind.METADATA),
        (exif_with(0x9003, "2020:01:02 03:04:05", ExifTags.IFD.Exif), LeakKind.DATE),
        (exif_with(0xA431, "77123", ExifTags.IFD.Exif), LeakKind.SERIAL),
        (exif_with(2, (34.0, 3.0, 8.0), ExifTags.IFD.GPSInfo), LeakKind.PLACE),
        (
            exif_with(0x9286, b"UNICODE\0" + "Anna Keller".encode("utf-16-le"), ExifTags.IFD.Exif),
            LeakKind.NAME,
        ),
        (exif_with(0x013B, "Anna Keller"), LeakKind.NAME),
    ],
    ids=["camera", "date", "serial", "place", "name in UTF-16", "name in credit"],
)
def test_exif_beyond_credit_is_found(form, exif, kind):
    """Camera, date, serial, place and names inside EXIF are found in every published format."""
    assert kind in kinds(saved(form, exif=exif), "photos/1f.x")


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" {}>
<dc:title>{}</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF"])
def test_xmp_beyond_credit_is_found(form):
    """Creation dates and names inside XMP are found; a harmless title is not."""
    assert kinds(saved(form, xmp=XMP.format('xmp:CreateDate="2020-01-02"', "x").encode()), "1") == {
        LeakKind.DATE
    }
    assert kinds(saved(form, xmp=XMP.format("", "Anna Keller").encode()), "1") == {LeakKind.NAME}
    assert kinds(saved(form, xmp=XMP.format("", "After").encode()), "1") == set()


def png_with(**texts: str) -> bytes:
    """Write a PNG with compressed texts."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text, zip=True)
    return saved("PNG", pnginfo=info)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved("JPEG", comment=b"done by the camera"), LeakKind.COMMENT),
        (saved("JPEG") + saved("JPEG"), LeakKind.REMAINDER),
        (saved("PNG") + b"more", LeakKind.REMAINDER),
        (saved("WEBP") + b"more", LeakKind.REMAINDER),
        (saved("AVIF") + b"\0\0\0\x0cfreemore", LeakKind.METADATA),
        (saved("AVIF") + b"more", LeakKind.METADATA),
        (png_with(Software="x"), LeakKind.METADATA),
        (png_with(Title="about Anna Keller, aged 40" * 50), LeakKind.NAME),
        (saved("JPEG")[:-2] + b" Anna Keller \xff\xd9", LeakKind.NAME),
        (saved("PNG", icc_profile=b"\0" * 128 + b"Anna Keller"), LeakKind.NAME),
        (saved("JPEG")[:300], LeakKind.METADATA),
    ],
    ids=range(11),
)
def test_what_hides_in_a_picture_is_found(data, kind):
    """Comments, appended files, compressed text, profiles, odd boxes and names among the pixels are found."""
    assert kind in kinds(data, "photos/1f.x")


def test_a_thumbnail_is_found():
    """The little picture that cameras embed, and that crops and marks do not change, is found."""
    photoshop = b"Photoshop 3.0\0" + b"8BIM\x04\x0c\0\0" + (30).to_bytes(4, "big") + b"\0" * 30
    segment = b"\xff\xed" + (len(photoshop) + 2).to_bytes(2, "big") + photoshop
    jpeg = saved("JPEG")

    assert kinds(jpeg[:2] + segment + jpeg[2:], "1") == {LeakKind.THUMBNAIL}


def test_a_picture_inside_a_page_is_opened():
    """A picture written into a page as data is searched like a file."""
    inside = b'<img src="data:image/jpeg;base64,' + base64.b64encode(
        saved("JPEG", exif=exif_with(0x013B, "Anna Keller"))
    )

    assert LeakKind.NAME in kinds(inside)


@pytest.mark.slow
def test_hundreds_of_pictures_are_searched_in_seconds():
    """A large site against a large catalogue costs well under a millisecond of processor time a kilobyte."""
    rng = np.random.default_rng(2)
    words = ["".join(rng.choice(list("aeiourstlnm"), 7)) for _ in range(2000)]
    secrets = Secrets(
        names=frozenset(f"{first} {last}" for first, last in zip(words[::2], words[1::2], strict=True)),
        file_names=frozenset(f"IMG_{number:04}.JPG" for number in range(5000)),
        dates=frozenset(date.fromordinal(738_000 + day) for day in range(500)),
    )
    picture = encode(Picture(rng.integers(90, 150, (480, 640, 3), np.uint8)), format="jpeg", quality=85)
    started = time.process_time()

    assert scan(((f"photos/{number}.jpg", picture) for number in range(300)), secrets) == []
    assert time.process_time() - started < 15
