"""Both hidden layers in one picture, and the proof that they are there before anybody sees it."""

from dataclasses import dataclass

from watermark.marking.hidden import blind, chips, informed, tracing
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.lattice import PERIOD
from watermark.marking.hidden.strength import brightened, luma, scaled, strength
from watermark.picture.framing import Box
from watermark.picture.pixels import Picture

BLIND_PSNR, INFORMED_PSNR = 45.0, 50.0  # dB each; both together cost 43.7
LOUDER = (0.0, 3.0, 6.0, 9.0)
"""By how many dB more the layers are put in, in turn, until both are read back from the file that is published."""

_JUDGED = 896  # pixels of each side that the self-test looks at

SMALLEST, BLIND_SMALLEST = 160, 480
"""Pixels: in a picture whose short side is smaller neither layer lasts, and none is put in; where the long side is
smaller than the second, the informed layer alone must last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenMark:
    """What is hidden in one picture.

    Attributes:
        subject: what the informed layer is keyed to: the photo, whatever is published of it.
        payload: 64 bits that stand for photo, channel and date.
        recipient: who alone is handed this copy; empty for a published picture.
    """

    subject: str
    payload: int
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a self-test read back: the score of each layer, and whether they say what they should."""

    blind: float
    informed: float
    right: bool


def has_room(picture: Picture) -> bool:
    """Whether a picture is large enough to carry hidden layers."""
    return min(picture.width, picture.height) >= SMALLEST


def hide(picture: Picture, key: MarkKey, mark: HiddenMark, *, louder: float = 0.0) -> Picture:
    """Put both layers into a picture; `louder` by so many dB where the usual strength did not last.

    A recipient's mark takes the place of the informed payload: one carrier must not say two things.
    """
    shape = picture.height, picture.width
    allowed = strength(luma(picture.rgb))
    if mark.recipient:
        second = tracing.carrier(key, mark.subject, mark.recipient, shape), tracing.RECIPIENT_PSNR
    else:
        second = informed.carrier(key, mark.subject, mark.payload, shape), INFORMED_PSNR
    first = blind.carrier(key, mark.payload, shape), BLIND_PSNR
    one, other = (scaled(drawn * allowed, psnr - louder) for drawn, psnr in (first, second))
    return brightened(picture, one + other)


def prove(published: Picture, unmarked: Picture, key: MarkKey, mark: HiddenMark) -> Proof:
    """Read both layers back from the middle of a file of ours.

    The middle is enough to say that they last, and a third of the work.

    Args:
        published: the decoded file.
        unmarked: what the layers were put into, of the same size.
        key: the practice's.
        mark: what should be read.
    """
    left, top, right, bottom = _middle(published, chips.STEP)
    middle = slice(top, bottom), slice(left, right)
    inner = informed.known_residual(Picture(published.rgb[middle]), Picture(unmarked.rgb[middle]))
    whole = published.height, published.width
    seen = tuple(one.within(whole, (top, left)) for one in informed.measure(inner))
    left, top, right, bottom = _middle(published, PERIOD)
    first = blind.read_in_place(luma(published.rgb[top:bottom, left:right]), key)
    if mark.recipient:
        score = tracing.scores(seen, key, mark.subject, [mark.recipient])[0]
        right = score >= tracing.accused_from(1)
    else:
        second = informed.read(seen, key, mark.subject)
        score, right = second.score, second.payload == mark.payload
    small = max(published.width, published.height) < BLIND_SMALLEST
    return Proof(first.score, score, right and (small or first.payload == mark.payload))


def _middle(picture: Picture, step: int) -> Box:
    """Give the box around a picture's middle that is judged, which begins at whole steps of a pattern."""
    left, top = (max(0, (side - _JUDGED) // 2) // step * step for side in (picture.width, picture.height))
    return left, top, min(picture.width, left + _JUDGED), min(picture.height, top + _JUDGED)
