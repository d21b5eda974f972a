"""Puts a finished site in the place of the old one, in one step."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from gallery.errors import GalleryError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def write_folder(folder: Path, pages: Iterable[tuple[str, bytes]], links: Iterable[tuple[str, Path]]) -> None:
    """Write a whole site into a new folder: pages from bytes, pictures as links or copies.

    Raises:
        GalleryError: The disk is full or may not be written; the folder is removed again.
    """
    shutil.rmtree(folder, ignore_errors=True)
    made: set[Path] = set()
    try:
        for address, data in pages:
            _parent(folder / address, made)
            (folder / address).write_bytes(data)
        for address, place in links:
            _parent(folder / address, made)
            _link(place, folder / address)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise GalleryError(
            f"the site could not be written into {folder}: {error.strerror}",
            hint="make room on the disk and build again; the old site is still whole",
        ) from error


def _parent(place: Path, made: set[Path]) -> None:
    if place.parent not in made:
        place.parent.mkdir(parents=True, exist_ok=True)
        made.add(place.parent)


def _link(place: Path, address: Path) -> None:
    try:
        os.link(place, address)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(place, address)


def replace_folder(new: Path, live: Path) -> None:
    """Put `new` in the place of `live`: readers see the old site or the new one, never half of one.

    Linux exchanges the two in one step. Elsewhere there is a moment between two renames; `recover_folder`
    puts the old site back should the machine stop right then.
    """
    old = live.with_name(f"{live.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if live.exists() and not _exchange(new, live):
        live.rename(old)
    if not live.exists():
        new.rename(live)
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(live: Path) -> None:
    """Put an old site back that was moved aside when the machine stopped."""
    old = live.with_name(f"{live.name}.old")
    if old.is_dir() and not live.exists():
        old.rename(live)


def _exchange(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """List every file below a folder as (address, bytes, time of change in nanoseconds)."""
    found = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    facts = entry.stat(follow_symlinks=False)
                    found.append((os.path.relpath(entry.path, folder), facts.st_size, facts.st_mtime_ns))
    return sorted(found)
