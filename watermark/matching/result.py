"""The words in which an answer is given."""

from dataclasses import dataclass

from watermark.marking.state import MarkState
from watermark.matching.verdict import Verdict
from watermark.picture.pixels import Picture


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
    """What share of each picture agrees with the other, 0 to 1."""

    of_photo: float
    of_found: float


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A photo that came second, or that is in the picture besides the first."""

    photo: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the machine says of one picture.

    Attributes:
        verdict: its name.
        probability: that the picture was made from `photo`, calibrated, 0 to 1; for `same-scene`, that it was taken in
            the same session.
        photo: the catalogue's key of the best photo, if any comes into question.
        runner_up: the second best.
        transform: how the picture maps onto the photo.
        overlap: how much of each is in the other.
        part: which half of the photo is shown, like "the left half"; empty for all or another part of it.
        changes: what was done to the photo, in plain phrases.
        mark: what became of our mark.
        carries_our_mark: our mark is in the picture, whatever else is.
        also: further photos found in the same picture, as in a collage.
        why: what stood in the way, where the verdict is `cannot-tell`.
        frame: which frame of the file it speaks of, counted from 0; of a still picture 0.
        judged: how many frames were looked at.
        frames: how many the file has.
    """

    verdict: Verdict
    probability: float = 0.0
    photo: int | None = None
    runner_up: RunnerUp | None = None
    transform: Transform | None = None
    overlap: Overlap | None = None
    part: str = ""
    changes: tuple[str, ...] = ()
    mark: MarkState = MarkState.UNKNOWN
    carries_our_mark: bool = False
    also: tuple[RunnerUp, ...] = ()
    why: str = ""
    frame: int = 0
    judged: int = 1
    frames: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Illustration:
    """What a report shows of a comparison: pictures of one size.

    Attributes:
        found_registered: the found picture as it lies on the photo.
        photo: the catalogue photo.
        overlay: both in stripes by turns, so that every edge shows whether they meet.
        agreement: the photo in grey; green where the found picture agrees in fine detail, red where it does not.
        mask: white where it agrees, black elsewhere.
    """

    found_registered: Picture
    photo: Picture
    overlay: Picture
    agreement: Picture
    mask: Picture
