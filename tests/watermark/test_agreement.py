"""What is measured of two aligned pictures, and what is decided from it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from watermark.matching import model
from watermark.matching.agreement import NUMBERS, Agreement
from watermark.matching.bands import Bands
from watermark.matching.model import Forest

MATCHER_FILES = ("model.npz", "error_rates.json", "codebook.npz")
LEAST = {"copy": 0.8, "possible": 0.2, "same-scene": 0.7}


def test_a_forest_is_read_as_it_was_grown():
    """One tree with one question: low goes left, high goes right, what is unknown goes where it was told."""
    nodes = {
        "feature": np.zeros((1, 3), np.uint8),
        "bound": np.array([[0.5, 0, 0]], np.float32),
        "left": np.array([[1, 1, 2]], np.uint8),
        "right": np.array([[2, 1, 2]], np.uint8),
        "missing_left": np.array([[True, False, False]]),
        "value": np.array([[0, -3.0, 3.0]], np.float32),
    }
    forest = Forest(nodes, base=0.0, slope=1.0, offset=0.0)
    low, high, unknown = (forest.probability(np.array([v], np.float32)) for v in (0.1, 0.9, np.nan))
    assert low == unknown == pytest.approx(1 / (1 + np.exp(3)))
    assert high == pytest.approx(1 / (1 + np.exp(-3)))
    assert forest.probability(np.array([0.5], np.float32)) == low
    calibrated = Forest(nodes, base=0.5, slope=2.0, offset=1.0).probability(np.array([0.9], np.float32))
    assert calibrated == pytest.approx(1 / (1 + np.exp(-(2.0 * 3.5 + 1.0))))


SHARED = {"own_share": 0.3, "own_agreeing": 0.1, "own_subject": np.log1p(4), "sides": 0.05}
LINES = {"blocks": np.log1p(40), "inliers": np.log1p(10), "colour": -0.4}
PART = {"covered": 0.3, "colour": 0.0}


def row(found):
    """The numbers of a usual copy, but for what was found otherwise."""
    usual = {"own_share": 1.0, "own_agreeing": 0.8, "own_subject": 4.0, "sides": np.nan, "bent_subject": 4.0}
    usual |= {"covered": 1.0, "inliers": np.log1p(60), "blocks": np.log1p(500), "colour": 0.9, "stretch": 1.0}
    return np.array([(usual | {"subject_less": 0.0} | found).get(name, 0.5) for name in NUMBERS], np.float32)


@pytest.mark.parametrize(
    ("found", "most"),
    [
        ({}, 1.0),
        ({"bent_subject": 0.0}, model.NOBODY),
        ({"subject_less": 0.7}, model.NOBODY),
        ({"subject_less": np.nan}, 1.0),
        ({"subject_less": 0.3}, 1.0),
        (SHARED, model.ANYBODY),
        (SHARED | {"sides": np.nan}, model.ANYBODY),
        (SHARED | {"own_subject": np.log1p(40)}, 1.0),
        (SHARED | {"sides": 0.6}, 1.0),
        (LINES, model.NOBODY),
        (LINES | {"colour": 0.95}, 1.0),
        (LINES | {"inliers": np.log1p(40)}, 1.0),
        (PART | {"inliers": np.log1p(10)}, model.NOBODY),
        (PART, 1.0),
        ({"stretch": 1.8, "inliers": np.log1p(10)}, model.NOBODY),
        ({"stretch": 1.8}, 1.0),
        ({"covered": 0.9, "colour": -0.8}, 1.0),
        ({"bent_subject": np.log1p(4)}, 1.0),
        ({"bent_subject": np.log1p(3)}, model.NOBODY),
        ({"stretch": 1.8, "inliers": np.log1p(20)}, 1.0),
        ({"stretch": 1.8, "inliers": np.log1p(19)}, model.NOBODY),
        (LINES | {"blocks": np.log1p(80)}, 1.0),
        (LINES | {"blocks": np.log1p(60), "covered": 0.5}, 1.0),
        (SHARED | {"own_subject": np.log1p(10)}, 1.0),
        (SHARED | {"own_subject": np.log1p(9)}, model.ANYBODY),
        (SHARED | {"own_agreeing": 0.25}, 1.0),
        (SHARED | {"own_share": 1.0}, 1.0),
        (PART | {"inliers": np.log1p(10), "colour": 0.25}, 1.0),
    ],
    ids=[
        "a copy", "our room, nobody in it", "somebody else before our wall", "a part of a head", "words over a head",
        "only what other photos of ours show too", "the same, and no other photo differs",
        "a head of ours before a foreign background", "the other photos fit worse where they differ",
        "the edge of another door", "the edge of this door", "a plain picture held firmly",
        "windows in rows, in other colours", "a part in other colours held firmly", "pulled to twice its width",
        "pulled, and held firmly", "the whole recoloured", "four blocks of a subject", "three blocks of a subject",
        "pulled, twenty features in place", "pulled, nineteen in place", "eighty blocks with texture",
        "sixty blocks in half the photo", "ten blocks of its own subject", "nine blocks of its own subject",
        "its own part agrees just enough", "no other photo shows it", "a part in nearly its colours",
    ],
)  # fmt: skip
def test_no_more_is_believed_than_what_agrees_can_prove(found, most):
    """A wall, a stock picture or a shirt that many of our photos show accuses nobody, whatever the trees say."""
    assert model.most(row(found)) == most


def test_a_row_of_another_measure_is_refused():
    """Numbers that are not those the rules speak of are an error, never a judgement."""
    with pytest.raises(ValueError, match="argument"):
        model.most(np.ones(len(NUMBERS) - 1, np.float32))


@pytest.mark.parametrize(
    ("found", "limit"),
    [({"fine_50": 0.95}, 1.0), (SHARED, model.ANYBODY), ({"subject_less": 0.7}, model.NOBODY)],
)
def test_a_probability_is_the_trees_within_what_may_be_believed(found, limit):
    """The trees decide, a rule caps them, and a copy of a photo is also one of its session."""
    grey = np.zeros((64, 64), np.uint8)
    bands = Bands.at(grey, grey, grey, 0)
    agreement = Agreement(
        homography=np.eye(3),
        numbers=row(found),
        bands=bands,
        fine=np.zeros((1, 1), np.float32),
        covered=grey,
        photo=grey,
        found=grey,
        subject=np.ones((1, 1), bool),
    )
    shipped = model.load_model()

    copy, ours = model.probabilities(agreement)

    assert copy == min(limit, shipped.copy.probability(row(found)))
    assert ours == max(copy, min(limit, shipped.ours.probability(row(found))))


def test_the_matcher_is_named_by_its_files():
    """The version is the beginning of the SHA-256 of trees, thresholds and codebook, as anybody can work it out."""
    folder = Path(model.__file__).parent
    content = b"".join((folder / name).read_bytes() for name in MATCHER_FILES)

    assert model.matcher_version() == hashlib.sha256(content).hexdigest()[:12]


@pytest.mark.parametrize("name", ["copy", "possible", "same-scene"])
def test_the_shipped_thresholds_are_the_measured_ones(name):
    """A probability at a verdict's printed threshold has that verdict, and one just below has not."""
    least = model.matching_rates()["thresholds"][name]
    at, below = ((0.0, p) if name == "same-scene" else (p, 0.0) for p in (least, least - 1e-9))

    assert model.verdict(*at) == name
    assert model.verdict(*below) != name


