"""One rule says which stage lies before treatment, whoever asks."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from gallery.cli.case import case as case_command
from gallery.model import Performer, Stage
from gallery.services.grouping import Item, propose
from gallery.stages import is_before_treatment, is_immediate, says_before, sessions_in, shows_work


@pytest.mark.parametrize(
    ("label", "before"),
    [
        ("before", True),
        ("Pre-op", True),
        ("preoperative", True),
        ("Baseline", True),
        ("vorher", True),
        ("before session 1 of 3", True),
        ("before session 2 of 3", False),
        ("initial result", False),
        ("before and after", False),
        ("after session 1", False),
        ("beforehand", False),
        ("one year later", False),
    ],
)
def test_labels_are_read_as_people_mean_them(label, before):
    """Pre-op is before; a result, a second session and a pair in one frame are not."""
    assert says_before(label) is before
    assert shows_work(Stage(case=1, label=label, position=2)) is not before


@pytest.mark.parametrize(
    "recorded",
    [
        {"position": 2},
        {"label": "healed"},
        {"label": "week two"},
        {"label": "before session 2"},
        {"procedure": "FUE"},
        {"performed_by": Performer.US},
        {"performed_by": Performer.OTHER},
        {"session": 1},
        {"elapsed": "7 days"},
        {"in_progress": True},
    ],
)
def test_the_first_stage_without_any_work_is_before_treatment(recorded):
    """A label of its own ("consultation") is before treatment while it is the first and no work is recorded."""
    first = Stage(case=1, label="consultation", position=1)

    assert is_before_treatment(first)
    assert not shows_work(first)
    assert not is_before_treatment(replace(first, **recorded))
    assert shows_work(replace(first, **recorded))


def test_earlier_work_is_told_under_a_photo_before_ours():
    """A stage called before stays so when earlier work is recorded with it, and shows that work."""
    repair = Stage(case=1, label="before", position=1, procedure="strip", performed_by=Performer.OTHER)

    assert is_before_treatment(repair)
    assert shows_work(repair)


def test_right_after_its_work_is_read_from_label_and_time():
    """Either place may say that a photo was taken immediately."""
    later = Stage(case=1, label="after", position=2, elapsed="7 days")

    assert not is_immediate(later)
    assert is_immediate(replace(later, elapsed="Immediately"))
    assert is_immediate(replace(later, label="immediately after"))


@given(st.text(max_size=40))
def test_any_label_can_be_asked(label):
    """Whatever a person types is read without an error, and a label read as before names no session done."""
    assert not says_before(label) or sessions_in(label) == (None, None)


@pytest.mark.parametrize(
    ("label", "sessions"),
    [
        ("after session 2 of 3", (2, 3)),
        ("after session 2", (2, None)),
        ("before session 2 of 3", (1, 3)),
        ("before session 1 of 3", (None, None)),
        ("Session 1/2", (1, 2)),
        ("after", (None, None)),
    ],
)
def test_a_label_says_how_many_sessions_were_done(label, sessions):
    """A photo taken before the second session shows the work of one."""
    assert sessions_in(label) == sessions


def test_a_pre_op_photo_shows_nobodys_work(clinic, monkeypatch):
    """`case add` under a Pre-op label writes no procedure and no doctor beside the photo before treatment."""
    clinic.photo("one.jpg", 1), clinic.photo("two.jpg", 2)
    monkeypatch.chdir(clinic.desk)
    photos = ["--photo", "Pre-op:front:one.jpg", "--photo", "after:front:two.jpg"]
    work = ["--procedure", "FUE", "--performed-by", "us"]
    added = CliRunner().invoke(case_command, ["add", *photos, *work], obj=clinic.folder)
    signed = CliRunner().invoke(
        case_command, ["consent", "record", "1", "--signed", "2026-01-15"], obj=clinic.folder
    )
    clinic.build()
    page = clinic.page("patient-1/index.html")

    assert (added.exit_code, signed.exit_code) == (0, 0), added.output + signed.output
    assert page.count("This work was done by us.") == page.count("Procedure: FUE.") == 1
    assert page.index("Procedure: FUE.") > page.index(">After<")


def test_sorting_puts_pre_op_first():
    """Dropped files named pre-op and after come in the story's order, whatever the alphabet says."""
    proposal = propose([Item(key=1, name="after-front.jpg"), Item(key=2, name="pre-op-front.jpg")])

    assert proposal.stages == ("before", "after")
