"""Published files made from originals, marked and credited."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, get_args

from gallery.errors import DamagedError, GalleryError, UnavailableError
from gallery.model import Digest, Photo
from gallery.parallel import Progress, in_parallel, silently
from gallery.settings import Channel, Settings
from gallery.site.cache import write_json
from gallery.stages import heading
from gallery.store.vault import Vault
from watermark.errors import WatermarkError
from watermark.marking.crossing import seed_of
from watermark.marking.design import Design
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.layers import LOUDER, SMALLEST, HiddenMark, has_room, hide, prove
from watermark.marking.visible import Label, Mark
from watermark.picture.credit import Credit, credit_blocks
from watermark.picture.decode import open_picture, read_header
from watermark.picture.encode import Blocks, Format, encode
from watermark.picture.framing import CommonFrame
from watermark.picture.perceptual_hash import phash256
from watermark.picture.pixels import Picture

VERSION = 7
_MANIFEST, _LOOK = "manifest.json", "look"
_EXTENSIONS = {"jpeg": "jpg", "webp": "webp", "avif": "avif"}
_FORMATS = {extension: name for name, extension in _EXTENSIONS.items()}
_HINT = "nothing new was published; `pairwatch verify` tells more"
_QUALITY_SHIFT = {"jpeg": 0, "webp": -2, "avif": -22}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that a photo's files in one channel depend on."""

    digest: Digest
    channel: Channel
    mark_text: str
    mark_opacity: float
    mark_style: str
    owner: str
    web: str
    year: int
    label: str = ""
    label_right: bool = False
    frame: CommonFrame | None = None
    published: date
    mark_key: str

    def key(self) -> str:
        """Name the folder of its files in 64 hexadecimal digits."""
        return hashlib.sha256(f"{VERSION} {self!r}".encode()).hexdigest()

    @property
    def design(self) -> Design:
        """How the photo is marked and labelled, and where."""
        crossing = self.mark_style == "crossing"
        mark = Mark(
            text=self.mark_text,
            opacity=self.mark_opacity,
            seed=seed_of(self.mark_key, self.digest) if crossing else None,
            crossing=crossing,
        )
        return Design(
            mark=mark if self.channel.mark else None,
            label=Label(text=self.label, right=self.label_right) if self.label else None,
            sizes=self.channel.sizes,
            frame=self.frame,
        )

    def hidden(self, key: MarkKey, recipient: str = "") -> HiddenMark:
        """Give what is hidden in its files.

        Each photo, channel, first day and recipient has another payload.
        """
        words = ["payload", self.digest, self.channel.name, self.published.isoformat()]
        words += [recipient] if recipient else []
        payload = int.from_bytes(key.digest(*words)[:8], "big")
        return HiddenMark(subject=self.digest, payload=payload, recipient=recipient)


def recipe_for(
    photo: Photo,
    channel: Channel,
    settings: Settings,
    frame: CommonFrame | None,
    now: datetime,
    mark_key: str = "",
) -> Recipe:
    """Say what a photo's files in a channel are made from.

    `mark_key` names the key of what is hidden in them.
    """
    published = (photo.first_published_at or now).astimezone(UTC).date()
    year = published.year
    return Recipe(
        digest=photo.digest,
        channel=channel,
        mark_text=settings.mark_text or f"© {year} {settings.practice}",
        mark_opacity=settings.mark_opacity,
        mark_style=settings.mark_style,
        owner=settings.practice,
        web=settings.web,
        year=year,
        label=heading(photo.stage) if channel.label else "",
        label_right=photo.stage_position > 1,
        frame=frame,
        published=published,
        mark_key=mark_key,
    )


class FileFacts(NamedTuple):
    """One made file, its width and height in pixels."""

    name: str
    extension: str
    format: str
    width: int
    height: int


Description = tuple[str, list[FileFacts]]
"""The looks of a recipe's sizes, 64 hexadecimal digits each, and its files from narrow to wide."""


class Renditions:
    """The cache of published files, by what they were made from."""

    def __init__(self, folder: Path, originals: Path, key: MarkKey) -> None:
        """Keep files in `folder`, made from the originals with the key."""
        self._folder, self._originals, self._key = folder, originals, key

    def make(self, recipes: Mapping[str, Recipe], *, progress: Progress = silently) -> list[str]:
        """Make missing files of these recipes, and give their keys."""
        there = {key for start in {key[:2] for key in recipes} for key in self._made(start)}
        missing = [key for key in recipes if key not in there]
        work = partial(_make, self._folder, self._originals, self._key)
        made = in_parallel(work, [recipes[key] for key in missing])
        for failure in progress(made, len(missing), "Making renditions"):
            if failure:
                raise failure
        return missing

    def _made(self, start: str) -> list[str]:
        """Name the recipes of one folder of the cache that were made."""
        try:
            return os.listdir(self._folder / start)  # noqa: PTH208 (names are all it takes)
        except FileNotFoundError:
            return []

    def sweep(self, wanted: Iterable[str]) -> int:
        """Remove files of all other recipes, and give how many."""
        keep = set(wanted)
        others = [place for place in self._folder.glob("??/*") if place.name not in keep]
        for place in others:
            shutil.rmtree(place, ignore_errors=True)
        return len(others)

    def folder_of(self, key: str) -> str:
        """Give where the files of a recipe lie, as text."""
        return f"{self._folder}/{key[:2]}/{key}"

    def described(self, key: str) -> Description:
        """Give a made recipe's looks and files from its manifest."""
        place = self._folder / key[:2] / key
        try:
            described = json.loads((place / _MANIFEST).read_bytes())
        except FileNotFoundError:
            described = _described_anew(place)
        return str(described["look"]), [FileFacts(*facts) for facts in described["files"]]


