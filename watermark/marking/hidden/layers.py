"""Both hidden layers in one picture, and the proof that they are there before anybody sees it."""

from dataclasses import dataclass

from watermark.marking.hidden import blind, informed, tracing
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.strength import Plane, brightened, luma, scaled, strength
from watermark.picture.pixels import Picture

BLIND_PSNR, INFORMED_PSNR = 45.0, 50.0  # dB each; both together cost 43.7
LOUDER = (0.0, 3.0, 6.0, 9.0)
"""By how many dB more the layers are put in, in turn, until both are read back from the file that is published."""

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
    layers = (blind.carrier(key, mark.payload, shape), BLIND_PSNR), second
    change: Plane = sum((scaled(drawn * allowed, psnr - louder) for drawn, psnr in layers), start=0 * allowed)
    return brightened(picture, change)


def prove(published: Picture, unmarked: Picture, key: MarkKey, mark: HiddenMark) -> Proof:
    """Read both layers back from a file of ours.

    Args:
        published: the decoded file.
        unmarked: what the layers were put into, of the same size.
        key: the practice's.
        mark: what should be read.
    """
    seen = informed.measure(informed.known_residual(published, unmarked))
    first = blind.read_in_place(luma(published.rgb), key)
    if mark.recipient:
        score = tracing.scores(seen, key, mark.subject, [mark.recipient])[0]
        right = score >= tracing.accused_from(1)
    else:
        second = informed.read(seen, key, mark.subject)
        score, right = second.score, second.payload == mark.payload
    small = max(published.width, published.height) < BLIND_SMALLEST
    return Proof(first.score, score, right and (small or first.payload == mark.payload))
