"""The gallery's commands say what they did, to people and to machines, and fail with one sentence."""

import contextlib
import inspect
import json
import sqlite3
from dataclasses import replace

import click
import pytest
from click.testing import CliRunner

import pairwatch
from gallery.cli import COMMANDS
from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import KnownCopy
from gallery.store.ledger import Ledger

CLI = click.Group(commands={str(command.name): command for command in COMMANDS})


@pytest.fixture
def run(clinic):
    """Run a command on the clinic's folder, and give (exit code, standard output, standard error)."""

    def run(*arguments, **more):
        ran = CliRunner().invoke(CLI, [str(a) for a in arguments], obj=clinic.folder, **more)
        if ran.exception and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, ran.stdout, ran.stderr

    return run


@pytest.fixture
def imported(clinic, two_cases, run):
    """A clinic with two cases, not built yet."""
    run("import", clinic.manifest(two_cases))
    return clinic


def walk(command, path=()):
    """Give a command and all below it, each with its words."""
    here = (*path, command.name or "")
    yield here, command
    for child in getattr(command, "commands", {}).values():
        yield from walk(child, here)


@pytest.mark.parametrize(
    "named", [pair for c in COMMANDS for pair in walk(c)], ids=lambda pair: " ".join(pair[0])
)
def test_every_help_ends_with_an_example(named):
    """Nobody has to guess how a command is written."""
    _, command = named
    lines = inspect.cleandoc(command.help or "").splitlines()
    at = lines.index("Example:")

    assert at > 0
    assert all(line.startswith(("  pairwatch ", "  find ")) for line in lines[at + 1 :])
    assert lines[0].endswith(".")


def test_a_folder_is_started_once(run, clinic):
    """`init` makes what is missing and leaves what is there."""
    clinic.folder.settings_file.write_text('[practice]\nname = "Kept"\n')

    assert run("init")[0] == 0
    assert "Kept" in clinic.folder.settings_file.read_text()


def test_import_says_what_came_in(run, clinic, two_cases):
    """Counts for people, numbers for machines, and the second time it says that nothing changed."""
    manifest = clinic.manifest(two_cases)

    assert run("import", manifest)[1] == "Imported 5 photos, 2 new cases.\n"
    assert "Already imported: 5 photos unchanged." in run("import", manifest)[1]
    assert json.loads(run("import", manifest, "--json")[1]) == {
        "photos": 0, "new_cases": [], "unchanged": 5, "consents": 0, "skipped": [], "notes": [],
    }  # fmt: skip


def test_bad_rows_are_listed_on_standard_error(run, clinic, two_cases):
    """With --skip-bad each skipped row is a line."""
    manifest = clinic.manifest([*two_cases, {"case": "x", "stage": "a", "view": "b", "file": "c"}])

    code, _, errors = run("import", manifest, "--skip-bad")
    assert code == 0
    assert errors == 'Skipped: row 7, column "case": "x" is not a public number such as 51 or Patient 51\n'


def test_identify_gives_one_line_per_file(run, imported):
    """A copy, and what cannot be read, each get their JSON line; the readable one makes it a success."""
    ours = imported.desk / "photos/IMG_51_1.jpg"
    (imported.desk / "words.jpg").write_text("words")
    code, out, _ = run("identify", ours, imported.desk / "words.jpg", "--json")
    first, second = map(json.loads, out.splitlines())

    assert code == 0
    assert {"file", "verdict", "probability", "photo", "case", "stage", "transform", "overlap", "runner_up",
            "explanation"} <= first.keys()  # fmt: skip
    assert (first["photo"], first["case"], first["stage"]) == ("photos/IMG_51_1.jpg", 51, "after")
    assert second.keys() == {"file", "error", "verdict"}
    assert second["verdict"] is None


def test_identify_reads_a_list(run, imported):
    """File names may come from standard input; when none can be read, the command failed."""
    names = "\n".join(str(imported.desk / f"photos/IMG_51_{n}.jpg") for n in (0, 1))

    assert len(run("identify", "-", "--json", input=names)[1].splitlines()) == 2
    assert run("identify", "/nowhere.jpg", "--json")[0] == 1


def test_a_case_from_the_command_line(run, imported, monkeypatch):
    """Photographs, the next free number, a consent, a build, a withdrawal: the whole life of a case."""
    monkeypatch.chdir(imported.desk)
    imported.photo("one.jpg", 301)
    imported.photo("two.jpg", 302)
    added = run(
        "case", "add", "--photo", "before:front:one.jpg", "--photo", "after:front:two.jpg", "--tag", "scar"
    )
    assert added[1] == "Patient 53 was added with 2 photos.\n"
    assert "no consent is recorded" in run("case", "show", 53)[1]

    (imported.desk / "form.pdf").write_bytes(b"%PDF signed")
    recorded = run(
        "case", "consent", "record", 53, "--signed", "2026-01-02", "--document", "form.pdf", "--json"
    )
    assert json.loads(recorded[1])["channels"] == ["website"]
    assert json.loads(run("build", "--json")[1])["photos"] == 4

    lines = [json.loads(line) for line in run("case", "list", "--json")[1].splitlines()]
    assert [(line["case"], line["public"]) for line in lines] == [(51, 2), (52, 0), (53, 2)]

    assert "Receipt: Patient 53 was withdrawn" in run("case", "withdraw", 53, "--yes")[1]
    assert "was withdrawn" in imported.page("patient-53/index.html")
    with pytest.raises(GalleryError, match="already withdrawn"):
        run("case", "withdraw", 53, "--yes")


