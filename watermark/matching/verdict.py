"""What the machine says of one picture, and when."""

from collections.abc import Mapping
from enum import StrEnum


class Verdict(StrEnum):
    """What the machine says of one picture, strongest first."""

    COPY = "copy"
    SAME_SCENE = "same-scene"
    POSSIBLE = "possible"
    CANNOT_TELL = "cannot-tell"
    NONE = "none"


def name_verdict(copy: float, ours: float, least: Mapping[str, float]) -> Verdict:
    """Name the verdict for the best photo's probabilities.

    Args:
        copy: that the picture was made from it, 0 to 1.
        ours: that the picture was made from it or taken in its session, 0 to 1.
        least: the least probability of each verdict, by its name.
    """
    if copy >= least[Verdict.COPY]:
        return Verdict.COPY
    if copy >= least[Verdict.POSSIBLE]:
        return Verdict.POSSIBLE
    return Verdict.SAME_SCENE if ours >= least[Verdict.SAME_SCENE] else Verdict.NONE
