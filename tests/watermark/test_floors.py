"""The matcher's quality is pinned: a change that makes it worse than data/floors/matching.json fails."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import worlds
from watermark.matching.identify import identify
from watermark.matching.verdict import Verdict

FLOORS = json.loads((Path(__file__).parents[2] / "data" / "floors" / "matching.json").read_text("utf-8"))


@pytest.mark.slow
def test_matching_is_as_good_as_it_was(tmp_path):
    """Every way of copying, every kind of stranger, in a room that the calibration never saw."""
    world = worlds.clinic_world(71, 4)
    index = world.index(tmp_path)
    index.save()
    size = sum(path.stat().st_size for path in tmp_path.iterdir() if not path.name.startswith("words"))
    assert size / len(index) + 14 * 480 <= FLOORS["bytes a photo"]
    rng = np.random.default_rng(8)
    found, right, possible = [], [], []
    for case in worlds.copies(world, rng, 1):
        answer = identify(case.picture, index)
        found.append(answer.verdict == Verdict.COPY)
        possible.append(answer.verdict in (Verdict.COPY, Verdict.POSSIBLE))
        if found[-1]:
            right.append(answer.photo == case.photo)
    innocents = [case for case in worlds.innocents(world, rng, 2) if case.scene is None]
    said = [identify(case.picture, index).verdict for case in innocents]
    people = [v for case, v in zip(innocents, said, strict=True) if case.kind != worlds.OUR_WALL]
    assert np.mean(found) >= FLOORS["copies found at copy"]
    assert np.mean(possible) >= FLOORS["copies found at copy or possible"]
    assert np.mean(right) >= FLOORS["right photo of those found"]
    assert sum(verdict == Verdict.COPY for verdict in said) <= FLOORS["strangers given copy"]
    assert (
        np.mean([verdict == Verdict.POSSIBLE for verdict in people])
        <= FLOORS["strangers given possible, share"]
    )
