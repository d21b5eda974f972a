"""Puts a finished site in the place of the old one."""

import ctypes
import errno
import hashlib
import os
import shutil
import sys
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from gallery.errors import UnavailableError
from gallery.site.checksums import announce_sums, keep_sums, kept_sums, settle_sums

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644  # web servers read the site, whatever else is for the owner alone


@dataclass(frozen=True, slots=True)
class Layout:
    """What a site consists of, pages and pictures by their addresses.

    A page is its bytes, or a file to take over.

    `standing` is a site whose pictures are known to be whole: those are shared with it, and all others copied.
    """

    pages: Mapping[str, bytes | Path]
    pictures: Mapping[str, str | Path]
    standing: Path | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The site that stands.

    Attributes:
        listed: (bytes, time of change in nanoseconds) of every file, by address.
        digest: of that listing.
        sums: the SHA-256 of every file as the last build wrote it, None where no build wrote them down.
    """

    listed: Mapping[str, tuple[int, int]]
    digest: str
    sums: Mapping[str, str] | None


def standing_site(live: Path, work: Path) -> Standing:
    """Look at the site that stands.

    Readers look at `live`; builds keep what they remember in `work`.
    """
    recover(live)
    listed = listing(live)
    return Standing(listed, digest_of(listed), kept_sums(work))


def put_up(layout: Layout, live: Path, work: Path, standing: Standing, *, ready: Callable[[], None]) -> str:
    """Write a site beside the standing one, and exchange them.

    `ready` is called when all is written, its list announced, and nothing of it is public yet.
    Gives a digest of the new site's listing.
    """
    following, trusted = work / "next", layout.standing is not None
    sums = _sums_of(layout, standing.sums or {} if trusted else {})
    if not trusted:
        shutil.rmtree(following, ignore_errors=True)
    written = lay_out(following, layout)
    announce_sums(work, sums)
    ready()
    exchange(following, live, layout, standing.listed if trusted else None)
    if not trusted:  # what somebody altered must not come back with the build after this one
        shutil.rmtree(following, ignore_errors=True)
    settle_sums(work)
    return digest_of(relisted(live, standing.listed if trusted else {}, layout, written))


def take_down(files: Iterable[str], live: Path, work: Path, standing: Standing) -> None:
    """Remove files from the site that stands, by their addresses."""
    removed = set(files)
    for address in removed:
        (live / address).unlink(missing_ok=True)
    sums = standing.sums or {}
    keep_sums(work, {address: value for address, value in sums.items() if address not in removed})


def _sums_of(layout: Layout, known: Mapping[str, str]) -> dict[str, str]:
    """Give the SHA-256 of every file of a site."""
    sums = {}
    for address, content in (*layout.pages.items(), *layout.pictures.items()):
        if isinstance(content, bytes):
            sums[address] = hashlib.sha256(content).hexdigest()
        else:
            sums[address] = known.get(address) or hashlib.sha256(Path(content).read_bytes()).hexdigest()
    return sums


def lay_out(folder: Path, layout: Layout) -> set[str]:
    """Make a folder hold this site and nothing else.

    Gives the addresses of all that was written anew; everything else is the standing site's very file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_FOLDER_MODE)
        kept = _purge(folder, layout)
        made, written = set[str](), set[str]()
        for address, content in layout.pages.items():
            if address not in kept and not _page(folder, address, content, made):
                written.add(address)
        for address, place in layout.pictures.items():
            if address not in kept:
                _parent(folder, address, made)
                there = layout.standing / address if layout.standing else None
                if there and there.is_file():
                    shared = _link(there, folder / address)
                else:  # a link would let whoever writes into the site write into our own files
                    shared = False
                    shutil.copy(place, folder / address)
                if not shared:
                    written.add(address)
    except OSError as error:
        raise UnavailableError(
            f"the site could not be written into {folder}: {error.strerror}",
            hint="make room on the disk and build again; the old site is still whole",
        ) from error
    return written


def _page(folder: Path, address: str, content: bytes | Path, made: set[str]) -> bool:
    """Put a page in its place, and give whether it is shared."""
    _parent(folder, address, made)
    if isinstance(content, Path):
        return _link(content, folder / address)
    (folder / address).write_bytes(content)
    (folder / address).chmod(_FILE_MODE)
    return False


