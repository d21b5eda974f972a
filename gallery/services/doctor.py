"""What this machine and this catalogue can do, and what is missing."""

import base64
import os
import platform
import shutil
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

from gallery.errors import DamagedError, GalleryError
from gallery.settings import DataFolder, load_settings
from gallery.store.database import open_database
from gallery.store.hidden_marks import HiddenMarks
from gallery.store.keys import mark_key
from watermark.errors import WatermarkError
from watermark.matching.index import Index
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode

_FREE_BYTES = 2 * 2**30
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `doctor` looked at.

    Without one that is `needed`, pairwatch cannot work.
    """

    name: str
    ok: bool
    needed: bool
    found: str


def examine(folder: DataFolder) -> list[Check]:
    """Look at versions, folders, rights, disk, colliding packages and optional programs."""
    return [
        Check("Python", ok=True, needed=True, found=platform.python_version()),
        Check("SQLite", ok=sqlite3.sqlite_version_info >= (3, 38), needed=True, found=sqlite3.sqlite_version),
        *(
            _version(name)
            for name in (
                "pillow",
                "opencv-python-headless",
                "numpy",
                "imagehash",
                "pillow-heif",
                "sqlite-utils",
            )
        ),
        _format("avif"),
        _format("webp"),
        _collision(),
        _catalogue(folder),
        _settings(folder),
        _private(folder),
        _disk(folder),
        _index(folder),
        _mark_key(folder),
        _browser(),
    ]


def matching_measured() -> tuple[object, str]:
    """Give the matcher's measured rates, as values and as text."""
    from watermark.matching.error_rates import ErrorRates  # noqa: PLC0415 (heavy, and only asked for by name)
    from watermark.matching.model import matching_rates  # noqa: PLC0415 (heavy, and only asked for by name)

    try:
        rates = matching_rates()
    except FileNotFoundError as error:
        raise DamagedError(
            "no measured rates came with this installation", hint="install pairwatch again"
        ) from error
    return rates, ErrorRates.of(rates).text()


def _version(name: str) -> Check:
    try:
        return Check(name, ok=True, needed=True, found=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, ok=False, needed=True, found="not installed: install pairwatch again")


def _collision() -> Check:
    """Look for another distribution with a package of our name."""
    owners = set(metadata.packages_distributions().get("watermark", ())) - {"pairwatch"}
    found = f"also installed by {', '.join(sorted(owners))}: uninstall it" if owners else "ours alone"
    return Check("package name watermark", ok=not owners, needed=True, found=found)


def _catalogue(folder: DataFolder) -> Check:
    there = folder.database.is_file()
    found = str(folder.root) if there else f"none in {folder.root}: pairwatch init"
    return Check("catalogue", ok=there, needed=False, found=found)


def _settings(folder: DataFolder) -> Check:
    try:
        settings = load_settings(folder)
    except GalleryError as error:
        return Check("settings", ok=False, needed=True, found=str(error))
    return Check("settings", ok=True, needed=True, found=f"practice: {settings.practice}")


def _private(folder: DataFolder) -> Check:
    """Check that originals are for their owner alone.

    Windows keeps such rights elsewhere.
    """
    if os.name != "posix" or not folder.originals.is_dir():
        return Check("originals private", ok=True, needed=True, found="nothing to check")
    rights = stat.S_IMODE(folder.originals.stat().st_mode)
    ok = not rights & 0o077
    found = oct(rights) if ok else f"{oct(rights)}: others may look; run chmod 700 {folder.originals}"
    return Check("originals private", ok=ok, needed=True, found=found)


def _disk(folder: DataFolder) -> Check:
    place = folder.root
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    return Check("free disk", ok=free > _FREE_BYTES, needed=False, found=f"{free / 2**30:.1f} GiB")


def _index(folder: DataFolder) -> Check:
    try:
        found = f"{len(Index.open(folder.index))} photos"
    except WatermarkError as error:
        return Check("fingerprint index", ok=False, needed=False, found=f"{error} It will be rebuilt.")
    return Check("fingerprint index", ok=True, needed=False, found=found)


def _mark_key(folder: DataFolder) -> Check:
    """Tell whether the key is there that the published hidden marks are read with."""
    if not folder.database.is_file():
        return Check("hidden marks", ok=True, needed=False, found="none yet")
    key = folder.root / "keys" / "marks.key"
    with closing(open_database(folder.database)) as database:
        marks = HiddenMarks(database)
        lost = marks.of_other_keys(mark_key(folder).name) if key.is_file() else marks.of_other_keys("")
    if not lost:
        return Check(
            "hidden marks", ok=True, needed=False, found="the key of all that were published is there"
        )
    return Check(
        "hidden marks",
        ok=False,
        needed=False,
        found=f"{lost} publications were marked with a key that is not in keys/marks.key: restore it from a backup. "
        "Without it their hidden marks cannot be read; visible mark, credit, digests and ledger still prove",
    )


def _browser() -> Check:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    return Check(
        "Chromium",
        ok=found is not None,
        needed=False,
        found=found or "not found: PDF and browser tests do without",
    )


def _format(name: Literal["avif", "webp"]) -> Check:
    """Write one pixel in this format and read it again."""
    try:
        open_picture(encode(open_picture(_PIXEL), format=name))
    except (WatermarkError, KeyError, OSError) as error:
        return Check(f"{name} pictures", ok=False, needed=True, found=f"cannot be written here: {error}")
    return Check(f"{name} pictures", ok=True, needed=True, found="read and written")
