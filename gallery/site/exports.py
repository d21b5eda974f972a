"""Lays out what other channels get (a sister site, a review platform, print): files to be handed over by people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.model import Photo, Publication
from gallery.rules.leaks import Secrets
from gallery.settings import Channel
from gallery.site.deploy import Layout, exchange, lay_out
from gallery.site.leak_check import refuse_leaks
from gallery.site.renditions import Recipe, Rendition, Renditions
from gallery.site.stories import slug

_LABELS = "the words in its pictures"


@dataclass(frozen=True, slots=True)
class Export:
    """What one channel gets: photos that consent allows there, each made by a recipe."""

    channel: Channel
    photos: Sequence[Photo]
    published: Mapping[int, Publication]
    recipes: Mapping[str, Recipe]


def write_export(export: Export, renditions: Renditions, folder: Path, secrets: Secrets) -> None:
    """Make a channel's folder hold its photos and nothing else, by patient, stage and view, in one step.

    Raises:
        GalleryError: The files would betray a patient, or could not be made or written; the folder is as it was.
    """
    pictures = dict(_named(export, renditions))
    layout = Layout({}, pictures)
    labels = "\n".join(recipe.label for recipe in export.recipes.values()).encode()
    refused = f"the files for {export.channel.name} were not laid out"
    refuse_leaks(Layout({_LABELS: labels}, pictures), secrets, (), what=refused)
    unfinished = folder.with_name(f"{folder.name}.new")
    lay_out(unfinished, layout)
    exchange(unfinished, folder, layout)


def _named(export: Export, renditions: Renditions) -> Iterator[tuple[str, Path]]:
    taken: set[str] = set()
    for photo in export.photos:
        start = f"patient-{photo.case}/{photo.stage_position}-{slug(photo.stage)}-{slug(photo.view)}"
        while start in taken:
            start += "-2"
        taken.add(start)
        for made in renditions.files(export.published[photo.id].recipe):
            yield f"{start}{_size(export.channel, made)}.{made.extension}", made.place


def _size(channel: Channel, made: Rendition) -> str:
    """Tell sizes apart where a channel has several."""
    return f"-{made.width}" if len(channel.sizes) > 1 else ""
