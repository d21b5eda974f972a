"""Turns, scales, shifts and cuts a photo as a whole."""

from dataclasses import dataclass
from math import hypot

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

Size = tuple[int, int]
"""Width and height in pixels."""

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels, right and bottom exclusive."""

Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]
"""2 by 3: x' = a·x + b·y + c and y' = d·x + e·y + f."""


@dataclass(frozen=True, slots=True)
class CommonFrame:
    """The part that photos of one view share.

    As one of them fills it.

    Attributes:
        matrix: 2 by 3, from that photo's pixels to the frame's.
        width: of the frame, in pixels.
        height: the same.
    """

    matrix: Matrix
    width: int
    height: int

    @classmethod
    def of(cls, matrix: Matrix, box: Box) -> "CommonFrame":
        """Cut a box out of the pixels that a matrix leads to."""
        (a, b, c), (d, e, f) = matrix
        left, top, right, bottom = box
        return cls(((a, b, c - left), (d, e, f - top)), right - left, bottom - top)

    @property
    def scale(self) -> float:
        """How many of the frame's pixels one of the photo's is long."""
        return hypot(self.matrix[0][0], self.matrix[1][0])

    def shrunk(self, *, photo: float, frame: float) -> "CommonFrame":
        """Give it for photo and frame at other sizes.

        Each as a share of its own.
        """
        (a, b, c), (d, e, f) = self.matrix
        linear = frame / photo
        matrix = (a * linear, b * linear, c * frame), (d * linear, e * linear, f * frame)
        return CommonFrame(matrix, max(1, round(self.width * frame)), max(1, round(self.height * frame)))


def put_into_frame(picture: Picture, frame: CommonFrame) -> Picture:
    """Make a photo fill a frame, as a whole.

    Turned, scaled, shifted and cut; nothing in it is retouched.

    Args:
        picture: the photo, decoded at any size.
        frame: where it lies, in pixels of `picture`.
    """
    return Picture(in_frame(picture.rgb, frame))


def in_frame(pixels: NDArray[np.uint8], frame: CommonFrame) -> NDArray[np.uint8]:
    """Make pixels of any number of planes fill a frame.

    Gives uint8 (height, width) or (height, width, planes).
    """
    moved = cv2.warpAffine(
        pixels,
        np.array(frame.matrix),
        (frame.width, frame.height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.uint8)


def out_of_frame(area: NDArray[np.bool_], frame: CommonFrame, size: Size) -> NDArray[np.bool_]:
    """Lay an area of a frame back on its photo.

    Args:
        area: bool, shape (height, width) of the frame.
        frame: where it lies, in pixels of the photo.
        size: (width, height) of the photo.

    Returns:
        bool, shape (height, width) of the photo.
    """
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(area.astype(np.uint8), np.array(frame.matrix), size, flags=flags)) > 0
