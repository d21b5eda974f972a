"""Each sentence of `verify`, on a practice's folder of seven photographs."""

import shutil
from contextlib import closing
from datetime import UTC, datetime

import pytest

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.services.integrity import NOT_PROVEN, head_from, remembered_head, verify_all
from gallery.settings import DataFolder
from gallery.store.database import open_database
from gallery.store.head import Head, parse_head
from gallery.store.ledger import Ledger
from gallery.store.vault import Vault
from watermark.matching.fingerprint import fingerprint
from watermark.matching.index import Index
from watermark.picture.decode import open_picture

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOT_RECOGNISED = (
    "copies of Patient 51's before photo (front), Patient 51's after session 2 of 2 photo (front), "
    "Patient 52's before photo (front), Patient 52's after session 1 of 2 photo (front), "
    "Patient 53's before photo (front) and 2 more are not recognised yet: the next `pairwatch identify` or "
    "`crawl` adds them to the fingerprint index, or says why it cannot"
)
TAKEN_OVER = (
    "62 rows were recorded before this was proven: they are sealed as they were found on "
    f"{datetime.now(UTC):%Y-%m-%d} (ledger row 57)"
)
HEAL = "run `pairwatch build --force`"


@pytest.fixture
def folder(old_folder):
    """A sound folder whose index is still to be made, opened once by this version."""
    opened = DataFolder(old_folder)
    open_database(opened.database).close()
    return opened


def verify(folder, **more):
    """What `verify` finds."""
    return verify_all(folder, now=NOW, **more)


def shown(folder):
    """The published pictures, in order."""
    return sorted((folder.public / "photos").glob("*.jpg"))


def change(folder, sql):
    """Change a row as nobody should."""
    with closing(open_database(folder.database)) as database:
        database.execute("pragma foreign_keys = off")
        database.execute(sql)
        database.conn.commit()


def test_a_sound_folder_says_what_was_looked_at(folder):
    """No problem, one thing to know, the counts and the head to be kept elsewhere, in words and as JSON."""
    found = verify(folder)
    with closing(open_database(folder.database)) as database:
        head = Ledger(database).head()

    assert found.problems == ()
    assert found.notes == (TAKEN_OVER, NOT_RECOGNISED)
    assert found.head == head
    assert found.to_json() == {
        "sound": True,
        "problems": [],
        "notes": [TAKEN_OVER, NOT_RECOGNISED],
        "counts": {"cases": 5, "photos": 7, "public photos": 3, "ledger rows": 57},
        "ledger_head": f"57:{head.hash}",
        "held_against": None,
        "not_proven": NOT_PROVEN,
    }
    assert found.lines() == [
        f"Note: {TAKEN_OVER}",
        f"Note: {NOT_RECOGNISED}",
        "Sound: looked at 5 cases, 7 photos, 3 public photos, 57 ledger rows.",
        f"Ledger head, to be kept elsewhere: 57:{head.hash}",
        NOT_PROVEN,
    ]


def test_an_unsound_folder_says_so_first(folder):
    """Problems come before notes, and the last lines say that the folder is not sound."""
    (folder.public / "left.txt").write_text("x")
    found = verify(folder)

    problem = f"left.txt is on the site, but pairwatch did not put it there: {HEAL}"
    assert (found.to_json()["sound"], found.to_json()["problems"]) == (False, [problem])
    assert found.lines()[:4] == [
        f"Problem: {problem}",
        f"Note: {TAKEN_OVER}",
        f"Note: {NOT_RECOGNISED}",
        "NOT SOUND: looked at 5 cases, 7 photos, 3 public photos, 57 ledger rows.",
    ]


def test_a_missing_original_and_a_stray_one_are_told_apart(folder):
    """A missing original is a problem that names its patient; one without a row is a note."""
    with closing(open_database(folder.database)) as database:
        digest = database.execute("select digest from photos where file like 'IMG_53%'").fetchone()[0]
    next(folder.originals.rglob(digest.removeprefix("sha256:"))).unlink()
    Vault(folder.originals).put(b"left by a crash")
    Vault(folder.originals).put(b"left by another")

    found = verify(folder)

    assert found.problems == ("the original of photo 5 (Patient 53, before) is missing",)
    assert found.notes[1] == ("2 originals are not in the catalogue; importing the same again uses them")