def test_more_agreement_never_speaks_against_a_copy():
    """The shipped trees can only rise with agreement, so that no odd picture is accused for agreeing less."""
    shipped = model.load_model()
    rng = np.random.default_rng(2)
    for name in ("fine_50", "own_agreeing", "agreeing_blocks", "sides"):
        at = NUMBERS.index(name)
        for _ in range(20):
            row = rng.uniform(0, 1, len(NUMBERS)).astype(np.float32)
            more = row.copy()
            more[at] += 0.5
            assert shipped.copy.probability(more) >= shipped.copy.probability(row) - 1e-9


def test_correlation_is_one_for_the_same_and_nothing_for_the_plain():
    """Blocks agree wholly with themselves in any light, and plain blocks say nothing."""
    rng = np.random.default_rng(1)
    photo = rng.integers(0, 200, (128, 128), dtype=np.uint8)
    photo[:, :64] = 90
    covered = np.full((128, 128), 255, np.uint8)
    brighter = (photo * 0.6 + 60).astype(np.uint8)
    agreeing = Bands.at(photo, brighter, covered, 0).correlation()
    assert np.nanmin(agreeing[:, 6:]) > 0.95
    assert np.isnan(agreeing[2:-2, 1:3]).all()
    covered[:64] = 0
    assert np.isnan(Bands.at(photo, brighter, covered, 0).correlation()[:4]).all()
