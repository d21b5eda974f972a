"""The matcher's answer goes to JSON and comes back, and every value in it can be worded."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watermark.marking.state import MarkState
from watermark.matching.explanation import edit_words, explain
from watermark.matching.result import (
    Answer,
    Edit,
    EditKind,
    Half,
    Obstacle,
    Overlap,
    Place,
    RunnerUp,
    Side,
    Transform,
)
from watermark.matching.verdict import Verdict, name_verdict

shares = st.floats(0, 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
rows = st.tuples(numbers, numbers, numbers)
others = st.builds(RunnerUp, photo=st.integers(0), probability=shares)
edits = st.builds(
    Edit,
    kind=st.sampled_from(EditKind),
    amount=st.floats(-360, 360),
    side=st.sampled_from(Side),
    place=st.sampled_from(Place),
    marked=st.booleans(),
)
answers = st.builds(
    Answer,
    verdict=st.sampled_from(Verdict),
    probability=shares,
    photo=st.none() | st.integers(0),
    runner_up=st.none() | others,
    transform=st.none()
    | st.builds(
        Transform,
        matrix=st.tuples(rows, rows, rows),
        mirrored=st.booleans(),
        rotation=numbers,
        scale=numbers,
        stretch=numbers,
    ),
    overlap=st.none() | st.builds(Overlap, of_photo=shares, of_found=shares),
    half=st.none() | st.sampled_from(Half),
    edits=st.lists(edits, max_size=4).map(tuple),
    mark=st.sampled_from(MarkState),
    carries_our_mark=st.booleans(),
    also=st.lists(others, max_size=2).map(tuple),
    obstacle=st.none() | st.sampled_from(Obstacle),
    frame=st.integers(0, 9),
    judged=st.integers(1, 9),
    frames=st.integers(1, 99),
)


@given(answers)
def test_an_answer_comes_back_from_json(answer):
    """What a night keeps is what a later report reads, to the last number."""
    assert Answer.from_json(json.loads(json.dumps(answer.to_json()))) == answer


def test_an_answer_of_an_earlier_version_is_read():
    """Evidence that was judged before answers held edits still shows its pictures."""
    kept = {"verdict": "copy", "probability": 0.9, "photo": "51.jpg", "mark": "kept", "changes": ["mirrored"]}
    kept |= {"runner_up": {"photo": "52.jpg", "probability": 0.1}, "part": "", "frame": 2, "frames": 3}
    again = Answer.from_json(
        kept
        | {
            "transform": {
                "matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
                "mirrored": True,
                "rotation": 0,
                "scale": 1,
                "stretch": 1,
            }
        }
    )

    assert (again.verdict, again.mark, again.frame, again.frames) == (Verdict.COPY, MarkState.KEPT, 2, 3)
    assert again.transform.mirrored
    assert (again.photo, again.edits) == (None, ())


@given(answers)
def test_every_answer_has_a_sentence(answer):
    """Whatever the values, a person reads words: no name of a value, no empty place."""
    said = explain(answer, "Patient 51's after photo")
    assert said.endswith(".")
    assert "None " not in said.replace("None of our", "")
    assert "{" not in said


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ([Edit(kind=EditKind.TURNED, amount=-3.2)], ["turned 3° anticlockwise"]),
        (
            [
                Edit(kind=EditKind.CUT, side=Side.LEFT, amount=0.12),
                Edit(kind=EditKind.CUT, side=Side.TOP, amount=0.1),
                Edit(kind=EditKind.CUT, side=Side.BOTTOM, amount=0.2, marked=True),
                Edit(kind=EditKind.BOX, place=Place.MIDDLE),
            ],
            [
                "the left 12 %, the top 10 % and the bottom 20 % cut off, where our mark was",
                "a box laid over its middle",
            ],
        ),
        ([Edit(kind=EditKind.STRIP_AT_SIDE, side=Side.TOP, amount=0.15)], ["a strip laid over its top 15 %"]),
    ],
)
def test_edits_are_worded(done, words):
    """Directions, shares and places read as people say them."""
    assert edit_words(done) == words


@pytest.mark.parametrize(
    ("copy", "ours", "named"),
    [
        (0.9, 0.9, Verdict.COPY),
        (0.89, 1.0, Verdict.POSSIBLE),
        (0.5, 0.5, Verdict.POSSIBLE),
        (0.49, 0.7, Verdict.SAME_SCENE),
        (0.49, 0.69, Verdict.NONE),
    ],
)
def test_a_verdict_begins_at_its_threshold(copy, ours, named):
    """The threshold itself counts; a copy outranks what else may be said."""
    assert name_verdict(copy, ours, {"copy": 0.9, "possible": 0.5, "same-scene": 0.7}) is named


def test_naming_an_answer_needs_no_matcher():
    """Pages and reports that only read answers start without numpy and OpenCV."""
    code = "import sys, watermark.matching.explanation; print({'numpy', 'cv2', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
