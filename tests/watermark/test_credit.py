"""What `watermark.picture.credit` promises: the owner's name is in every file we publish, and nothing else is."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image, IptcImagePlugin

from watermark.errors import UnreadablePictureError
from watermark.picture.credit import Credit, credit_blocks, read_credit
from watermark.picture.encode import Blocks, encode
from watermark.picture.pixels import Picture

FORMATS = ("jpeg", "webp", "avif", "png", "tiff")
CREDIT = Credit(
    creator="Zoë Müller",
    owner="Seed Clinic Öşt & Söhne <Köln>",
    year=2026,
    web_statement="https://seed.example/rights?a=1&b=2",
    document_id="0123456789abcdef",
)
PICTURE = Picture(np.random.default_rng(3).integers(0, 256, (40, 60, 3), dtype=np.uint8))


def written(kind, blocks):
    """A file of one kind with these blocks."""
    return encode(PICTURE, format=kind, quality=80, blocks=blocks)


@pytest.mark.parametrize("kind", FORMATS)
def test_credit_comes_back_field_by_field(kind):
    """Creator, owner, year and web statement are read back from every format we publish."""
    assert read_credit(written(kind, credit_blocks(CREDIT))) == CREDIT


@pytest.mark.parametrize("kind", FORMATS)
def test_a_published_file_holds_credit_and_nothing_else(kind):
    """No GPS, camera, comment, thumbnail or profile: two EXIF fields, four XMP, four IPTC, no more."""
    data = written(kind, credit_blocks(CREDIT))
    with Image.open(io.BytesIO(data)) as image:
        exif = image.getexif()
        layout = {
            254,
            256,
            257,
            258,
            259,
            262,
            273,
            277,
            278,
            279,
            284,
            317,
            339,
            700,
            33723,
        }  # of a TIFF itself
        assert set(exif) - (layout if kind == "tiff" else set()) == {0x013B, 0x8298}
        assert not any(exif.get_ifd(part) for part in (0x8769, 0x8825, 0xA005))
        assert not set(image.info) & {"comment", "icc_profile", "gamma", "Comment", "Software"}
        packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp", "").encode() or exif[700]
        if kind == "jpeg":
            assert set(IptcImagePlugin.getiptcinfo(image) or ()) == {(1, 90), (2, 80), (2, 110), (2, 116)}
            assert not image.info.get("thumbnail")
    described = etree.fromstring(packet).find(".//{*}Description")
    assert described is not None
    assert [etree.QName(field).localname for field in described] == [
        "creator",
        "rights",
        "Credit",
        "Marked",
        "WebStatement",
        "Licensor",
        "DataMining",
        "DocumentID",
    ]
    assert described.findtext("{*}DataMining") == "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"
    assert described.findtext(".//{*}LicensorURL") == CREDIT.web_statement


def test_the_notice_is_what_people_write():
    """The notice names the year and the owner."""
    assert CREDIT.notice == "© 2026 Seed Clinic Öşt & Söhne <Köln>"


@pytest.mark.parametrize("missing", ["xmp", "iptc", "exif"])
def test_one_lost_block_does_not_lose_the_owner(missing):
    """When a site strips one block, the others still say whose picture it is."""
    blocks = credit_blocks(CREDIT)
    kept = {name: getattr(blocks, name) for name in ("xmp", "iptc", "exif") if name != missing}
    found = read_credit(written("jpeg", Blocks(**kept)))
    assert found is not None
    assert (found.creator, found.owner, found.year) == (CREDIT.creator, CREDIT.owner, 2026)


@pytest.mark.parametrize("only", ["iptc", "exif"])
def test_older_readers_find_the_owner_too(only):
    """IPTC and EXIF alone are enough to know creator, owner and year."""
    found = read_credit(written("jpeg", Blocks(**{only: getattr(credit_blocks(CREDIT), only)})))
    assert found is not None
    assert (found.creator, found.owner, found.year) == (CREDIT.creator, CREDIT.owner, 2026)


def test_a_long_name_is_cut_at_a_letter_for_iptc():
    """IPTC's short fields never end inside a letter."""
    long = Credit(creator="ö" * 40, owner="ö" * 90, year=2026)
    found = read_credit(written("jpeg", Blocks(iptc=credit_blocks(long).iptc)))
    assert found is not None
    assert set(found.creator) == {"ö"}
    assert len(found.creator) == 16


@pytest.mark.parametrize(
    "packet",
    [
        b"not xml",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        b"<a/>" + b" " * 60_000,
    ],
)
def test_hostile_xmp_names_nobody(packet):
    """A broken packet, or one that points at files, is read as no credit."""
    assert read_credit(written("jpeg", Blocks(xmp=packet))) is None


def test_attributes_and_other_writers_are_understood():
    """Credit written by other programs as XML attributes is read as well."""
    packet = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
      xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
      xmlns:p="http://ns.adobe.com/photoshop/1.0/" xmlns:r="http://ns.adobe.com/xap/1.0/rights/"
      p:Credit="Another Studio" r:WebStatement="https://another.example"/></rdf:RDF></x:xmpmeta>"""
    found = read_credit(written("png", Blocks(xmp=packet)))
    assert found == Credit(
        creator="", owner="Another Studio", year=0, web_statement="https://another.example"
    )


def test_no_credit_is_none_and_no_picture_is_an_error():
    """A bare file has no credit; what is no picture is refused."""
    assert read_credit(written("webp", Blocks())) is None
    with pytest.raises(UnreadablePictureError):
        read_credit(b"<html>")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_any_name_can_be_credited(creator, owner):
    """No name breaks a file, whatever letters it has."""
    blocks = credit_blocks(Credit(creator=creator, owner=owner, year=2026))
    for kind in ("jpeg", "png"):
        read_credit(written(kind, blocks))
