"""Puts a finished site in the place of the old one, in one step, and keeps what can be used again for the next."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import GalleryError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644  # web servers read the site, whatever else is for the owner alone


@dataclass(frozen=True, slots=True)
class Layout:
    """What a site consists of: pages by address (bytes, or a file to take over) and pictures by address.

    `standing` is a site whose pictures are known to be whole: those are shared with it, and all others copied.
    """

    pages: Mapping[str, bytes | Path]
    pictures: Mapping[str, str | Path]
    standing: Path | None = None


def lay_out(folder: Path, layout: Layout) -> None:
    """Make a folder hold this site and nothing else; pictures that are there already are kept.

    Raises:
        GalleryError: The disk is full or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        kept = _purge(folder, layout)
        made: set[str] = set()
        for address, content in layout.pages.items():
            _parent(folder, address, made)
            if isinstance(content, Path):
                _link(content, folder / address)
            else:
                (folder / address).write_bytes(content)
                (folder / address).chmod(_FILE_MODE)
        for address, place in layout.pictures.items():
            if address not in kept:
                _parent(folder, address, made)
                there = layout.standing / address if layout.standing else None
                if there and there.is_file():
                    _link(there, folder / address)
                else:  # a link would let whoever writes into the site write into our own files
                    shutil.copy(place, folder / address)
    except OSError as error:
        raise GalleryError(
            f"the site could not be written into {folder}: {error.strerror}",
            hint="make room on the disk and build again; the old site is still whole",
        ) from error


def exchange(new: Path, live: Path, layout: Layout) -> None:
    """Put `new` in the place of `live`: readers see the old site or the new one, never half of one.

    The old site stays where `new` was, but only those of its pictures that the new one shows too. Linux
    exchanges the two in one step. Elsewhere there is a moment between two renames; `recover` puts the old site
    back should the machine stop right then.
    """
    aside = _aside(live)
    shutil.rmtree(aside, ignore_errors=True)
    if live.exists() and not _exchanged(new, live):
        live.rename(aside)
        new.rename(live)
        aside.rename(new)
    elif not live.exists():
        new.rename(live)
    if new.is_dir():
        _purge(new, layout)


def recover(live: Path) -> None:
    """Put an old site back that was moved aside when the machine stopped."""
    if _aside(live).is_dir() and not live.exists():
        _aside(live).rename(live)


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """List every file below a folder as (address, bytes, time of change in nanoseconds)."""
    if not folder.is_dir():
        return []
    found = []
    for entry in _entries(folder):
        facts = entry.stat(follow_symlinks=False)
        found.append((entry.path, facts.st_size, facts.st_mtime_ns))
    return sorted(found)


def _aside(live: Path) -> Path:
    return live.with_name(f"{live.name}.old")


def _entries(folder: Path) -> Iterable["os.DirEntry[str]"]:
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry


def _purge(folder: Path, layout: Layout) -> set[str]:
    """Remove all but the wanted pictures, and folders that nothing wanted is in; gives the pictures kept."""
    start = len(str(folder)) + 1
    wanted = {address.rpartition("/")[0] for address in (*layout.pages, *layout.pictures)}
    kept, folders = set(), set()
    for entry in _entries(folder):
        address = entry.path[start:].replace(os.sep, "/")
        folders.add(address.rpartition("/")[0])
        if address in layout.pictures:
            kept.add(address)
        else:
            os.unlink(entry.path)  # noqa: PTH108 (tens of thousands of them)
    for name in folders - wanted:
        shutil.rmtree(folder / name)
    return kept


def _parent(folder: Path, address: str, made: set[str]) -> None:
    parent = address.rpartition("/")[0]
    if parent not in made:
        (folder / parent).mkdir(parents=True, exist_ok=True)
        for place in (folder / parent, *(folder / parent).parents):
            if place == folder:
                break
            place.chmod(_FOLDER_MODE)
        made.add(parent)


def _link(place: Path, address: Path) -> None:
    try:
        os.link(place, address)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(place, address)


def _exchanged(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0
