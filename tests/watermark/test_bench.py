"""The worlds that the matcher is calibrated and judged on: their truth is what they say it is."""

import numpy as np
import pytest

from benchmarks import worlds
from sample_clinic.copying import ATTACKS
from sample_clinic.drawing.everyday import draw_everyday
from watermark.matching.agreement import NUMBERS


@pytest.fixture(scope="module")
def world():
    """Three pictures and one stranger."""
    drawn = [draw_everyday(seed, (480, 360)) for seed in (21, 22, 23, 24)]
    return worlds.pictures_world("small", drawn[:3], drawn[3:])


def test_every_way_of_copying_is_asked(world):
    """No way is left out, and the hard ones are asked more often."""
    kinds = [
        case.kind
        for case in worlds.copies(
            world, np.random.default_rng(1), 1, {"jpeg": ATTACKS["jpeg"], "cropped-12": ATTACKS["cropped-12"]}
        )
    ]
    assert kinds.count("jpeg") == 1
    assert kinds.count("cropped-12") == worlds.OFTEN["cropped-12"]
    assert set(worlds.OFTEN) <= set(ATTACKS)


def test_innocents_are_nobodys_copy(world):
    """Strangers and other shots carry no photo as their truth."""
    cases = list(worlds.innocents(world, np.random.default_rng(1)))
    assert {case.photo for case in cases} == {None}
    assert {case.kind for case in cases} == {"same scene", "everyday"}


def test_a_second_shot_moved_a_little(world):
    """Another shot shows the same scene, but not the same pixels."""
    first = world.catalogue[0]
    again = worlds.second_shot(first, np.random.default_rng(2))
    assert again.rgb.shape == first.rgb.shape
    assert 2 < np.abs(again.rgb.astype(int) - first.rgb).mean() < 60


def test_rows_know_the_truth(world, tmp_path):
    """A row says whether the photo that was weighed is the one the case was made from."""
    cases = worlds.copies(world, np.random.default_rng(3), 1, {"jpeg": ATTACKS["jpeg"]})
    rows = list(worlds.weighed(world, world.index(tmp_path), cases))
    assert rows
    assert all((row.label == 2) == (row.photo == row.truth) for row in rows)
    assert all(row.numbers.shape == (len(NUMBERS),) for row in rows)
