"""The names under which renditions are public."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from gallery.model import PUBLIC_CHANNEL, Publication
from gallery.parallel import in_parallel
from gallery.site.cache import AnswerCache
from gallery.site.renditions import Renditions
from gallery.site.shown import Shown
from gallery.store.published_files import PublishedFile, PublishedFiles
from gallery.store.vault import digest_of
from watermark.picture.decode import open_picture
from watermark.picture.pixels import pixel_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One published file with its address and size in pixels."""

    path: str
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Published:
    """A photo's published name, its look (hexadecimal) and its files."""

    token: str
    look: str
    files: tuple[File, ...]


def picture_prefix(token: str) -> str:
    """Give what the addresses of a published name's files begin with."""
    return f"photos/{token}-"


def register_files(
    registered: PublishedFiles,
    renditions: Renditions,
    now: datetime,
    shown: Shown,
    published: Mapping[int, Publication],
) -> None:
    """Register the files of a channel's publications that are not known yet.

    Args:
        registered: every file that was ever published.
        renditions: the cache of made files.
        now: when.
        shown: what the channel shows.
        published: photos by id, as they are public from now on.
    """
    known, channel = registered.recipes(shown.channel.name), shown.channel.name
    made = [
        (photo, one, file)
        for photo, one in published.items()
        if (photo, one.recipe) not in known and Path(renditions.folder_of(one.recipe)).is_dir()
        for file in renditions.described(one.recipe)[1]
    ]
    places = [Path(renditions.folder_of(one.recipe), file.name) for _, one, file in made]
    sums = in_parallel(_sums, places)
    registered.register(
        PublishedFile(
            digest=digest,
            pixels=pixels,
            width=file.width,
            height=file.height,
            photo_id=photo,
            channel=channel,
            recipe=one.recipe,
            path=f"{picture_prefix(one.token)}{file.width}.{file.extension}"
            if channel == PUBLIC_CHANNEL
            else file.name,
            published_at=now,
        )
        for (photo, one, file), (digest, pixels) in zip(made, sums, strict=True)
    )


def _sums(place: Path) -> tuple[str, str]:
    """Give the digests of a file's bytes and of its pixels."""
    data = place.read_bytes()
    return digest_of(data), pixel_digest(open_picture(data))


def token_of(path: str) -> str:
    """Give the published name in a picture's address, without size and format."""
    return path.rpartition("/")[2].partition(".")[0].rpartition("-")[0]


def published_files(
    shown: Shown, renditions: Renditions, remembered: AnswerCache
) -> tuple[dict[int, Published], dict[str, str]]:
    """Name the files of every photo that is shown.

    Gives what there is of each photo by its id, and where each address's file lies. The recipes' files must be made.
    """
    files, pictures = {}, {}
    for photo in shown.photos:
        token, recipe = shown.published[photo.id].token, shown.published[photo.id].recipe
        look, made = remembered.of(recipe, partial(renditions.described, recipe))
        place, own = renditions.folder_of(recipe), []
        for name, extension, kind, width, height in made:
            path = f"{picture_prefix(token)}{width}.{extension}"
            own.append(File(path=path, format=kind, width=width, height=height))
            pictures[path] = f"{place}/{name}"
        files[photo.id] = Published(token, look, tuple(own))
    remembered.keep(shown.recipes)
    return files, pictures
