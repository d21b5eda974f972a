"""From a dropped file to photographs: read, split if it is an old composite, made small for the screen."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from gallery.model import Box, Digest, NewPhoto
from gallery.services.intake.check import INTAKE_LIMITS
from gallery.settings import DataFolder
from gallery.store.vault import Vault, digest_of
from watermark.pairs.composite import find_panels
from watermark.picture.decode import Header
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture, crop, resize
from watermark.picture.sandbox import sandbox

THUMBNAIL_PX = 480
SCREEN_PX = 1600


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was read: its photographs, and each one's bytes to be kept under its digest."""

    photos: tuple[NewPhoto, ...]
    files: tuple[bytes, ...]


def draft_vault(folder: DataFolder) -> Vault:
    """Give where drafts' files lie until they become originals."""
    return Vault(folder.root / "drafts")


def composite_vault(folder: DataFolder) -> Vault:
    """Give where old composites lie whose halves became originals."""
    return Vault(folder.root / "composites")


def plain_name(name: str) -> str:
    """Give a file's own name without the folders a browser puts before it, short and printable."""
    name = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in name if letter.isprintable())[-200:] or "photo"


def receive(name: str, data: bytes, *, split: bool = True) -> Received:
    """Read a dropped file; an old composite becomes one photograph for each of its parts, cut without loss.

    Whoever made it, it is opened in a process of its own with a cap on time and memory (ADR 9), as are all below.

    Raises:
        WatermarkError: It is not a picture, is damaged, too large, or takes too long.
    """
    facts = sandbox().header(data, INTAKE_LIMITS)
    picture = sandbox().open_picture(data, INTAKE_LIMITS, longest=SCREEN_PX)
    boxes = _boxes(picture, facts) if split else ()
    if boxes:
        return _parts(name, data, boxes)
    photo = NewPhoto(
        file=name,
        digest=digest_of(data),
        size=len(data),
        file_size=len(data),
        width=facts.width,
        height=facts.height,
        format=facts.format,
        taken_at=_moment(facts.taken_at),
        camera=facts.camera or "",
        thumbnail=_small(picture),
    )
    return Received((photo,), (data,))


def _boxes(picture: Picture, facts: Header) -> tuple[Box, ...]:
    """Find the parts of a composite in its full size; none where the file is one photograph."""
    panels = find_panels(picture)
    if len(panels.boxes) < 2:  # noqa: PLR2004 (one photograph is no composite)
        return ()
    across, down = facts.width / picture.width, facts.height / picture.height
    return tuple(
        (round(left * across), round(top * down), round(right * across), round(bottom * down))
        for left, top, right, bottom in panels.boxes
    )


def _parts(name: str, data: bytes, boxes: tuple[Box, ...]) -> Received:
    whole = sandbox().open_picture(data, INTAKE_LIMITS)
    photos, files = [], [data]
    for number, box in enumerate(boxes, start=1):
        part = crop(whole, box)
        cut = encode(part, format="png")
        photos.append(
            NewPhoto(
                file=f"{name} (part {number} of {len(boxes)})",
                digest=digest_of(cut),
                composite=digest_of(data),
                box=box,
                size=len(cut),
                file_size=len(data),
                width=part.width,
                height=part.height,
                format="png",
                taken_at="",  # the file's date is that of the composite, not of either photograph
                camera="",
                thumbnail=_small(part),
            )
        )
        files.append(cut)
    return Received(tuple(photos), tuple(files))


def screen_size(data: bytes) -> bytes:
    """Give a JPEG of a photograph that fills a screen, without any of its metadata.

    Raises:
        WatermarkError: The bytes are no picture.
    """
    return encode(sandbox().open_picture(data, INTAKE_LIMITS, longest=SCREEN_PX), format="jpeg", quality=84)


def thumbnail(data: bytes) -> bytes:
    """Give a small JPEG of a photograph, without any of its metadata.

    Raises:
        WatermarkError: The bytes are no picture.
    """
    return _small(sandbox().open_picture(data, INTAKE_LIMITS, longest=THUMBNAIL_PX))


def _small(picture: Picture) -> bytes:
    return encode(resize(picture, THUMBNAIL_PX), format="jpeg", quality=80)


def _moment(taken: datetime | None) -> str:
    return taken.isoformat(timespec="seconds") if taken else ""


def keep(folder: DataFolder, received: Received) -> list[Digest]:
    """Seal a received file and its parts in the drafts' vault."""
    return [draft_vault(folder).put(data) for data in received.files]
