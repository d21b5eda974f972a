"""Which of our photographs is in this picture, how sure is that, and what was done to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark import register
from watermark.compare import decide, measure
from watermark.compare.decide import Verdict
from watermark.compare.measure import Agreement
from watermark.fingerprint import whole
from watermark.fingerprint.index import Index
from watermark.fingerprint.propose import propose
from watermark.fingerprint.record import Likeness
from watermark.pixels import Limits, Picture, open_frames
from watermark.register import Alignment, Suspect

__all__ = [
    "Answer",
    "MarkState",
    "Overlap",
    "RunnerUp",
    "Transform",
    "Verdict",
    "explain",
    "identify",
    "identify_file",
]

PROPOSALS = 6
MEASURED = 3
WORTH = 0.3  # of the best glance's evidence, to be measured at all
ALIKE_WITHIN = 14
SMALLEST = 64
WORKED = 1600


class MarkState(StrEnum):
    """What became of the mark that the published photo bears."""

    KEPT = "kept"
    CROPPED = "cropped"
    PAINTED_OVER = "painted-over"
    NEVER = "never"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Transform:
    """How the found picture maps onto the photo.

    Attributes:
        matrix: 3 by 3, found pixels to pixels of the photo.
        mirrored: whether it was mirrored.
        rotation: degrees clockwise that the copy was turned.
        scale: photo pixels per found pixel.
        stretch: how much longer one direction was made than the other, 1 for not at all.
    """

    matrix: tuple[tuple[float, float, float], ...]
    mirrored: bool
    rotation: float
    scale: float
    stretch: float


@dataclass(frozen=True, slots=True)
class Overlap:
    """What share of each picture the other covers, 0 to 1."""

    of_photo: float
    of_found: float


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """The photo that came second."""

    photo: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the machine says of one picture.

    Attributes:
        verdict: its name.
        probability: that the picture was made from `photo`, calibrated, 0 to 1.
        photo: the catalogue's key of the best photo, if any comes into question.
        runner_up: the second best.
        transform: how the picture maps onto the photo.
        overlap: how much of each is in the other.
        changes: what was done to the photo, in plain phrases.
        mark: what became of our mark.
        carries_our_mark: our mark is in the picture, whatever else is.
        also: further photos found in the same picture, as in a collage.
        why: what stood in the way, where the verdict is `cannot-tell`.
    """

    verdict: Verdict
    probability: float = 0.0
    photo: int | None = None
    runner_up: RunnerUp | None = None
    transform: Transform | None = None
    overlap: Overlap | None = None
    changes: tuple[str, ...] = ()
    mark: MarkState = MarkState.UNKNOWN
    carries_our_mark: bool = False
    also: tuple[RunnerUp, ...] = field(default=())
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """What a report shows of a comparison: four pictures of one size.

    Attributes:
        found_registered: the found picture as it lies on the photo.
        photo: the catalogue photo.
        overlay: both, half and half, found picture in its place.
        agreement: the photo, with the agreeing area tinted green and the disagreeing one red.
    """

    found_registered: Picture
    photo: Picture
    overlay: Picture
    agreement: Picture


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """One photo compared with the found picture."""

    slot: int
    likeness: Likeness
    agreement: Agreement
    probability: float
    ours: float


def identify(picture: Picture, index: Index) -> Answer:
    """The best of all hypotheses about one picture.

    Raises:
        IndexDamagedError: the index was changed on disk.
    """
    if min(picture.width, picture.height) < SMALLEST // 2 or max(picture.width, picture.height) < SMALLEST:
        return Answer(verdict=Verdict.CANNOT_TELL, why="the picture is too small to tell")
    suspect = Suspect(picture)
    judged = hypotheses(suspect, index)
    if not judged:
        return Answer(verdict=Verdict.NONE)
    return _answer(suspect, index, judged[0], judged[1:])


def identify_file(data: bytes, index: Index, limits: Limits | None = None) -> Answer:
    """The strongest answer over a file's frames, up to the limits' cap.

    Raises:
        UnreadablePictureError: the bytes are no picture.
        PictureTooLargeError: it would need more than the limits allow.
        IndexDamagedError: the index was changed on disk.
    """
    order = list(Verdict)
    answers = [identify(frame, index) for frame in open_frames(data, limits or Limits(), longest=WORKED)]
    return min(answers, key=lambda a: (order.index(a.verdict), -a.probability))


def hypotheses(suspect: Suspect, index: Index) -> list[Hypothesis]:
    """Photos that may be in the picture, each registered, compared, and weighed against the others; best first."""
    glances = sorted(_glances(suspect, index), key=lambda g: -g.evidence)
    measured: dict[int, tuple[Likeness, Agreement]] = {}
    for one in glances:
        if len(measured) == MEASURED or one.evidence < WORTH * glances[0].evidence:
            break
        if one.slot not in measured:
            agreement = measure.measure(suspect, one.likeness, one.small, one.alignment)
            measured[one.slot] = one.likeness, agreement
    judged = []
    for slot, (likeness, agreement) in measured.items():
        weighed = measure.against(agreement, [a for s, (_, a) in measured.items() if s != slot])
        judged.append(Hypothesis(slot, likeness, weighed, *decide.probabilities(weighed)))
    return sorted(judged, key=lambda h: (-h.probability, -h.agreement.evidence))


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    slot: int
    likeness: Likeness
    small: NDArray[np.uint8]
    alignment: Alignment
    evidence: float