def _make(folder: Path, originals: Path, mark_key: MarkKey, recipe: Recipe) -> GalleryError | None:
    """Make one recipe's files, and give what went wrong."""
    key = recipe.key()
    place = folder / key[:2] / key
    unfinished = place.with_name(f"{key}.new")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        shown, files = list[Picture](), list[FileFacts]()
        _, sizes = recipe.design.unmarked(Vault(originals).get(recipe.digest))
        for picture in sizes:
            marked, narrower = _write(unfinished, picture, recipe, mark_key)
            shown += [marked] if shown else [picture, marked]
            files = [*narrower, *files]
        # Visitors bring what they saw: the bare photo of another place, or ours, whose mark and label differ a
        # little in each size.
        looks = (phash256(one) for one in shown)
        manifest = {"look": "".join(dict.fromkeys(looks)), "files": files}
        (unfinished / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        unfinished.rename(place)
    except WatermarkError as error:
        return DamagedError(str(error), hint=_HINT)
    except GalleryError as error:
        return error
    except OSError as error:
        return UnavailableError(
            f"a rendition could not be written into {folder}: {error.strerror}", hint=_HINT
        )
    return None


def _described_anew(place: Path) -> dict[str, object]:
    """Describe files that an older version made, in a manifest."""
    files = []
    for file in place.iterdir():
        if file.name not in {_LOOK, _MANIFEST}:
            extension, facts = file.suffix.removeprefix("."), read_header(file.read_bytes())
            kind = _FORMATS[extension]
            files.append(FileFacts(file.name, extension, kind, facts.width, facts.height))
    files.sort(key=lambda made: made.width)
    described: dict[str, object] = {"look": (place / _LOOK).read_text(encoding="ascii"), "files": files}
    write_json(place / _MANIFEST, described)
    return described


def _write(folder: Path, picture: Picture, recipe: Recipe, key: MarkKey) -> tuple[Picture, list[FileFacts]]:
    """Write a picture in every format, and give it marked."""
    files = list[FileFacts]()
    marked, encoded = _marked(recipe.design.draw(picture), recipe, key, recipe.hidden(key))
    for name, data in encoded.items():
        extension = _EXTENSIONS[name]
        file = folder / f"{marked.width}x{marked.height}.{extension}"
        file.write_bytes(data)
        file.chmod(0o644)
        files.append(FileFacts(file.name, extension, name, marked.width, marked.height))
    return marked, files


def handed_copy(originals: Vault, recipe: Recipe, key: MarkKey, mark: HiddenMark) -> bytes:
    """Make the one file of a recipe that alone carries a recipient's mark.

    Raises:
        GalleryError: The original is missing or was changed.
        WatermarkError: The mark cannot be read back, or the picture is too small for it.
    """
    _, sizes = recipe.design.unmarked(originals.get(recipe.digest))
    seen = recipe.design.draw(next(sizes))
    if not has_room(seen):
        raise WatermarkError(
            f"expected a picture of at least {SMALLEST} pixels, found {seen.width} by {seen.height}",
            hint="a recipient's mark does not last in a smaller one",
        )
    _, encoded = _marked(seen, recipe, key, mark)
    return next(iter(encoded.values()))


def _marked(
    seen: Picture, recipe: Recipe, key: MarkKey, mark: HiddenMark
) -> tuple[Picture, dict[Format, bytes]]:
    """Hide layers in a picture, louder until its file gives them back.

    Raises:
        WatermarkError: They cannot be read back at any strength.
    """
    if not has_room(seen):
        return seen, _encoded(seen, recipe, key)
    for louder in LOUDER:
        hidden = hide(seen, key, mark, louder=louder)
        encoded = _encoded(hidden, recipe, key)
        if all(prove(open_picture(data), seen, key, mark).right for data in encoded.values()):
            return hidden, encoded
    raise WatermarkError(
        f"expected the hidden mark to be read back from {recipe.digest[:20]} at {seen.width} by {seen.height} pixels, "
        "found it lost in the picture's own detail",
        hint="raise the channel's quality, or leave this size out",
    )


def _encoded(picture: Picture, recipe: Recipe, key: MarkKey) -> dict[Format, bytes]:
    channel, encoded = recipe.channel, dict[Format, bytes]()
    blocks = _blocks(recipe, key) if channel.metadata else Blocks()
    for name in get_args(Format):
        if name in channel.formats:
            quality = channel.quality + _QUALITY_SHIFT[name]
            encoded[name] = encode(picture, format=name, quality=quality, blocks=blocks)
    return encoded


def _blocks(recipe: Recipe, key: MarkKey) -> Blocks:
    credit = Credit(
        creator=recipe.owner,
        owner=recipe.owner,
        year=recipe.year,
        web_statement=recipe.web,
        document_id=key.digest("document", recipe.key())[:12].hex(),
    )
    return credit_blocks(credit)
