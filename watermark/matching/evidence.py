"""What a copy still carries of the marks that it was published with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watermark.marking.design import Design
from watermark.marking.hidden import informed, tracing
from watermark.marking.hidden.informed import Presence
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.tracing import Traced
from watermark.marking.removal import Examination, examine
from watermark.marking.state import MarkState
from watermark.matching.placement import Placed, place
from watermark.matching.registration import Homography, Query, scaling
from watermark.matching.result import Transform
from watermark.picture.framing import Size
from watermark.picture.pixels import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a photo's hidden marks.

    Attributes:
        key: the practice's.
        subject: what the informed layer is keyed to.
        payloads: every one that the photo was ever published with under this key.
        complete: whether no file of it was ever published without one of them.
        recipients: who was handed a copy with a mark of their own.
    """

    key: MarkKey
    subject: str
    payloads: tuple[int, ...]
    complete: bool
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was read in a copy.

    Attributes:
        examination: of the visible mark.
        payload: what the hidden layer says; None where it is not there or cannot be read.
        size: (width, height) of the published file that fits best.
        traced: whose handed-out copies it was made from, the surest first.
    """

    examination: Examination
    payload: int | None
    size: Size
    traced: tuple[Traced, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give it as values that JSON holds; the payload as 16 hexadecimal digits."""
        seen = self.examination
        return {
            "mark": str(seen.state),
            "hidden": str(seen.hidden),
            "recipients": [one.recipient for one in self.traced],
            "payload": None if self.payload is None else f"{self.payload:016x}",
            "mark_covered": round(seen.covered, 3),
            "mark_kept": round(seen.kept, 3),
            "detail_under_mark": None if np.isnan(seen.detail) else round(seen.detail, 3),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Copy:
    """A copy, and how it lies on a photo.

    Attributes:
        picture: at any size.
        file: (width, height) of the file, whose pixels the transform speaks of.
        transform: onto the photo.
    """

    picture: Picture
    file: Size
    transform: Transform

    @property
    def matrix(self) -> NDArray[np.float64]:
        """From the picture's pixels to the photo's: float64 (3, 3)."""
        here = self.picture.height, self.picture.width
        return np.array(self.transform.matrix) @ scaling(here, (self.file[1], self.file[0]))


def read_evidence(copy: Copy, original: bytes, designs: Sequence[Design], known: Known) -> Evidence | None:
    """Read what a copy carries of a photo's marks.

    Args:
        copy: the copy.
        original: the photo's file.
        designs: how it was ever published, the newest first.
        known: its hidden marks.

    Returns:
        The strongest of all designs and sizes; None where the photo was published in none.

    Raises:
        UnreadablePictureError: the original is no picture.
    """
    query, best = Query(copy.picture), None
    for design in designs:
        for plain, matrix in _nearest(design, original, copy.matrix):
            homography = Homography(matrix, copy.transform.mirrored, 0, 0)
            placed = place(query, homography, (plain.width, plain.height), plain)
            seen = _read(placed, design, plain, known)
            if best is None or _says_more(seen.examination, best.examination):
                best = seen
            if seen.examination.hidden == Presence.THERE:
                break
        if best and best.examination.state == MarkState.KEPT:
            break
    return best


def _read(placed: Placed, design: Design, plain: Picture, known: Known) -> Evidence:
    labelled = replace(design, mark=None).draw(plain)
    left = informed.residual(placed.luma, placed.covered, labelled, placed.scale)
    hidden, payload = informed.presence_of(left, placed.luma, known.key, known.subject, known.payloads)
    traced = _traced(left, known) if payload is None else ()
    hidden = Presence.THERE if traced else hidden
    if hidden == Presence.NOT_THERE and not (known.complete and placed.steady):
        hidden = Presence.UNREADABLE
    pictures = labelled, design.draw(plain)
    examination = examine(placed.luma, placed.covered, placed.scale, pictures, hidden)
    size = plain.width, plain.height
    return Evidence(examination=examination, payload=payload, size=size, traced=traced)


def _traced(left: informed.Residual, known: Known) -> tuple[Traced, ...]:
    if not known.recipients:
        return ()
    return tuple(tracing.trace(informed.measure(left), known.key, known.subject, known.recipients))


def _says_more(one: Examination, other: Examination) -> bool:
    """Whether one examination goes before another; a layer that one size cannot tell is not told."""
    order = Presence.THERE, Presence.UNREADABLE, Presence.NOT_THERE
    if other.hidden != one.hidden:
        return order.index(one.hidden) < order.index(other.hidden)
    return one.kept > other.kept or (
        other.state == MarkState.UNKNOWN and one.state not in (MarkState.UNKNOWN, MarkState.NEVER)
    )


def _nearest(
    design: Design, original: bytes, matrix: NDArray[np.float64]
) -> Iterator[tuple[Picture, NDArray[np.float64]]]:
    """Give each published size without its mark, and the map from the copy to it; the copy's own size first."""
    photo, sizes = design.unmarked(original)
    laid = []
    for plain in sizes:
        if design.frame:
            whole = design.frame.width, design.frame.height
            into = np.vstack([np.array(design.frame.matrix), [0, 0, 1]])
        else:
            whole, into = photo, np.eye(3)
        onto = scaling((whole[1], whole[0]), (plain.height, plain.width)) @ into @ matrix
        size = float(np.sqrt(abs(np.linalg.det(onto[:2, :2]))))
        laid.append((abs(np.log(max(size, 1e-6))), plain, onto))
    for _, plain, onto in sorted(laid, key=lambda one: one[0]):
        yield plain, onto
