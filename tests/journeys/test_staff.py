"""Staff: a case goes from the spreadsheet to the public page, and off it again in one step."""

import pytest

pytestmark = pytest.mark.slow


def test_a_case_is_published_when_consent_is_recorded_and_gone_when_it_is_withdrawn(practice):
    """Nothing is public without consent; with it the case has a page; after withdrawal no byte of it is left."""
    practice.done("build")
    assert practice.published() == []

    practice.done("case", "consent", "record", 51, "--signed", "2026-01-05")
    practice.done("build")
    page = practice.public / "patient-51" / "index.html"
    assert page.exists()
    shown = {path.name for path in practice.published()}
    assert shown

    practice.done("case", "withdraw", 51, "--yes")
    assert {path.name for path in practice.published()} & shown == set()
    assert "withdrawn" in practice.done("case", "list").out.lower()
    practice.done("verify")


def test_no_published_byte_names_the_original_file(practice):
    """What a file was called on the receptionist's desk is nowhere in the public site."""
    practice.done("case", "consent", "record", 51, "--signed", "2026-01-05")
    practice.done("build")

    telling = [path for path in practice.public.rglob("*") if path.is_file() and b"Jane" in path.read_bytes()]

    assert telling == []


def test_building_again_does_no_work(practice):
    """A second build with nothing changed leaves every file as it was."""
    practice.done("case", "consent", "record", 51, "--signed", "2026-01-05")
    practice.done("build")
    before = {path: path.stat().st_mtime_ns for path in practice.public.rglob("*")}

    practice.done("build")

    assert before == {path: path.stat().st_mtime_ns for path in practice.public.rglob("*")}


def test_the_same_spreadsheet_twice_changes_nothing(practice):
    """Importing once more, after a power cut or out of doubt, is harmless and says so."""
    again = practice.done("import", practice.desk / "cases.csv")

    assert "4" in again.out
    assert len(practice.done("case", "list", "--json").lines()) == 2
    practice.done("verify")


def test_identify_names_the_photo_and_refuses_a_text_in_disguise(practice):
    """One JSON line for each file: the photo's name for a copy, one clear sentence for what is no picture."""
    fake = practice.desk / "fake.jpg"
    fake.write_text("this is no picture")

    copy, refused = practice.run("identify", practice.desk / "Jane Roe 51 after.jpg", fake, "--json").lines()

    assert (copy["verdict"], copy["photo"], copy["case"], copy["stage"]) == (
        "copy",
        "Jane Roe 51 after.jpg",
        51,
        "after",
    )
    assert refused["error"]
