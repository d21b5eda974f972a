"""From a row of numbers to a calibrated probability, and from probabilities to a verdict with a name.

The trees are trained by `benchmarks/calibrate_matching.py` and shipped beside this file as plain arrays, with the
thresholds and the error rates that were measured with them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermark.compare.measure import NUMBERS, Agreement
from watermark.errors import WatermarkError

TABLES, RATES = "decision.npz", "rates.json"
LEAST_MIDDLE, LEAST_OWN = 0.45, 0.25
NOBODY, ANYBODY = 0.05, 0.5  # the most that is believed where only the room agrees
MANY_OWN, SIDED = 10, 0.3  # blocks that only this photo explains; how much better it does where a rival differs
LITTLE, FEW_PLACES = 0.2, 12  # of the photo covered; features in place
NODES = ("feature", "bound", "left", "right", "missing_left", "value")


class Verdict(StrEnum):
    """What the machine says of one picture, strongest first."""

    COPY = "copy"
    SAME_SCENE = "same-scene"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot-tell"
    NONE = "none"


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Gradient-boosted trees and their calibration.

    Attributes:
        nodes: by name, arrays of shape (trees, nodes); a leaf points to itself.
        base: the score before any tree.
        slope: of Platt's line from score to log odds.
        offset: of the same.
    """

    nodes: Mapping[str, NDArray[np.generic]]
    base: float
    slope: float
    offset: float

    def probability(self, numbers: NDArray[np.float32]) -> float:
        """The calibrated probability for one row of numbers, 0 to 1."""
        feature, bound, left, right, missing_left, value = (self.nodes[name] for name in NODES)
        trees = np.arange(len(value))
        at = np.zeros(len(value), np.intp)
        while True:
            asked = numbers[feature[trees, at]]
            to_left = np.where(np.isnan(asked), missing_left[trees, at], asked <= bound[trees, at])
            following = np.where(to_left, left[trees, at], right[trees, at])
            if (following == at).all():
                break
            at = following
        score = self.base + float(value[trees, at].sum())
        return float(1 / (1 + np.exp(-(self.slope * score + self.offset))))


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The shipped model.

    Attributes:
        copy: how likely the found picture was made from this photo.
        ours: how likely it was made from this photo or taken in the same session.
        thresholds: the least probabilities of the verdicts, by name.
    """

    copy: Forest
    ours: Forest
    thresholds: Mapping[str, float]


@cache
def decision() -> Decision:
    """The shipped model, read once."""
    with files(__package__).joinpath(TABLES).open("rb") as stream, np.load(stream) as tables:
        if tuple(tables["names"].tolist()) != NUMBERS:
            raise WatermarkError(
                f"the shipped decision speaks of other numbers than compare.measure: {TABLES}",
                hint="run: python benchmarks/calibrate_matching.py",
            )
        forests = [
            Forest({n: tables[f"{which}_{n}"] for n in NODES}, *(float(v) for v in tables[f"{which}_line"]))
            for which in ("copy", "ours")
        ]
    return Decision(forests[0], forests[1], matching_rates()["thresholds"])


@cache
def matching_rates() -> Mapping[str, Any]:
    """What was measured with the shipped model: thresholds, misses per kind of copy, accusations of each innocent."""
    rates: Mapping[str, Any] = json.loads(files(__package__).joinpath(RATES).read_text("utf-8"))
    return rates


def most(numbers: NDArray[np.float32]) -> float:
    """The most that may be believed, whatever the trees say, where no more agrees than a room does.

    The trees alone take a patterned wall in the very same place for a copy. Where the middle of the photo disagrees,
    somebody else stands before the wall, and nobody is accused. Where all that agrees is in other photos of ours too,
    it may be a wall, or a shirt that is the same before and after: possible, never sure; unless a whole patch is the
    photo's own after all (a head before a foreign background), or the other photos fit worse wherever they differ. The
    same holds of a small part that few features hold in place: a collar before planks fits many a photo.
    """
    names = ("centre_50", "own_agreeing", "own_share", "own_blocks", "sides", "covered", "inliers")
    middle, own, share, blocks, sides, covered, places = (numbers[NUMBERS.index(name)] for name in names)
    if middle < LEAST_MIDDLE:
        return NOBODY
    part = covered < LITTLE and np.expm1(places) < FEW_PLACES - 0.5
    shared = share < 1 and own < LEAST_OWN and np.expm1(blocks) < MANY_OWN - 0.5
    return ANYBODY if part or (shared and not sides >= SIDED) else 1.0


def probabilities(agreement: Agreement) -> tuple[float, float]:
    """How likely the found picture is a copy of this photo, and how likely a copy or another shot of its session."""
    model, limit = decision(), most(agreement.numbers)
    copy, ours = (min(limit, forest.probability(agreement.numbers)) for forest in (model.copy, model.ours))
    return copy, max(copy, ours)


def verdict(copy: float, ours: float) -> Verdict:
    """The verdict's name for the best photo's two probabilities."""
    return named(copy, ours, decision().thresholds)


def named(copy: float, ours: float, least: Mapping[str, float]) -> Verdict:
    """The verdict's name under given thresholds."""
    if copy >= least["copy"]:
        return Verdict.COPY
    if copy >= least["possible"]:
        return Verdict.POSSIBLE
    return Verdict.SAME_SCENE if ours >= least["same-scene"] else Verdict.NONE
