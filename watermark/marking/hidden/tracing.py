"""To whom a picture was handed: a mark for each recipient, found even in several recipients' copies mixed.

Every recipient has chips of its own; one carrier with different payloads would accuse the innocent, as code words are
alike. Source: Cox et al. 1997, section on collusion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from watermark.marking.hidden import chips
from watermark.marking.hidden.chips import Seen
from watermark.marking.hidden.coding import presence
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.strength import Plane

RECIPIENT_PSNR = 46.0  # dB: below what is seen, above what twelve who mix their copies can average away
_CHANCE = 1e-6  # that anybody innocent among all who were asked about is named


@dataclass(frozen=True, slots=True)
class Traced:
    """A recipient whose mark is in a copy, and how surely (standard deviations)."""

    recipient: str
    score: float


def carrier(key: MarkKey, subject: str, recipient: str, shape: tuple[int, int]) -> Plane:
    """Draw a recipient's mark for a picture of (height, width): float32, variance near 1."""
    return chips.carrier(key, _whose(subject, recipient), shape, lambda stream, count: stream.signs(count))


def scores(seen: tuple[Seen, ...], key: MarkKey, subject: str, recipients: Sequence[str]) -> list[float]:
    """Say of each recipient how surely its mark is there: standard normal for the innocent."""
    measured = np.concatenate([one.values.ravel() for one in seen])
    found = []
    for recipient in recipients:
        each = chips.each(seen, key, _whose(subject, recipient))
        signs = np.concatenate([stream.signs(len(values)) for stream, values in each])
        found.append(presence(measured, signs))
    return found


def trace(seen: tuple[Seen, ...], key: MarkKey, subject: str, recipients: Sequence[str]) -> list[Traced]:
    """Name the recipients whose marks are in a copy, the surest first; nobody unless beyond chance.

    Args:
        seen: the chips, measured in the residual of the copy laid on the unmarked picture.
        key: the practice's.
        subject: the picture that was handed out.
        recipients: everybody who got it.
    """
    least = accused_from(len(recipients))
    found = zip(recipients, scores(seen, key, subject, recipients), strict=True)
    named = [Traced(recipient, score) for recipient, score in found if score >= least]
    return sorted(named, key=lambda one: -one.score)


def accused_from(count: int) -> float:
    """Give the score from which one of so many is named: one innocent in a million such questions."""
    return NormalDist().inv_cdf(1 - _CHANCE / max(1, count))


def _whose(subject: str, recipient: str) -> str:
    return f"{subject}\0{recipient}"
