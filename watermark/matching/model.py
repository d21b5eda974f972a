"""From a row of numbers to a calibrated probability.

The trees are trained by `benchmarks/calibrate_matching.py` and shipped beside this file as plain arrays, with the
thresholds and the error rates that were measured with them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermark.errors import WatermarkError
from watermark.matching.agreement import NUMBERS, Agreement
from watermark.matching.verdict import Verdict, name_verdict

TABLES, RATES = "model.npz", "error_rates.json"
LEAST_OWN = 0.25
NOBODY, ANYBODY = 0.05, 0.5  # the most that is believed where no more agrees than strangers do
SOMEBODY, LESS = 4, 0.5  # blocks of the subject that agree; by how much less of it may agree than of the rest
MANY_OWN = 10  # blocks of the subject that only this photo explains
SIDED = 0.3  # how much better it fits where another photo of ours differs
PLAIN = 80  # blocks with texture in a whole photo of little more than lines
HELD = 20  # features in place that hold even what is strange
PULLED = 1.6  # longer than wide, by so much nobody stretches what he shows; of 1,854 copies none was
PART = 0.35  # of the photo covered
OTHER_COLOURS, SAME_COLOURS = 0.25, 0.8  # how the photo's colours correlate with those found
NODES = ("feature", "bound", "left", "right", "missing_left", "value")


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
class Model:
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
def load_model() -> Model:
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
    return Model(forests[0], forests[1], matching_rates()["thresholds"])


@cache
def matching_rates() -> Mapping[str, Any]:
    """Read what was measured with the shipped model.

    Thresholds, misses of each kind of copy, accusations of each kind of innocent.
    """
    rates: Mapping[str, Any] = json.loads(files(__package__).joinpath(RATES).read_text("utf-8"))
    return rates


def most(numbers: NDArray[np.float32]) -> float:
    """The most that may be believed, whatever the trees say.

    Nobody is accused unless the photo's subject agrees, about as well as what is around it: a wall, a stock picture, a
    frame and a badge agree where somebody else stands, too. Nobody is accused where next to no features hold what had
    to be pulled out of shape, little more than lines in other colours, or a part in other colours: windows in rows fit
    all windows in rows. And possible at most is what other photos of ours show as well, unless they fit worse where
    they differ.
    """
    at = dict(zip(NUMBERS, numbers.tolist(), strict=True))
    places, blocks, subject = (np.rint(np.expm1(at[name])) for name in ("inliers", "blocks", "bent_subject"))
    if subject < SOMEBODY or at["subject_less"] > LESS:
        return NOBODY
    lines = blocks < PLAIN * at["covered"] and at["colour"] < SAME_COLOURS
    recoloured = at["covered"] < PART and at["colour"] < OTHER_COLOURS
    if places < HELD and (at["stretch"] > PULLED or recoloured or lines):
        return NOBODY
    shared = at["own_share"] < 1 and at["own_agreeing"] < LEAST_OWN
    its_own = np.rint(np.expm1(at["own_subject"])) >= MANY_OWN or at["sides"] >= SIDED
    return ANYBODY if shared and not its_own else 1.0


def probabilities(agreement: Agreement) -> tuple[float, float]:
    """Give the probabilities of a copy, and of a session's shot.

    The second counts copies too.
    """
    model, limit = load_model(), most(agreement.numbers)
    copy, ours = (min(limit, forest.probability(agreement.numbers)) for forest in (model.copy, model.ours))
    return copy, max(copy, ours)


def verdict(copy: float, ours: float) -> Verdict:
    """The verdict's name for the best photo's two probabilities."""
    return name_verdict(copy, ours, load_model().thresholds)


@cache
def matcher_version() -> str:
    """Name the shipped trees, thresholds and codebook.

    By the first 12 hexadecimal digits of their SHA-256.
    """
    folder = files("watermark.matching")
    digest = hashlib.sha256(
        b"".join((folder / name).read_bytes() for name in (TABLES, RATES, "codebook.npz"))
    )
    return digest.hexdigest()[:12]
