"""Upright 8-bit sRGB pixels that nobody can change."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from watermark.errors import UnreadablePictureError


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One upright sRGB picture.

    Attributes:
        rgb: uint8, shape (height, width, 3), read-only.

    Raises:
        UnreadablePictureError: another dtype or shape, or no pixels.
    """

    rgb: NDArray[np.uint8]

    def __post_init__(self) -> None:
        """Check the array and keep a view nobody can write through."""
        found = self.rgb
        if found.dtype != np.uint8 or found.ndim != 3 or found.shape[2] != 3 or found.size == 0:  # noqa: PLR2004
            raise UnreadablePictureError(
                f"expected uint8 pixels, height by width by 3, found {found.dtype} of shape {found.shape}",
            )
        view = found.view()
        view.flags.writeable = False
        object.__setattr__(self, "rgb", view)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.rgb.shape[0])


def pixel_digest(picture: Picture) -> str:
    """Give the tagged SHA-256 of a picture's size and pixels."""
    told = hashlib.sha256(f"{picture.width}x{picture.height}\n".encode())
    told.update(np.ascontiguousarray(picture.rgb).data)
    return f"rgb-sha256:{told.hexdigest()}"


def resize(picture: Picture, longest: int) -> Picture:
    """Shrink a picture to at most `longest` pixels.

    On its long side; a smaller one comes back as it is.
    """
    if max(picture.width, picture.height) <= longest:
        return picture
    return Picture(np.asarray(shrunk(Image.fromarray(picture.rgb), longest)))


def mosaic(picture: Picture, cells: int) -> Picture:
    """Give a picture as so many flat squares on its long side that nobody is known by it."""
    small = resize(picture, cells).rgb
    side = max(1, max(picture.width, picture.height) // max(small.shape[:2]))
    return Picture(np.ascontiguousarray(small.repeat(side, axis=0).repeat(side, axis=1)))


def crop(picture: Picture, box: tuple[int, int, int, int]) -> Picture:
    """Cut out a box, as far as the picture reaches.

    Left, top, right, bottom in pixels, right and bottom exclusive.

    Raises:
        UnreadablePictureError: nothing of the box lies inside the picture.
    """
    left, top, right, bottom = (max(0, edge) for edge in box)
    return Picture(picture.rgb[top:bottom, left:right].copy())


def shrunk(image: Image.Image, longest: int) -> Image.Image:
    """Shrink a Pillow image's long side to `longest` pixels."""
    scale = longest / max(image.size)
    if scale >= 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
