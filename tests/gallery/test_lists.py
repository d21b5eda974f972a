"""Lists from other machines are read, and a photo that is listed twice is named with both places."""

import io
import unicodedata

import pytest
from PIL import Image

from gallery.errors import RefusedError
from gallery.services.intake import ListRefusedError, Wishes, import_manifest
from gallery.services.intake.check import Refused, find_file
from gallery.services.intake.manifest import read_manifest

HEADER = "case,stage,view,file,caption,tags"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman"])
def test_a_list_is_read_as_its_program_wrote_it(end, delimiter, code):
    """Line ends, delimiters and encodings are told from the list, whatever stands inside its fields."""
    rows = [
        HEADER.replace(",", delimiter),
        delimiter.join(["1", "before", "front", "Müller.jpg", '"Café; grün, hell"', "a;b|c"]),
    ]
    if delimiter == ";":
        rows[1] = rows[1].replace("a;b|c", '"a;b|c"')
    (row,) = read_manifest(end.join(rows).encode(code)).rows
    assert (row.file, row.texts["caption"], row.tags) == ("Müller.jpg", "Café; grün, hell", ("a", "b", "c"))


def test_the_delimiter_is_that_of_the_first_row():
    """Ever so many semicolons inside the fields of a list with commas divide nothing."""
    data = "case,stage,view,file,tags\r" + "".join(
        f"{n},before,front,p{n}.jpg,a;b;c;d;e;f;g\r" for n in range(1, 9)
    )
    assert [row.tags for row in read_manifest(data.encode()).rows] == [tuple("abcdefg")] * 8


def test_marks_before_the_first_column_and_mixed_ends_are_passed_over():
    """Two byte order marks, and rows that end each in another way, are no matter."""
    marks = b"\xef\xbb\xbf" * 2
    data = marks + b"case,stage,view,file\r\n1,before,front,a.jpg\r2,before,front,b.jpg\n3,before,front,c.jpg"
    assert [(row.number, row.case) for row in read_manifest(data).rows] == [(2, 1), (3, 2), (4, 3)]


@pytest.mark.parametrize(
    "listed",
    [
        "photos\\\\Anna\\\\Größe.JPG",
        "PHOTOS/anna/größe.jpg",
        unicodedata.normalize("NFD", "photos/Anna/Größe.JPG"),
        "./photos/Anna/Größe.JPG",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_file_is_found_however_its_path_is_spelled(tmp_path, listed, form):
    """Backslashes, another case, and letters composed or not name the file that lies there."""
    there = tmp_path / "photos" / "Anna" / unicodedata.normalize(form, "Größe.JPG")
    there.parent.mkdir(parents=True)
    there.write_bytes(b"x")
    assert find_file(tmp_path, listed.replace("\\\\", "\\")).samefile(there)


def test_files_that_differ_in_case_alone_are_not_guessed_between(tmp_path):
    """The one that is spelled so is taken; else both are named."""
    for name in ("IMG_1.JPG", "img_1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    assert find_file(tmp_path, "img_1.jpg") == tmp_path / "img_1.jpg"
    assert find_file(tmp_path, "Img_1.jpg") == Refused("is not there: IMG_1.JPG and img_1.jpg are both alike")
    assert "another machine" in find_file(tmp_path, "C:\\photos\\img_1.jpg").reason


def anew(data, *, scale=1.0, **options):
    """Save a photo's bytes anew, or smaller."""
    image = Image.open(io.BytesIO(data))
    out = io.BytesIO()
    image.resize((round(image.width * scale), round(image.height * scale))).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("other", [{"case": 51, "stage": "after"}, {"case": 52, "stage": "before"}])
def test_one_photo_twice_in_a_list_needs_a_yes(clinic, other, scale):
    """The same picture saved anew is named with both its places, and nothing is imported without --allow-alike."""
    (row,) = clinic.rows({51: ["before"]})
    (clinic.desk / "again.jpg").write_bytes(
        anew((clinic.desk / row["file"]).read_bytes(), scale=scale, quality=80)
    )
    rows = [row, row | other | {"file": "again.jpg"}]
    with pytest.raises(ListRefusedError) as refused:
        clinic.take_in(rows)
    said = str(refused.value)
    assert f"Patient {other['case']}, {other['stage']}, front" in said
    assert "Patient 51, before, front" in said
    assert "--allow-alike" in said
    assert len(clinic.take_in(rows, allow_alike=True).photos) == 2


def test_one_photo_that_the_catalogue_has_needs_a_yes(clinic):
    """A photo that came in earlier is named with its place when it comes again, saved smaller."""
    (row,) = clinic.rows({51: ["before"]})
    clinic.take_in([row])
    (clinic.desk / "again.jpg").write_bytes(anew((clinic.desk / row["file"]).read_bytes(), scale=0.6))
    again = row | {"case": 52, "file": "again.jpg"}
    with pytest.raises(RefusedError, match="Patient 51, before, front, in the catalogue"):
        clinic.take_in([again])
    assert len(clinic.take_in([again], allow_alike=True).photos) == 1


def test_other_photos_of_the_same_pose_come_in(clinic):
    """Photos of two cases that are merely taken alike need no yes."""
    assert len(clinic.take_in(clinic.rows({51: ["before", "after"], 52: ["before", "after"]})).photos) == 4


def test_a_corrected_list_updates_what_it_changes_after_a_yes(clinic):
    """The differences are shown line by line; without a yes nothing changes, with one just these facts do."""
    rows = clinic.rows({51: ["before", "after"]}, caption="Day one", procedure="FUE")
    clinic.take_in(rows)
    rows[1] |= {"caption": "A year later", "procedure": "SMP", "region": "crown"}
    manifest, wishes = clinic.manifest(rows), Wishes(actor="test", now=clinic.now)

    with pytest.raises(RefusedError, match='row 3, Patient 51, after, procedure: "FUE" → "SMP"'):
        import_manifest(clinic.folder, manifest, wishes)
    shown = []
    assert import_manifest(clinic.folder, manifest, wishes, agree=shown.extend).unchanged == 2
    assert {change.column for change in shown} == {"caption", "procedure", "region"}
    done = import_manifest(clinic.folder, manifest, wishes, agree=lambda _changes: True)

    assert (len(done.corrected), done.unchanged, len(done.photos)) == (3, 1, 0)
    with clinic.practice() as p:
        assert [photo.caption for photo in p.catalog.photos(51)] == ["Day one", "A year later"]
        assert [stage.procedure for stage in p.catalog.stages(51)] == ["FUE", "SMP"]
        assert p.catalog.case(51).region == "crown"
    assert import_manifest(clinic.folder, manifest, wishes).unchanged == 2