def test_a_changed_original_is_named(folder):
    """A flipped bit in the vault does not pass, and the patient is named."""
    with closing(open_database(folder.database)) as database:
        digest = database.execute("select digest from photos where file like 'IMG_53%'").fetchone()[0]
    place = next(folder.originals.rglob(digest.removeprefix("sha256:")))
    place.write_bytes(place.read_bytes()[:-1] + b"?")

    (problem,) = verify(folder).problems
    assert problem == (
        f"the original of photo 5 (Patient 53, before) was changed after it was sealed ({digest})"
    )


def test_an_index_is_known_to_be_behind_ahead_or_broken(folder):
    """What the index lacks and what it has too much is told, and one that cannot be read will be rebuilt."""
    picture = open_picture(shown(folder)[0].read_bytes())
    index = Index.create(folder.index)
    index.insert(dict.fromkeys((1, 2, 3, 4, 5, 7, 99), fingerprint(picture)))
    index.save()
    behind = verify(folder)
    index.remove([99])
    index.insert({6: fingerprint(picture)})
    index.save()
    whole = verify(folder)
    next(folder.index.glob("*.json")).write_text("{")
    broken = verify(folder)

    assert behind.problems == whole.problems == broken.problems == ()
    assert behind.notes == (
        TAKEN_OVER,
        (
            "copies of Patient 54's before photo (front) are not recognised yet: the next `pairwatch identify` "
            "or `crawl` adds them to the fingerprint index, or says why it cannot"
        ),
        "the fingerprint index knows photos that are no more; the next command forgets them",
    )
    assert whole.notes == (TAKEN_OVER,)
    _, note = broken.notes
    assert note.startswith("the fingerprint index cannot be used (")
    assert note.endswith(") and will be rebuilt by the next command")


def test_a_folder_without_a_site_is_sound(folder):
    """Before the first build there is nothing to prove, and that is said."""
    shutil.rmtree(folder.public)

    found = verify(folder)

    assert (found.problems, found.notes[2:]) == ((), ("no site is built yet",))


def test_a_site_without_a_list_is_not_proven(folder):
    """Without the sums of the last build nothing can be said of its files; the pictures are judged all the same."""
    (folder.renditions / "site.sha256").unlink()
    (folder.public / "left.txt").write_text("x")
    (folder.public / "photos" / "0123456789abcdef01234567-320.jpg").write_bytes(b"?")

    found = verify(folder)

    assert found.problems == (
        "the site shows 0123456789abcdef01234567, which consent does not allow: run `pairwatch build`",
    )
    assert found.notes[2:] == ("the site has no list of its files yet: the next `pairwatch build` writes it",)


def test_every_file_of_the_site_is_proven(folder):
    """What was altered, added, taken away or replaced by a link is named, each once, in order."""
    first, second = shown(folder)[:2]
    second.unlink()
    altered = folder.public / "index.html"
    altered.write_bytes(altered.read_bytes() + b"<!-- -->")
    (folder.public / "zeta").mkdir()
    (folder.public / "zeta" / "left.txt").write_text("x")
    (folder.public / "link.html").symlink_to(altered)
    page = folder.public / "patient-51" / "index.html"
    whole = page.rename(folder.root / "elsewhere.html")
    page.symlink_to(whole)

    found = verify(folder)

    assert found.problems == (
        f"index.html was altered after it was built: {HEAL}",
        f"link.html is on the site, but pairwatch did not put it there: {HEAL}",
        f"patient-51/index.html was altered after it was built: {HEAL}",
        f"photos/{second.name} is missing from the site: {HEAL}",
        f"zeta/left.txt is on the site, but pairwatch did not put it there: {HEAL}",
    )
    assert first.exists()
    assert found.notes[2:] == ("1 photos wait for the next `pairwatch build`",)


def test_what_consent_no_longer_allows_is_a_problem(folder):
    """Shown pictures are held against consent as it is now, and each is named once."""
    first = verify(folder)
    change(folder, "update cases set minor = 1 where number = 51")
    tokens = {one.stem.rpartition("-")[0] for one in shown(folder)}

    found = verify(folder)

    assert first.problems == ()
    changed, *shown_too_much = found.problems
    assert changed.startswith("case 51 was changed: pairwatch recorded it on ")
    assert len(shown_too_much) == 2
    assert shown_too_much == sorted(shown_too_much)
    for problem in shown_too_much:
        assert problem.endswith(", which consent does not allow: run `pairwatch build`")
        assert problem.removeprefix("the site shows ").partition(",")[0] in tokens
    assert found.notes == (TAKEN_OVER, NOT_RECOGNISED)


