"""The matcher's answer, as values that JSON holds."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self, TypeAlias

from watermark.marking.state import MarkState
from watermark.matching.verdict import Verdict


class Side(StrEnum):
    """A side of the photo as it hangs in the catalogue."""

    LEFT = "left"
    TOP = "top"
    RIGHT = "right"
    BOTTOM = "bottom"


class Half(StrEnum):
    """The half of a photo that a copy shows."""

    LEFT = "left"
    UPPER = "upper"
    RIGHT = "right"
    LOWER = "lower"


class Place(StrEnum):
    """A ninth of the photo."""

    UPPER_LEFT = "upper left"
    UPPER = "upper"
    UPPER_RIGHT = "upper right"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    LOWER_LEFT = "lower left"
    LOWER = "lower"
    LOWER_RIGHT = "lower right"


class EditKind(StrEnum):
    """What was done to a photo.

    Beside each kind stands what an `Edit` of it says.
    """

    MIRRORED = "mirrored"
    TURNED = "turned"  # amount
    STRETCHED = "stretched"  # amount
    CUT = "cut"  # side, amount, and whether our mark was there
    STRIP_AT_SIDE = "strip-at-side"  # side, amount
    STRIP = "strip"  # place
    BAR = "bar"  # place
    BOX = "box"  # place
    BLURRED_ACROSS = "blurred-across"  # place
    BLURRED = "blurred"  # place
    OTHER_BACKGROUND = "other-background"
    SET_IN = "set-in"  # amount
    BRIGHTER = "brighter"
    DARKER = "darker"
    COLOURLESS = "colourless"


class Obstacle(StrEnum):
    """Why nothing can be said of a picture."""

    TOO_SMALL = "too-small"
    EMPTY = "empty"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One thing that was done to a photo.

    Attributes:
        kind: what.
        amount: degrees clockwise that it was turned; the share by which it was stretched, that is gone or covered at
            a side, or that it fills of a larger picture.
        side: that is gone or covered.
        place: that is covered or blurred.
        marked: our mark was on the side that is gone.
    """

    kind: EditKind
    amount: float = 0.0
    side: Side | None = None
    place: Place | None = None
    marked: bool = False

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read one of an answer's edits."""
        return cls(
            kind=EditKind(raw["kind"]),
            amount=raw["amount"],
            side=Side(raw["side"]) if raw["side"] else None,
            place=Place(raw["place"]) if raw["place"] else None,
            marked=raw["marked"],
        )


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

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read an answer's transform."""
        first, second, third = ((float(a), float(b), float(c)) for a, b, c in raw["matrix"])
        return cls(**{**raw, "matrix": (first, second, third)})


@dataclass(frozen=True, slots=True)
class Overlap:
    """What share of each picture agrees with the other, 0 to 1."""

    of_photo: float
    of_found: float


Box: TypeAlias = tuple[float, float, float, float]
"""Where in the found picture a photo lies: left, top, right, bottom, as shares of its width and height."""


class Background(StrEnum):
    """What of ours is in a picture that is no copy: what is around our people, without them."""

    NOTHING = ""
    ROOM = "our room, nobody in it"
    SOMEBODY_ELSE = "the background agrees, the person does not"


def _box(raw: Sequence[float] | None) -> Box | None:
    return None if raw is None else (raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A photo beside the best one, by the catalogue's key."""

    photo: int
    probability: float
    box: Box | None = None

    def to_json(self) -> dict[str, Any]:
        """Give it as values that JSON holds."""
        box = None if self.box is None else list(self.box)
        return {"key": self.photo, "probability": self.probability, "box": box}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read an answer's other photo."""
        return cls(raw["key"], raw["probability"], _box(raw.get("box")))


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
        box: where in the picture it lies.
        half: the half of the photo that is shown; None for all or another part of it.
        edits: what was done to the photo.
        mark: what became of our mark.
        carries_our_mark: our mark is in the picture, whatever else is.
        also: further photos found in the same picture, as in a collage.
        background: what of ours is around, where the verdict is none.
        obstacle: what stood in the way, where the verdict is `cannot-tell`.
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
    box: Box | None = None
    half: Half | None = None
    edits: tuple[Edit, ...] = ()
    mark: MarkState = MarkState.UNKNOWN
    carries_our_mark: bool = False
    also: tuple[RunnerUp, ...] = ()
    background: Background = Background.NOTHING
    obstacle: Obstacle | None = None
    frame: int = 0
    judged: int = 1
    frames: int = 1

    def to_json(self) -> dict[str, Any]:
        """Give it as values that JSON holds.

        Photos are `key`, for names to stand beside.
        """
        raw = asdict(self)
        second = self.runner_up.to_json() if self.runner_up else None
        also = [other.to_json() for other in self.also]
        raw["box"] = None if self.box is None else list(self.box)
        return raw | {"key": raw.pop("photo"), "runner_up": second, "also": also}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Read what `to_json` gave, whatever stands beside it.

        What an earlier version did not write is left open.
        """
        second, transform, overlap = (raw.get(name) for name in ("runner_up", "transform", "overlap"))
        half, obstacle = raw.get("half"), raw.get("obstacle")
        return cls(
            verdict=Verdict(raw["verdict"]),
            probability=raw["probability"],
            photo=raw.get("key"),
            runner_up=RunnerUp.from_json(second) if second and "key" in second else None,
            transform=Transform.from_json(transform) if transform else None,
            overlap=Overlap(**overlap) if overlap else None,
            box=_box(raw.get("box")),
            half=Half(half) if half else None,
            edits=tuple(map(Edit.from_json, raw.get("edits", ()))),
            mark=MarkState(raw.get("mark", MarkState.UNKNOWN)),
            carries_our_mark=raw.get("carries_our_mark", False),
            also=tuple(RunnerUp.from_json(other) for other in raw.get("also", ()) if "key" in other),
            background=Background(raw.get("background", "")),
            obstacle=Obstacle(obstacle) if obstacle else None,
            frame=raw.get("frame", 0),
            judged=raw.get("judged", 1),
            frames=raw.get("frames", 1),
        )
