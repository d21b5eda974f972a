"""Published files made from originals: upright, marked, credited, nothing else in them; never made twice."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import ceil
from pathlib import Path
from typing import get_args

from gallery.errors import GalleryError
from gallery.model import Digest, Photo
from gallery.parallel import Progress, in_parallel, silently
from gallery.settings import Channel, Settings
from gallery.stages import heading
from gallery.store.vault import Vault
from watermark.errors import WatermarkError
from watermark.marking.visible import MarkDesign, draw_label, draw_mark
from watermark.matching.perceptual_hash import look_text
from watermark.pairs.alignment import CommonFrame, put_into_frame
from watermark.picture.credit import Credit, credit_blocks
from watermark.picture.decode import open_picture, read_header
from watermark.picture.encode import Blocks, Format, encode
from watermark.picture.pixels import Picture, resize

VERSION = 5
_LOOK = "look"
_LOOK_SIDE = 16
_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_QUALITY_SHIFT = {"jpeg": 0, "webp": -2, "avif": -22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that a photo's files in one channel depend on; equal recipes give equal files."""

    digest: Digest
    channel: Channel
    mark_text: str
    mark_opacity: float
    owner: str
    web: str
    year: int
    label: str = ""
    label_right: bool = False
    frame: CommonFrame | None = None

    def key(self) -> str:
        """Name the folder of its files: 64 hexadecimal digits."""
        return hashlib.sha256(f"{VERSION} {self!r}".encode()).hexdigest()