def exchange(new: Path, live: Path, layout: Layout, before: Iterable[str] | None = None) -> None:
    """Put `new` in the place of `live` in one step.

    The old site stays where `new` was, but only what the new one shows too, unchanged. Linux exchanges the two in one
    step. Elsewhere there is a moment between two renames; `recover` puts the old site back should the machine stop
    right then. `before` are the addresses of all that the old site holds, if they are known: then it is not searched
    for more.
    """
    aside = _aside(live)
    shutil.rmtree(aside, ignore_errors=True)
    if live.exists() and not _exchanged(new, live):
        live.rename(aside)
        new.rename(live)
        aside.rename(new)
    elif not live.exists():
        new.rename(live)
    if new.is_dir() and before is None:
        _purge(new, layout)
    elif new.is_dir():
        _forget(new, layout, before or ())


def recover(live: Path) -> None:
    """Put back an old site that a crash left aside."""
    if _aside(live).is_dir() and not live.exists():
        _aside(live).rename(live)


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    """List the bytes and time of change (ns) of every file."""
    found = {}
    for start, entries in _folders(folder) if folder.is_dir() else ():
        for entry in entries:
            facts = entry.stat(follow_symlinks=False)
            found[start + entry.name] = (facts.st_size, facts.st_mtime_ns)
    return found


def digest_of(listed: Mapping[str, tuple[int, int]]) -> str:
    """Digest a listing of up to a hundred thousand files."""
    addresses = sorted(listed)
    facts = array("q", chain.from_iterable(map(listed.__getitem__, addresses)))
    return hashlib.sha256(
        "\0".join(addresses).encode("utf-8", "surrogateescape") + facts.tobytes()
    ).hexdigest()


def relisted(
    folder: Path, before: Mapping[str, tuple[int, int]], layout: Layout, written: Collection[str]
) -> dict[str, tuple[int, int]]:
    """List a new site, asking only after files that are new.

    `before` is the listing of its forerunner; `written` is what `lay_out` wrote anew.
    """
    found = {}
    for address in (*layout.pages, *layout.pictures):
        if address in before and address not in written:
            found[address] = before[address]
        else:
            facts = (folder / address).lstat()
            found[address] = (facts.st_size, facts.st_mtime_ns)
    return found


def _aside(live: Path) -> Path:
    return live.with_name(f"{live.name}.old")


def _folders(folder: Path) -> Iterator[tuple[str, list["os.DirEntry[str]"]]]:
    """Yield every folder's address and its files, links among them."""
    waiting = [""]
    while waiting:
        start, files = waiting.pop(), []
        with os.scandir(f"{folder}/{start}") as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{start}{entry.name}/")
                else:
                    files.append(entry)
        yield start, files


def _purge(folder: Path, layout: Layout) -> set[str]:
    """Remove what is not wanted, and give what is kept."""
    stay = {address for address, page in layout.pages.items() if isinstance(page, Path)}
    wanted = {address.rpartition("/")[0] for address in (*layout.pages, *layout.pictures)}
    kept, folders = set(), set()
    for start, files in _folders(folder):
        there = {start + file.name: file.path for file in files}
        folders |= {start.rstrip("/")} if there else set()
        pages = {address for address in there.keys() & stay if _same(layout.pages[address], there[address])}
        own = pages | (there.keys() & layout.pictures.keys())
        for address in there.keys() - own:
            os.unlink(there[address])  # noqa: PTH108 (tens of thousands of them)
        kept |= own
    for name in folders - wanted:
        shutil.rmtree(folder / name)
    return kept


def _forget(folder: Path, layout: Layout, before: Iterable[str]) -> None:
    """Remove those of a site's files that its successor does not share."""
    shared = {address for address, page in layout.pages.items() if isinstance(page, Path)}
    for address in before:
        if address not in layout.pictures and address not in shared:
            (folder / address).unlink(missing_ok=True)


def _same(page: bytes | Path, place: str) -> bool:
    """Tell whether a page that stays is this very file."""
    try:
        return os.path.samefile(page, place) if isinstance(page, Path) else False  # noqa: PTH121 (thousands)
    except FileNotFoundError:
        return False


def _parent(folder: Path, address: str, made: set[str]) -> None:
    parent = address.rpartition("/")[0]
    if parent not in made:
        (folder / parent).mkdir(parents=True, exist_ok=True)
        for place in (folder / parent, *(folder / parent).parents):
            if place == folder:
                break
            place.chmod(_FOLDER_MODE)
        made.add(parent)


def _link(place: Path, address: Path) -> bool:
    """Share a file between two addresses, or copy it."""
    try:
        os.link(place, address)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(place, address)
        return False
    return True


def _exchanged(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    return done == 0
