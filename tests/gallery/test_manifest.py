"""A manifest is read however a spreadsheet program saves it, and each error says where it is."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.errors import GalleryError
from gallery.model import Performer
from gallery.services.intake.manifest import COLUMNS, read_manifest

PLAIN = "case,stage,view,file\n51,before,front,a.jpg\n51,after,Frontal,b.jpg\n"


def problems(text):
    """Give what is wrong with a manifest, as people read it."""
    return [str(problem) for problem in read_manifest(text.encode()).problems]


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace(",", ";").encode("utf-16-le"),
        ("sep=;\r\n" + PLAIN.replace(",", ";")).encode(),
        b"\n\n" + PLAIN.encode(),
        PLAIN.replace(",view", ",,view").replace("fore,", "fore,,").replace("after,", "after,,").encode(),
        PLAIN.replace("case,stage", ' Case , "Stage"').encode().replace(b' "', b'"'),
    ],
    ids=[
        "plain",
        "bom",
        "crlf",
        "semicolon",
        "utf-16-tabs",
        "utf-16-no-bom",
        "sep",
        "blank-first",
        "unnamed-column",
        "spaces",
    ],
)
def test_spreadsheets_dialects_are_one_manifest(data):
    """Excel's and LibreOffice's ways of saving give the same rows."""
    rows = read_manifest(data).rows

    assert [(row.case, row.stage, row.view, row.file) for row in rows] == [
        (51, "before", "front", "a.jpg"),
        (51, "after", "front", "b.jpg"),
    ]


def test_accents_survive_an_old_windows_file():
    """A file name with an umlaut is the same in UTF-8 and in Windows-1252."""
    text = "case,stage,view,file\n1,before,front,Übersicht.jpg\n"

    assert read_manifest(text.encode("cp1252")).rows[0].file == read_manifest(text.encode()).rows[0].file


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"case,stage,view,file\n", "names no photo"),
        (b"PK\x03\x04rest", "is a workbook"),
        (b"case,stage,view\n1,before,front\n", 'column "file" is missing'),
        (b"case,stage,viewe,file\n1,a,b,c\n", 'did you mean "view"'),
        (b"case,stage,view,file,case\n1,a,b,c,2\n", "there twice"),
        (b'case,stage,view,file\n1,"before,front,a.jpg\n', "not a readable table"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x00", "not text"),
    ],
)
def test_what_is_no_manifest_is_said_in_a_sentence(data, words):
    """Wrong columns, wrong files and empty files each get their own words."""
    with pytest.raises(GalleryError, match=words):
        read_manifest(data)


@pytest.mark.parametrize(
    ("columns", "cells", "words"),
    [
        ("", "Jane,before,front,a.jpg", 'row 2, column "case": "Jane" is not a public number'),
        ("", "0,before,front,a.jpg", 'column "case"'),
        ("", "51,,front,a.jpg", 'row 2, column "stage": is empty'),
        ("", "51,before,front,a.jpg,extra", 'has "extra" where the first row names no column'),
        (",taken", "51,before,front,a.jpg,3/1/2026", 'column "taken": "3/1/2026" is not a date such as'),
        (",performed_by", "51,after,front,a.jpg,me", "none of us, other, unknown"),
        (",session", "51,after,front,a.jpg,two", "not a number"),
        (",session,sessions", "51,after,front,a.jpg,3,2", "only 2 sessions are planned"),
        (",consent_expires", "51,after,front,a.jpg,2026-01-01", 'column "consent_signed": is empty'),
        (
            ",consent_signed,consent_expires",
            "51,after,front,a.jpg,2026-02-01,2026-01-01",
            "before the consent was",
        ),
        (",minor", "51,after,front,a.jpg,perhaps", "neither yes nor no"),
        (",note", "51,after,front,a.jpg,bell\x07", "cannot be printed"),
    ],
)
def test_a_wrong_cell_is_named_with_row_and_column(columns, cells, words):
    """Whoever fills the list finds the place at once."""
    found = problems(f"case,stage,view,file{columns}\n{cells}\n")

    assert len(found) == 1
    assert words in found[0]


def test_rows_are_numbered_as_a_spreadsheet_does():
    """Blank rows count, and a quoted line break does not."""
    found = problems('case,stage,view,file\n1,before,"fr\nont",a.jpg\n\nx,before,front,b.jpg\n')

    assert [line.split(",")[0] for line in found] == ["row 4"]


def test_all_that_a_row_may_say_is_read():
    """Consent, sessions, tags and the rest arrive as values."""
    cells = {
        "case": "Patient 51", "stage": "after session 2 of 3", "view": "Vertex", "file": "a.jpg",
        "tags": "Scar | hair  loss", "consent_signed": "2026-01-15", "consent_scope": "website|print",
        "performed_by": "another doctor", "taken": "2026-02-01", "in_progress": "yes",
    }  # fmt: skip
    row = read_manifest(f"{','.join(cells)}\n{','.join(cells.values())}\n".encode()).rows[0]

    assert (row.case, row.view, row.session, row.sessions) == (51, "top", 2, 3)
    assert row.tags == ("scar", "hair loss")
    assert row.performed_by is Performer.OTHER
    assert row.in_progress
    assert row.consent is not None
    assert row.consent.channels == {"website", "print"}


@settings(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_at_all_break_the_reader(data):
    """Whatever is handed in: rows, problems or one clear error."""
    for start in (b"", b"case,stage,view,file\n"):
        try:
            read = read_manifest(start + data)
        except GalleryError:
            continue
        assert read.rows or read.problems


def test_the_help_names_every_needed_column():
    """What the reader knows is what people are told."""
    assert {"case", "stage", "view", "file"} <= set(COLUMNS)


def test_every_column_is_documented():
    """What the reader knows is in the guide, in the same words."""
    guide = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text("utf-8")

    assert [name for name, words in COLUMNS.items() if f"| `{name}` | {words} |" not in guide] == []
