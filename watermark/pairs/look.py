"""A small signature of how a photograph looks, to tell which ones show the same view; proof of nothing."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.picture.pixels import Picture

_SIDE = 24  # cells
_SHIFT = 3  # cells a head may be off between two sittings


@dataclass(frozen=True, slots=True)
class Look:
    """How a photograph looks from afar.

    Attributes:
        cells: 24 by 24 brightnesses, row after row, evened out: 128 is this picture's mean.
    """

    cells: bytes = field(repr=False)


def look_of(picture: Picture) -> Look:
    """Draw the signature of a photograph; a small one serves as well."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture.rgb), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.7)
    even = (small - small.mean()) / max(float(small.std()), 4.0)
    return Look(np.clip(even * 40 + 128, 0, 255).astype(np.uint8).tobytes())


def mirrored(look: Look) -> Look:
    """Give the signature of the mirrored photograph."""
    return Look(np.ascontiguousarray(_cells(look)[:, ::-1]).astype(np.uint8).tobytes())


def likeness(one: Look, other: Look) -> float:
    """Tell how alike two photographs look, best over small shifts: 1 the same, 0 unrelated, -1 the negative."""
    inner = (slice(_SHIFT, -_SHIFT), slice(_SHIFT, -_SHIFT))
    return max(
        float(cv2.matchTemplate(whole, np.ascontiguousarray(part[inner]), cv2.TM_CCOEFF_NORMED).max())
        for whole, part in ((_cells(one), _cells(other)), (_cells(other), _cells(one)))
    )


def _cells(look: Look) -> NDArray[np.float32]:
    return np.frombuffer(look.cells, np.uint8).reshape(_SIDE, _SIDE).astype(np.float32)