def test_a_withdrawn_consent_empties_the_site_at_once(run, imported):
    """No second command is needed until the photos are gone."""
    run("build")
    assert run("case", "consent", "withdraw", 51)[0] == 0
    assert "patient-51/index.html" not in imported.public()

    with pytest.raises(GalleryError, match="no consent in force"):
        run("case", "consent", "withdraw", 51)


def test_verify_and_doctor_speak_to_machines(run, imported):
    """Both print JSON, and `verify` fails when something is wrong."""
    assert json.loads(run("verify", "--json")[1])["sound"] is True
    assert all(check["ok"] for check in json.loads(run("doctor", "--json")[1]) if check["needed"])

    next(p for p in imported.folder.originals.rglob("*") if p.is_file()).unlink()
    assert run("verify")[0] == 1


def test_wrong_settings_are_all_named(run, imported):
    """Every wrong key is said at once, with the file."""
    imported.folder.settings_file.write_text(
        '[practise]\nname = "x"\n[site]\ntitel = "y"\nlimits = 3\n[channels.website]\nsizes = ["big"]\n'
    )
    with pytest.raises(GalleryError) as caught:
        run("build")
    assert all(word in str(caught.value) for word in ("[practise]", "'titel'", "limits = 3", "sizes"))


def test_a_wrong_photo_of_a_new_case_is_named_as_it_was_given(run, imported):
    """`case add` speaks of the photos on its own command line, not of rows of a list."""
    with pytest.raises(GalleryError, match=r"nothing was added: before:front:nowhere.jpg: ") as failed:
        run("case", "add", "--photo", "before:front:nowhere.jpg")

    assert "--skip-bad" not in failed.value.hint
    assert "row" not in str(failed.value)


def test_a_lost_catalogue_is_never_replaced_by_an_empty_one(run, imported, two_cases):
    """An empty, missing or foreign file in the catalogue's place is refused with a word about the backup."""
    database = imported.folder.database
    for beside in imported.folder.root.glob("pairwatch.db*"):
        beside.unlink()
    for content in (None, b""):
        if content is not None:
            database.write_bytes(content)
        for command in (["init"], ["import", imported.manifest(two_cases)]):
            with pytest.raises(GalleryError) as refused:
                run(*command)
            assert "backup" in refused.value.hint
    with pytest.raises(GalleryError, match="empty file") as refused:
        run("case", "list")
    database.unlink()
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("create table songs (title)")
    with pytest.raises(GalleryError, match="something else than pairwatch"):
        run("case", "list")


def test_a_consent_names_a_photo_by_its_file_alone(run, imported):
    """The folder a file came from need not be typed again, while only one photo has the name."""
    told = run("case", "consent", "record", 52, "--signed", "2026-01-02", "--photo", "IMG_52_3.jpg", "--json")

    assert json.loads(told[1])["permits_today"] is True
    with pytest.raises(GalleryError, match=r"no photo that came from x\.jpg") as refused:
        run("case", "consent", "record", 52, "--signed", "2026-01-02", "--photo", "x.jpg")
    assert refused.value.hint.endswith("case show 52")


@pytest.mark.parametrize(
    ("dates", "said"),
    [(["2999-01-01"], "is dated in the future"), (["2020-01-01", "--expires", "2021-01-01"], "expired on")],
)
def test_a_consent_that_permits_nothing_today_says_so(run, imported, dates, said):
    """Nobody waits for photos that the next build will not publish."""
    told = run("case", "consent", "record", 52, "--signed", *dates)[1]

    assert "permits nothing today" in told
    assert said in told


def test_a_case_that_is_not_there_is_not_asked_about(run, imported):
    """A number mistyped is said before anybody is asked whether they are sure."""
    with pytest.raises(GalleryError, match="999"):
        run("case", "withdraw", 999)


def test_init_speaks_to_machines_and_names_the_next_step_once(run, clinic):
    """Where the settings are written already, nobody is told to write them."""
    assert "Next:" not in run("init")[1]
    assert json.loads(run("init", "--json")[1])["new"] is False


def test_nothing_to_identify_is_said(run, imported):
    """An empty list is a sentence, not silence."""
    code, _, errors = run("identify", "-", input="")

    assert code == 1
    assert "No file was named" in errors


def test_a_mark_beyond_solid_is_named(clinic, run):
    """The doctor reads the settings with the same eyes as the build."""
    clinic.folder.settings_file.write_text("[mark]\nopacity = 50\n")

    assert "[mark] opacity = 50 must be between 0" in run("doctor")[1]


def test_the_command_leaves_nothing_out_that_the_page_says(clinic, two_cases, monkeypatch):
    """Outside channels are named, and known copies stand in the receipt's list and in the ledger for the legal desk."""
    copy = KnownCopy(finding=7, case=51, page="https://rival.example/\x1b[2Jresults", decision="open")
    monkeypatch.setattr(pairwatch, "_known_copies", lambda _: [copy, replace(copy, finding=8, case=52)])
    scope = {"consent_scope": "website|social"}
    clinic.take_in([row | scope if row["case"] == 51 else row for row in two_cases])
    command = ["--data", str(clinic.folder.root), "case", "withdraw", "51", "--yes"]
    said = CliRunner().invoke(pairwatch.cli, command).stdout
    with clinic.database() as database:
        queued = [entry for entry in Ledger(database).entries() if entry.action is Action.COPY_TO_REMOVE]

    assert "take the photos down from: social" in said
    assert "finding 7, still shown at 'https://rival.example/" in said
    assert "\x1b" not in said
    assert [(entry.subject, entry.detail["case"]) for entry in queued] == [("finding 7", 51)]
