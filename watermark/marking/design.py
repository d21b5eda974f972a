"""The one design of a published photo, with its areas."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Self

import numpy as np

from watermark.marking.crossing import Crossing, crossing_area, draw_crossing
from watermark.marking.visible import Label, Mark, Mask, draw_label, draw_mark, label_box, mark_area
from watermark.picture.decode import Header, open_picture, read_header
from watermark.picture.framing import CommonFrame, Size, out_of_frame, put_into_frame
from watermark.picture.pixels import Picture, resize


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How one photo is published in one place.

    Attributes:
        mark: None where it is published without one.
        label: None where it is published without one.
        sizes: long sides of its published files in pixels; a photo that is smaller is published as it is.
        frame: the part that is published, in pixels of the whole photo; None for all of it.
    """

    mark: Mark | None = None
    label: Label | None = None
    sizes: tuple[int, ...] = (1600,)
    frame: CommonFrame | None = None

    def draw(self, picture: Picture) -> Picture:
        """Draw label and mark on a picture in its frame."""
        labelled = draw_label(picture, self.label) if self.label else picture
        if self.mark is None:
            return labelled
        if self.mark.crossing:
            return draw_crossing(labelled, Crossing(text=self.mark.text), self.mark.seed or 0)
        return draw_mark(labelled, self.mark)

    def unmarked(self, original: bytes) -> tuple[Size, Iterator[Picture]]:
        """Decode a photo and give it in each published size, largest first, in its frame and without mark and label.

        Returns:
            The photo's own (width, height), and the pictures.

        Raises:
            UnreadablePictureError: the bytes are no picture.
            PictureTooLargeError: it would need more than the limits allow.
        """
        header = read_header(original)
        return (header.width, header.height), self._sizes(original, header)

    def _sizes(self, original: bytes, header: Header) -> Iterator[Picture]:
        picture = self._largest(original, header)
        yield picture
        for size in sorted(self.sizes, reverse=True):
            if size < max(picture.width, picture.height):
                picture = resize(picture, size)
                yield picture

    def _largest(self, original: bytes, header: Header) -> Picture:
        longest, frame = max(self.sizes), self.frame
        if frame is None:
            return open_picture(original, longest=longest)
        shown = min(1.0, longest / max(frame.width, frame.height))
        whole = max(header.width, header.height)
        picture = open_picture(original, longest=min(whole, ceil(whole * frame.scale * shown)))
        return put_into_frame(picture, frame.shrunk(photo=picture.width / header.width, frame=shown))

    def frame_in(self, photo: Size, shown: Size) -> CommonFrame | None:
        """Give the frame in pixels of a smaller picture of the photo.

        Sizes are (width, height) in pixels; None where all of the photo is published.
        """
        share = shown[0] / photo[0]
        return self.frame.shrunk(photo=share, frame=share) if self.frame else None

    def mark_area(self, photo: Size, shown: Size) -> Mask:
        """Tell where the mark lies on a smaller picture of the photo.

        Sizes are (width, height) in pixels.

        Returns:
            bool, shape (height, width) of `shown`.
        """
        frame = self.frame_in(photo, shown)
        size = (frame.width, frame.height) if frame else shown
        area = self._mark_area(size)
        return out_of_frame(area, frame, shown) if frame else area

    def _mark_area(self, size: Size) -> Mask:
        if self.mark is None:
            return np.zeros(size[::-1], np.bool_)
        if self.mark.crossing:
            return crossing_area(size, Crossing(text=self.mark.text), self.mark.seed or 0)
        return mark_area(size, self.mark)

    def label_area(self, photo: Size, shown: Size) -> Mask:
        """Tell where the label of any published size lies.

        Arguments and result are those of `mark_area`.
        """
        frame = self.frame_in(photo, shown)
        width, height = (frame.width, frame.height) if frame else shown
        area = np.zeros((height, width), np.uint8)
        label = self.label or Label(text="")
        for published in self.published(photo):
            left, top, right, bottom = label_box(published, label)
            across, down = width / published[0], height / published[1]
            area[
                int(top * down) : -int(-bottom * down // 1), int(left * across) : -int(-right * across // 1)
            ] = 1
        return out_of_frame(area > 0, frame, shown) if frame else area > 0

    def published(self, photo: Size) -> Sequence[Size]:
        """Give the width and height of each published file."""
        whole = (self.frame.width, self.frame.height) if self.frame else photo
        shares = {min(1.0, size / max(whole)) for size in self.sizes}
        return [(max(1, round(whole[0] * share)), max(1, round(whole[1] * share))) for share in shares]

    def to_json(self) -> str:
        """Write it down, alike for equal designs."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        mark, label, frame = raw["mark"], raw["label"], raw["frame"]
        return cls(
            mark=Mark(**mark | {"middle": tuple(mark["middle"])}) if mark else None,
            label=Label(**label) if label else None,
            sizes=tuple(raw["sizes"]),
            frame=CommonFrame(**frame | {"matrix": tuple(map(tuple, frame["matrix"]))}) if frame else None,
        )


def _none(_photo: int) -> tuple[Design, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Designs:
    """Every design that was ever published.

    Attributes:
        marks: each mark once.
        of: a photo's key to its designs, the newest first.
    """

    marks: tuple[Mark, ...] = ()
    of: Callable[[int], Sequence[Design]] = _none

    @classmethod
    def same(cls, design: Design) -> Self:
        """Say that all photos are published in one way."""
        return cls((design.mark,) if design.mark else (), lambda _photo: (design,))
