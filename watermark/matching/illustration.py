"""Pictures that show why the matcher answered as it did."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.matching import registration
from watermark.matching.bands import Bands
from watermark.matching.registration import Homography, Query
from watermark.matching.result import Transform
from watermark.picture.pixels import Picture

LONGEST = 900  # pixels
AGREES = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Illustration:
    """What a report shows of a comparison, in one size.

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


def illustrate(found: Picture, photo: Picture, transform: Transform) -> Illustration:
    """Lay the found picture on the photo and show where they agree.

    The pictures' longest side is at most 900 pixels.

    Args:
        found: the found picture.
        photo: ours.
        transform: how the one maps onto the other.
    """
    scale = min(1.0, LONGEST / max(photo.width, photo.height))
    frame = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    ours = np.asarray(cv2.resize(photo.rgb, frame, interpolation=cv2.INTER_AREA), np.uint8)
    matrix = registration.scaling((photo.height, photo.width), (frame[1], frame[0])) @ np.array(
        transform.matrix
    )
    homography = Homography(matrix, transform.mirrored, 0, 0)
    laid, covered = registration.warp(Query(found), homography, frame, colour=True)
    laid = np.where(covered[..., None] > 0, laid, np.uint8(255))
    stripes = (np.arange(frame[0]) // max(8, frame[0] // 12)) % 2 == 0
    overlay = np.where(stripes[None, :, None], laid, ours)
    tinted, mask = _agreement(ours, laid, covered)
    return Illustration(Picture(laid), Picture(ours), Picture(overlay), Picture(tinted), Picture(mask))


def _agreement(
    ours: NDArray[np.uint8], laid: NDArray[np.uint8], covered: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The photo in grey, tinted by agreement, and the mask.

    Green where both agree, red where they do not, untinted where nothing can be said.
    """
    greys = [np.asarray(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), np.uint8) for p in (ours, laid)]
    agreeing = Bands.at(greys[0], greys[1], covered, 1).correlation()
    size = (ours.shape[1], ours.shape[0])
    known = cv2.resize(np.isfinite(agreeing).astype(np.float32), size)
    good = cv2.resize(np.clip(np.nan_to_num(agreeing), 0, 1), size)
    base = np.repeat(greys[0][..., None], 3, 2).astype(np.float32)
    colour = np.stack([255 * (1 - good), 200 * good, np.zeros_like(good)], -1)
    weight = (0.45 * known)[..., None]
    tinted = np.asarray(base * (1 - weight) + colour * weight, np.uint8)
    agrees = ((known > AGREES) & (good > AGREES)).astype(np.uint8) * np.uint8(255)
    return tinted, np.repeat(agrees[..., None], 3, 2)
