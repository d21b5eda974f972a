"""The way in and out for every picture: bytes to upright sRGB pixels within limits, and pixels to bytes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One upright sRGB picture.

    Attributes:
        rgb: uint8, shape (height, width, 3), read-only.
    """

    rgb: NDArray[np.uint8]

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.rgb.shape[0])
