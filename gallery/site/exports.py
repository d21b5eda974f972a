"""Lays out the files that people hand over to other channels."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gallery.errors import GalleryError
from gallery.model import Photo, Publication
from gallery.parallel import Progress
from gallery.rules.leaks import Secrets
from gallery.site.deploy import Layout, exchange, lay_out
from gallery.site.leak_check import refuse_leaks
from gallery.site.renditions import Renditions
from gallery.site.shown import Shown
from gallery.site.stories import slug

_LABELS = "the words in its pictures"


def export_files(
    exports: Sequence[Shown],
    folder: Path,
    renditions: Renditions,
    *,
    secrets: Callable[[Sequence[Photo]], Secrets],
    record: Callable[[str, Mapping[int, Publication]], None],
    progress: Progress,
) -> None:
    """Bring the folders of all other channels up to date.

    `secrets` gathers what must not be found, also in these photos' originals.

    Raises:
        GalleryError: One of them could not be laid out; all others were.
    """
    for place in folder.glob("*"):
        if place.name not in {export.channel.name for export in exports}:
            shutil.rmtree(place, ignore_errors=True)
    refused: GalleryError | None = None
    for export in exports:
        name, place = export.channel.name, folder / export.channel.name
        if export.before == export.published and place.is_dir():
            record(name, export.published)
            continue
        try:
            renditions.make(export.recipes, progress=progress)
            _lay_out(export, renditions, place, secrets(export.photos))
            record(name, export.published)
        except GalleryError as error:  # one channel's trouble keeps no other channel's patient waiting
            refused = refused or error
            if (
                export.before.keys() - export.published.keys()
            ):  # a consent ended: nothing stays rather than that
                shutil.rmtree(place, ignore_errors=True)
                record(name, {})
    if refused:
        raise refused


def _lay_out(export: Shown, renditions: Renditions, folder: Path, secrets: Secrets) -> None:
    """Make a channel's folder hold its photos and nothing else."""
    pictures = dict(_named(export, renditions))
    layout = Layout({}, pictures)
    labels = "\n".join(recipe.label for recipe in export.recipes.values()).encode()
    refused = f"the files for {export.channel.name} were not laid out"
    refuse_leaks(Layout({_LABELS: labels}, pictures), secrets, (), what=refused)
    unfinished = folder.with_name(f"{folder.name}.new")
    lay_out(unfinished, layout)
    exchange(unfinished, folder, layout)


def _named(export: Shown, renditions: Renditions) -> Iterator[tuple[str, Path]]:
    taken: set[str] = set()
    for photo in export.photos:
        start = f"patient-{photo.case}/{photo.stage_position}-{slug(photo.stage)}-{slug(photo.view)}"
        while start in taken:
            start += "-2"
        taken.add(start)
        recipe = export.published[photo.id].recipe
        _, files = renditions.described(recipe)
        for made in files:
            size = f"-{made.width}" if len(export.channel.sizes) > 1 else ""  # where a channel has several
            yield f"{start}{size}.{made.extension}", Path(renditions.folder_of(recipe), made.name)