def _glances(suspect: Suspect, index: Index) -> Iterator[_Glance]:
    """Every photo that was proposed and could be aligned, looked at roughly."""
    for slot, likeness, alignment in _aligned(suspect, index):
        small = likeness.small_rgb()
        luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        rough, evidence = measure.glance(suspect, luma, alignment)
        yield _Glance(slot, likeness, small, rough, evidence)


def _aligned(suspect: Suspect, index: Index) -> Iterator[tuple[int, Likeness, Alignment]]:
    for proposal in propose(index, suspect.features, suspect.mirrored, PROPOSALS):
        likeness = index.likeness(proposal.slot)
        alignment = register.align(suspect, likeness, proposal)
        if alignment is not None:
            yield proposal.slot, likeness, alignment
    for mirrored in (False, True):
        luma = suspect.shrunk(96 / max(suspect.picture.width, suspect.picture.height))
        seen = whole.look(np.ascontiguousarray(luma[:, ::-1]) if mirrored else luma)
        for _, slot in index.alike(seen, 1, ALIKE_WITHIN):
            likeness = index.likeness(slot)
            yield slot, likeness, register.align_whole(suspect, likeness, mirrored=mirrored)


def _answer(suspect: Suspect, index: Index, first: Hypothesis, others: list[Hypothesis]) -> Answer:
    chance = first.probability
    second = RunnerUp(index.key(others[0].slot), others[0].probability) if others else None
    verdict = decide.verdict(chance, max(h.ours for h in (first, *others)))
    also = tuple(
        RunnerUp(index.key(h.slot), h.probability)
        for h in others
        if decide.verdict(h.probability, 0.0) == Verdict.COPY
    )
    if verdict == Verdict.NONE:
        return Answer(verdict=verdict, probability=chance, runner_up=second)
    transform = describe(suspect.picture, first.likeness, first.agreement.alignment)
    overlap = _overlap(suspect.picture, first)
    return Answer(
        verdict=verdict,
        probability=chance,
        photo=index.key(first.slot),
        runner_up=second,
        transform=transform,
        overlap=overlap,
        changes=changes(transform, overlap),
        also=also,
    )


def describe(found: Picture, likeness: Likeness, alignment: Alignment) -> Transform:
    """The map in pixels of the photo itself, and what it means."""
    grow = np.diag([likeness.width / likeness.frame[0], likeness.height / likeness.frame[1], 1.0])
    matrix = grow @ alignment.matrix
    matrix = matrix / matrix[2, 2]
    straight = matrix[:2, :2] @ np.diag([-1, 1]) if alignment.mirrored else matrix[:2, :2]
    left, sizes, right = np.linalg.svd(straight)
    turn = left @ right
    return Transform(
        matrix=tuple(tuple(float(v) for v in row) for row in matrix),
        mirrored=alignment.mirrored,
        rotation=float(-np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))),
        scale=float(np.sqrt(sizes[0] * sizes[1])),
        stretch=float(sizes[0] / sizes[1]),
    )


def _overlap(found: Picture, one: Hypothesis) -> Overlap:
    of_photo = float((one.agreement.covered > 0).mean())
    matrix = np.linalg.inv(one.agreement.alignment.matrix)
    width, height = one.likeness.frame
    outline = np.array([(*c, 1.0) for c in register.corners(width, height)]) @ matrix.T
    return Overlap(of_photo, _area_within(outline[:, :2] / outline[:, 2:], found.width, found.height))


def _area_within(outline: NDArray[np.float64], width: int, height: int) -> float:
    whole_ = np.array(list(register.corners(width, height)), np.float32)
    area, _ = cv2.intersectConvexConvex(outline.astype(np.float32), whole_)
    return float(min(1.0, area / (width * height)))


def changes(transform: Transform, overlap: Overlap) -> tuple[str, ...]:
    """What was done to the photo, in plain phrases."""
    said = []
    if transform.mirrored:
        said.append("mirrored")
    if abs(transform.rotation) > 1.0:
        said.append(f"turned by {transform.rotation:+.0f}°")
    if transform.stretch > 1.03:
        said.append(f"stretched by {100 * (transform.stretch - 1):.0f} %")
    if overlap.of_photo < 0.97:
        said.append(f"cropped to {100 * overlap.of_photo:.0f} %")
    if overlap.of_found < 0.9:
        said.append(f"set into a larger picture, {100 * overlap.of_found:.0f} % of it")
    return tuple(said)


def explain(answer: Answer, subject: str) -> str:
    """One plain sentence; the subject is like "Patient 51's after photo"."""
    if answer.verdict == Verdict.NONE:
        return "None of our photos is in it."
    if answer.verdict == Verdict.CANNOT_TELL:
        return f"Cannot tell: {answer.why}."
    how = ", ".join(answer.changes) or "unchanged"
    start = {
        Verdict.COPY: subject,
        Verdict.POSSIBLE: f"Possibly {subject}",
        Verdict.SAME_SCENE: f"The same scene as {subject}, but another photograph",
    }[answer.verdict]
    return f"{start}, {how} ({100 * answer.probability:.1f} %)."
