"""What stands between a case and the public is listed in plain words, what blocks first."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

from click.testing import CliRunner

from gallery.cli import case as case_command
from gallery.events import Action
from gallery.model import Case, Consent, Digest, Performer, Photo, Section, Stage, Words
from gallery.services.readiness import Standing, obstacles_to
from gallery.settings import Settings
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PHOTOS = [
    Photo(
        id=number, case=51, stage_id=number, stage=stage, view="front", file=f"{number}.jpg",
        digest=Digest(f"sha256:{number}"), bytes=1, width=1, height=1, format="jpeg",
    )
    for number, stage in ((1, "before"), (2, "after"))
]  # fmt: skip
STAGES = [
    Stage(id=1, case=51, position=1, label="before"),
    Stage(id=2, case=51, position=2, label="after", procedure="Pigment", performed_by=Performer.US),
]
READY = Standing(
    case=Case(number=51),
    stages=STAGES,
    photos=PHOTOS,
    consents=[Consent(case=51, signed_on=date(2026, 1, 15))],
    saved=frozenset(Section),
    authored=frozenset({1, 2}),
)


def told(**changes):
    """Give (words, blocks) for a case that differs from a ready one."""
    return [(item.words, item.blocks) for item in obstacles_to(replace(READY, **changes), Settings(), NOW)]


def test_a_ready_case_has_no_obstacles():
    """A case with everything in order gets an empty list."""
    assert told() == []


def test_each_gap_is_named():
    """Consent, age, facts, pairs, authors and words are each told in a sentence of their own."""
    photos = [replace(PHOTOS[0], caption="Painless!"), PHOTOS[1]]
    unready = told(
        case=Case(number=51, minor=True, held=True),
        consents=[],
        saved=frozenset(),
        authored=(),
        photos=photos,
    )

    assert [words for words, blocks in unready if blocks] == [
        "The patient was a minor: this case is never published",
        "No photo may be published: no consent is recorded",
        "The facts are not filled in",
        "Words: The patient was under age. Cases of minors are never published",
        "Words: “Painless”: Not every patient could say the same. Say what this patient felt, or leave it out",
    ]
    assert [words for words, blocks in unready if not blocks] == [
        "Nobody has looked whether before and after can be compared",
        "For 2 of 2 photos it is not recorded who took them",
    ]


def test_the_command_lists_measures_and_fails_while_something_blocks(clinic, two_cases):
    """`case check` says what blocks, exits 1, and notes for the page what was measured."""
    clinic.take_in(two_cases)
    run = CliRunner().invoke(case_command, ["check", "52"], obj=clinic.folder)

    assert run.exit_code == 1
    assert "BLOCKS   No photo may be published: no consent is recorded." in run.output
    assert run.output.endswith("Patient 52 may not be published yet.\n")
    with clinic.database() as database:
        assert len(Casework(database).differences()) == 3  # any two of its three stages


def test_the_command_lets_a_ready_case_pass(clinic, two_cases):
    """A case with consent and honest words may be published; a name in its words blocks it."""
    clinic.take_in(two_cases)
    passed = CliRunner().invoke(case_command, ["check", "51", "--json"], obj=clinic.folder)
    with clinic.database() as database:
        photo = Catalog(database).photos(51)[0]
        Casework(database).write_words({photo.id: Words("", f"as in {photo.file}")})
    refused = CliRunner().invoke(case_command, ["check", "51", "--json"], obj=clinic.folder)

    assert passed.exit_code == 0
    assert json.loads(passed.output)["may_be_published"] is True
    assert refused.exit_code == 1
    assert "an original file name" in json.loads(refused.output)["blocks"][0]


def test_a_look_at_a_public_case_changes_nothing_that_readers_see(clinic, two_cases):
    """`case check` of a public case says what it measures, and only with --tell the page says so from then on."""
    clinic.take_in(two_cases)
    CliRunner().invoke(case_command, ["check", "51"], obj=clinic.folder)
    with clinic.database() as database:
        before, after = (photo.id for photo in Catalog(database).photos(51))
        Casework(database).write_differences(
            before, after, ["The after photo was measured once."], clinic.now
        )
    clinic.build()
    page = clinic.page("patient-51/index.html")

    looked = CliRunner().invoke(case_command, ["check", "51"], obj=clinic.folder)
    clinic.build()
    assert "measured once" in page
    assert clinic.page("patient-51/index.html") == page
    assert "let it say this with --tell" in looked.output

    CliRunner().invoke(case_command, ["check", "51", "--tell"], obj=clinic.folder)
    clinic.build()
    assert "measured once" not in clinic.page("patient-51/index.html")
    with clinic.database() as database:
        rows = [entry.action for entry in Ledger(database).entries()]
    assert rows.count(Action.PAIRS_MEASURED) == 2


def test_what_an_approved_page_says_anew_is_approved_anew(clinic, two_cases):
    """Measured differences that are told with --tell take a case that somebody approved off the site until then."""
    clinic.take_in(two_cases)
    clinic.build()
    with clinic.database() as database:
        Casework(database).ask(51, "doctor", "as it was", "Ada", clinic.now)
    CliRunner().invoke(case_command, ["check", "51", "--tell"], obj=clinic.folder)
    clinic.build()

    assert "patient-51/index.html" not in clinic.public()
