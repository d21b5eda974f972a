"""From a row of numbers to a calibrated probability and a verdict with a name."""

from enum import StrEnum

import numpy as np

from watermark.compare.measure import Agreement


class Verdict(StrEnum):
    """What the machine says of one picture."""

    COPY = "copy"
    SAME_SCENE = "same-scene"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot-tell"
    NONE = "none"


COPY_FROM = 0.9
POSSIBLE_FROM = 0.5


def probability(agreement: Agreement) -> float:
    """How likely the found picture was made from this photo, 0 to 1."""
    median, agreeing = agreement.number("fine_50"), agreement.number("agreeing")
    blocks = agreement.number("agreeing_blocks")
    if not np.isfinite(median):
        return 0.0
    return float(1 / (1 + np.exp(-(10 * (max(median, agreeing) - 0.55) + 1.2 * (blocks - 2.5)))))