def test_a_site_whose_build_was_interrupted_is_known_by_the_sums_announced(folder):
    """Right after the exchange the new site stands, and its sums are only announced."""
    sums = folder.renditions / "site.sha256"
    sums.with_name("site.sha256.next").write_text(sums.read_text())
    sums.write_text(sums.read_text().replace("index.html", "earlier.html"))

    assert verify(folder).problems == ()


def test_a_page_that_betrays_a_patient_is_named(folder):
    """A word that must never be public is found in the built site, wherever it came from."""
    (folder.root / "never-publish.txt").write_text("Wilhelmine Sonderbar\n", "utf-8")
    page = folder.public / "patient-51" / "index.html"
    page.write_text(page.read_text("utf-8").replace("</main>", "Wilhelmine Sonderbar</main>"), "utf-8")

    betrayed = [one for one in verify(folder).problems if one.startswith("the site betrays a patient: ")]

    assert len(betrayed) == 1
    assert "patient-51/index.html" in betrayed[0]


def test_a_row_that_refers_to_nothing_is_a_problem(folder):
    """The database itself is looked at."""
    change(folder, "update photos set stage_id = 999 where id = 7")

    assert "table photos, row 7, refers to a row of stages that is not there" in verify(folder).problems


def test_the_head_is_kept_at_each_row_and_not_over_a_cut(folder):
    """The newest head lies signed beside the database; a look that finds a cut keeps the old one."""
    kept = folder.root / "ledger.head"
    head = verify(folder).head
    assert kept.read_text("ascii").startswith(f"57:{head.hash}\ned25519:")
    with closing(open_database(folder.database)) as database:
        head = Ledger(database).append("ana", Action.ORIGINAL_VIEWED, "photo 1", {}, NOW)
    assert remembered_head(folder) == head

    with closing(open_database(folder.database)) as database:
        for (name,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute("delete from ledger where seq > 57")
        database.conn.commit()

    for _ in range(2):
        found = verify(folder)
        assert found.problems == ("the ledger ends at row 57, but row 58 was once written",)
        assert found.head.seq == 57
        assert remembered_head(folder) == head


@pytest.mark.parametrize(
    "text", [None, b"", b"nonsense", b"12:md5:1", b"\xff\xfe", b"x:sha256:1", b"57:sha256:1\nx"]
)
def test_a_missing_or_spoilt_head_is_a_problem_until_one_from_elsewhere_fits(folder, text):
    """Neither `verify` nor the next row makes it good silently; a head from a mail does."""
    mail = folder.root.parent / "mail.eml"
    mail.write_text(f"Good morning\n  Ledger head: {verify(folder).head}\n", "utf-8")
    kept = folder.root / "ledger.head"
    kept.unlink()
    if text is not None:
        kept.write_bytes(text)

    for _ in range(2):
        (problem,) = verify(folder).problems
        assert problem.startswith("ledger.head is missing or spoilt: ")
        with closing(open_database(folder.database)) as database:
            Ledger(database).append("ana", Action.ORIGINAL_VIEWED, "photo 1", {}, NOW)

    assert verify(folder, expected=head_from(str(mail))).problems == ()
    assert verify(folder).problems == ()
    assert remembered_head(folder) == verify(folder).head


def test_a_head_that_was_kept_elsewhere_is_held_against_the_ledger(folder):
    """A later head than the ledger's names the rows that are gone."""
    head = verify(folder).head
    assert verify(folder, expected=head).problems == ()

    assert verify(folder, expected=Head(58, head.hash)).problems == (
        "the ledger ends at row 57, but row 58 was once written",
    )


@pytest.mark.parametrize("text", ["", "forty-two", "12", "12:md5:00", "twelve:sha256:00", "-1:sha256:00"])
def test_a_head_is_read_as_it_was_printed(text):
    """Anything else is refused in a sentence, with where to find one."""
    with pytest.raises(GalleryError) as refused:
        parse_head(text)

    assert str(refused.value) == f"a ledger head like 12:sha256:… was expected, {text!r} was found"
    assert refused.value.hint == "`pairwatch verify` prints one"
    assert parse_head("12:sha256:00") == Head(12, "sha256:00")