def recipe_for(
    photo: Photo, channel: Channel, settings: Settings, frame: CommonFrame | None, now: datetime
) -> Recipe:
    """Say what a photo's files in a channel are made from; labels of later stages stand on the right."""
    year = (photo.first_published_at or now).year
    return Recipe(
        digest=photo.digest,
        channel=channel,
        mark_text=settings.mark_text or f"© {year} {settings.practice}",
        mark_opacity=settings.mark_opacity,
        owner=settings.practice,
        web=settings.web,
        year=year,
        label=heading(photo.stage) if channel.label else "",
        label_right=photo.stage_position > 1,
        frame=frame,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One file in the cache, ready to be published; width and height in pixels."""

    folder: str
    name: str
    format: str
    extension: str
    width: int
    height: int

    @property
    def path(self) -> str:
        """Where it lies, as text: a `Path` for each of tens of thousands costs more than reading their folders."""
        return f"{self.folder}/{self.name}"

    @property
    def place(self) -> Path:
        """Where it lies."""
        return Path(self.path)


class Renditions:
    """The cache of published files, by what they were made from."""

    def __init__(self, folder: Path, originals: Path) -> None:
        """Keep files in `folder`, and make them from the vault of originals."""
        self._folder, self._originals = folder, originals

    def make(self, recipes: Mapping[str, Recipe], *, progress: Progress = silently) -> list[str]:
        """Make the files of every recipe (by its key) that has none yet, on every core; gives their keys.

        Raises:
            GalleryError: An original is missing or damaged, or the disk is full.
        """
        there = {key for start in {key[:2] for key in recipes} for key in self._made(start)}
        missing = [key for key in recipes if key not in there]
        work = partial(_make, self._folder, self._originals)
        made = in_parallel(work, [recipes[key] for key in missing])
        for failure in progress(made, len(missing), "Making renditions"):
            if failure:
                raise GalleryError(failure, hint="nothing new was published; `pairwatch verify` tells more")
        return missing

    def _made(self, start: str) -> list[str]:
        """Name the recipes of one folder of the cache that were made."""
        try:
            return os.listdir(self._folder / start)  # noqa: PTH208 (names are all it takes)
        except FileNotFoundError:
            return []

    def sweep(self, wanted: Iterable[str]) -> int:
        """Remove the files of every other recipe, also half-made ones; gives how many were removed."""
        keep = set(wanted)
        others = [place for place in self._folder.glob("??/*") if place.name not in keep]
        for place in others:
            shutil.rmtree(place, ignore_errors=True)
        return len(others)

    def _place(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def files(self, key: str) -> tuple[Rendition, ...]:
        """Give the files of a recipe that was made, from narrow to wide."""
        place = f"{self._folder}/{key[:2]}/{key}"
        names = [name for name in os.listdir(place) if name != _LOOK]  # noqa: PTH208 (names are all it takes)
        return tuple(sorted((_rendition(place, name) for name in names), key=lambda made: made.width))

    def folder_of(self, key: str) -> str:
        """Where the files of a recipe lie, as text."""
        return f"{self._folder}/{key[:2]}/{key}"

    def described(self, key: str) -> tuple[str, list[tuple[str, str, str, int, int]]]:
        """Give a recipe's look, and of each file its name, extension, format, width and height, as JSON holds them."""
        made = self.files(key)
        return self.look(key), [(one.name, one.extension, one.format, one.width, one.height) for one in made]

    def look(self, key: str) -> str:
        """Give the perceptual hash of each size a recipe shows, as browsers make it: 64 hexadecimal digits each."""
        with open(f"{self._folder}/{key[:2]}/{key}/{_LOOK}", encoding="ascii") as file:  # noqa: PTH123 (many of them)
            return file.read()


_SUMS = "site.sha256"


_SUMS_TO_COME = "site.sha256.next"


def announce_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write down the SHA-256 of every file of a site that is about to stand, as `sha256sum --check` reads it.

    Should the machine stop between the site's exchange and `keep_sums`, `verify` knows the new site by these.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{_SUMS}.new"
    lines = (f"{value}  {address}\n" for address, value in sorted(sums.items()))
    unfinished.write_text("".join(lines), encoding="utf-8", newline="\n")
    unfinished.replace(folder / _SUMS_TO_COME)


def keep_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write down the SHA-256 of every file of the site that stands, by its address."""
    announce_sums(folder, sums)
    settle_sums(folder)


def settle_sums(folder: Path) -> None:
    """Say that the site whose sums were announced stands."""
    (folder / _SUMS_TO_COME).replace(folder / _SUMS)


def announced_sums(folder: Path) -> dict[str, str] | None:
    """Give the sums of a site whose build was interrupted; None when none was."""
    return _read_sums(folder / _SUMS_TO_COME)


def kept_sums(folder: Path) -> dict[str, str] | None:
    """Give the SHA-256 of every file that the last build put on the site; None before the first build."""
    return _read_sums(folder / _SUMS)


def _read_sums(place: Path) -> dict[str, str] | None:
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    parted = (line.partition("  ") for line in text.splitlines())
    return {address: value for value, _, address in parted}


_FORMATS = {extension: name for name, extension in _EXTENSIONS.items()}


def _rendition(folder: str, name: str) -> Rendition:
    size, _, extension = name.partition(".")
    width, _, height = size.partition("x")
    return Rendition(
        folder=folder,
        name=name,
        format=_FORMATS[extension],
        extension=extension,
        width=int(width),
        height=int(height),
    )


def _make(folder: Path, originals: Path, recipe: Recipe) -> str:
    """Make one recipe's files, whole or not at all; gives what went wrong in a sentence, or nothing."""
    key = recipe.key()
    place = folder / key[:2] / key
    unfinished = place.with_name(f"{key}.new")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        picture = _opened(Vault(originals).get(recipe.digest), recipe)
        shown = [picture, _write(unfinished, picture, recipe)]
        for size in sorted(recipe.channel.sizes, reverse=True):
            if size < max(picture.width, picture.height):
                picture = resize(picture, size)
                shown.append(_write(unfinished, picture, recipe))
        # Visitors bring what they saw: the bare photo of another place, or ours, whose mark and label differ a
        # little in each size.
        looks = (look_text(one, _LOOK_SIDE).rpartition(":")[2] for one in shown)
        (unfinished / _LOOK).write_text("".join(dict.fromkeys(looks)), encoding="ascii")
        unfinished.rename(place)
    except (GalleryError, WatermarkError) as error:
        return str(error)
    except OSError as error:
        return f"a rendition could not be written into {folder}: {error.strerror}"
    return ""


def _opened(data: bytes, recipe: Recipe) -> Picture:
    """Decode a photo as large as the channel shows it, in the frame it shares with others of its view."""
    longest, frame = max(recipe.channel.sizes), recipe.frame
    if frame is None:
        return open_picture(data, longest=longest)
    facts = read_header(data)
    shown = min(1.0, longest / max(frame.width, frame.height))
    whole = max(facts.width, facts.height)
    picture = open_picture(data, longest=min(whole, ceil(whole * frame.scale * shown)))
    return put_into_frame(picture, frame.shrunk(photo=picture.width / facts.width, frame=shown))


def _write(folder: Path, picture: Picture, recipe: Recipe) -> Picture:
    """Write a picture in every format of the channel; gives it with its mark and label."""
    channel = recipe.channel
    marked = draw_label(picture, recipe.label, right=recipe.label_right)
    if channel.mark:
        marked = draw_mark(marked, MarkDesign(text=recipe.mark_text, opacity=recipe.mark_opacity))
    blocks = _blocks(recipe) if channel.metadata else Blocks()
    for name in get_args(Format):
        if name in channel.formats:
            quality = channel.quality + _QUALITY_SHIFT[name]
            data = encode(marked, format=name, quality=quality, blocks=blocks)
            file = folder / f"{marked.width}x{marked.height}.{_EXTENSIONS[name]}"
            file.write_bytes(data)
            file.chmod(0o644)
    return marked


def _blocks(recipe: Recipe) -> Blocks:
    return credit_blocks(
        Credit(creator=recipe.owner, owner=recipe.owner, year=recipe.year, web_statement=recipe.web)
    )
