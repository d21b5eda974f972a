"""Photographs made small for a screen, without any of their metadata."""

from gallery.model import Photo
from gallery.services.intake.check import INTAKE_LIMITS
from gallery.services.practice import Practice
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, resize
from watermark.picture.sandbox import sandbox

THUMBNAIL_PX = 480
SCREEN_PX = 1600


def thumbnail(picture: Picture) -> bytes:
    """Encode a picture as a small JPEG."""
    return encode(resize(picture, THUMBNAIL_PX), format="jpeg", quality=80)


def screen_size(data: bytes) -> bytes:
    """Give a JPEG of a photograph that fills a screen.

    Raises:
        WatermarkError: The bytes are no picture.
    """
    return encode(sandbox().open_picture(data, INTAKE_LIMITS, longest=SCREEN_PX), format="jpeg", quality=84)


def large(p: Practice, photo: Photo) -> bytes:
    """Give an original as large as a screen."""
    return screen_size(p.originals.get(photo.digest))


def small(p: Practice, photo: Photo) -> bytes:
    """Give an original as a thumbnail, which is kept once it was made."""
    kept = p.casework.thumbnail(photo.id)
    if kept is None:
        original = p.originals.get(photo.digest)
        kept = thumbnail(sandbox().open_picture(original, INTAKE_LIMITS, longest=THUMBNAIL_PX))
        p.casework.keep_thumbnail(photo.id, kept)
    return kept
