"""The names under which renditions are public."""

from dataclasses import dataclass
from functools import partial

from gallery.site.cache import AnswerCache
from gallery.site.renditions import Renditions
from gallery.site.shown import Shown


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
