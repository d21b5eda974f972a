"""Is everything as it should be? Proves the catalogue sound, and says what this machine can and cannot do."""

import base64
import hashlib
import os
import platform
import shutil
import sqlite3
import stat
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Literal

from gallery.consent import may_show
from gallery.errors import GalleryError
from gallery.model import PUBLIC_CHANNEL, subject_of
from gallery.rules.leaks import scan
from gallery.settings import DataFolder, load_settings
from gallery.site.checksums import announced_sums, kept_sums
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.ledger import Head, Ledger
from gallery.store.secrets import secrets_of
from gallery.store.vault import Vault
from watermark.errors import WatermarkError
from watermark.matching.index import Index
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode

_FREE_BYTES = 2 * 2**30
_NAMED = 5
_HEAD = "ledger.head"
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")


@dataclass(frozen=True, slots=True)
class Soundness:
    """What `verify` found: problems to act on, notes to know, and how much was looked at."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    head: Head = field(default_factory=lambda: Head(0, ""))

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {
            "sound": not self.problems,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "counts": dict(self.counts),
            "ledger_head": f"{self.head.seq}:{self.head.hash}",
        }

    def lines(self) -> list[str]:
        """Say it in plain words."""
        looked = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        lines = [f"Problem: {problem}" for problem in self.problems]
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(f"{'NOT SOUND' if self.problems else 'Sound'}: looked at {looked}.")
        lines.append(f"Ledger head, to be kept elsewhere: {self.head.seq}:{self.head.hash}")
        return lines


def parse_head(text: str) -> Head:
    """Read a ledger head that was written down as SEQ:HASH.

    Raises:
        GalleryError: It is not of that form.
    """
    number, _, value = text.partition(":")
    if not number.isdigit() or not value.startswith("sha256:"):
        raise GalleryError(
            f"a ledger head like 12:sha256:… was expected, {text!r} was found",
            hint="`pairwatch verify` prints one",
        )
    return Head(int(number), value)


def verify_all(folder: DataFolder, *, now: datetime, expected: Head | None = None) -> Soundness:
    """Look at the database, the ledger, every original, the index and the built site; nothing of it is changed.

    The ledger's head is remembered in a file of its own, so that a ledger cut short later is noticed.
    """
    folder.require()
    database = open_database(folder.database)
    try:
        catalog, ledger = Catalog(database), Ledger(database)
        cut = ledger.verify(expected=expected or remembered_head(folder))
        problems = [*catalog.check(), *cut]
        notes: list[str] = []
        looks = (
            _originals(folder, catalog),
            _fingerprints(folder, catalog),
            _site(folder, catalog, now),
            _leaks(folder, catalog, Casework(database)),
        )
        for wrong, worth_knowing in looks:
            problems += wrong
            notes += worth_knowing
        head = ledger.head()
        if not cut:
            remember_head(folder, head)
        counts = {
            "cases": len(catalog.cases()),
            "photos": len(catalog.photo_digests()),
            "public photos": len(catalog.publications(PUBLIC_CHANNEL)),
            "ledger rows": head.seq,
        }
    finally:
        database.close()
    return Soundness(tuple(problems), tuple(notes), counts, head)


def remembered_head(folder: DataFolder) -> Head | None:
    """Give the ledger's head as the last `verify` found it; None before the first."""
    try:
        return parse_head((folder.root / _HEAD).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, GalleryError):
        return None


def remember_head(folder: DataFolder, head: Head) -> None:
    """Keep the ledger's head beside the database, so that a ledger cut short later is noticed."""
    with suppress(OSError):  # a folder that may only be read can still be verified
        (folder.root / _HEAD).write_text(f"{head.seq}:{head.hash}\n", encoding="ascii")


def _originals(folder: DataFolder, catalog: Catalog) -> tuple[list[str], list[str]]:
    vault, known = Vault(folder.originals), frozenset(catalog.photo_digests().values())
    problems = [
        f"the original of photo {photo.id} (Patient {photo.case}, {photo.stage}) is missing"
        for photo in catalog.photos()
        if not vault.has(photo.digest)
    ]
    problems += vault.verify()
    orphans = sum(digest not in known for digest in vault.digests())
    notes = []
    if orphans:
        notes.append(f"{orphans} originals are not in the catalogue; importing the same again uses them")
    return problems, notes


def _fingerprints(folder: DataFolder, catalog: Catalog) -> tuple[list[str], list[str]]:
    known = catalog.photo_digests().keys()
    try:
        keys = Index.open(folder.index).keys()
    except WatermarkError as error:
        return [], [f"the fingerprint index cannot be used ({error}) and will be rebuilt by the next command"]
    unknown, notes = known - keys, []
    if unknown:
        names = [f"{subject_of(p.case, p.stage)} ({p.view})" for p in catalog.photos() if p.id in unknown]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        notes.append(
            f"copies of {', '.join(names[:_NAMED])}{more} are not recognised yet: "
            "the next `pairwatch identify` or `crawl` adds them to the fingerprint index, or says why it cannot"
        )
    if keys - known:
        notes.append("the fingerprint index knows photos that are no more; the next command forgets them")
    return [], notes


def _site(folder: DataFolder, catalog: Catalog, now: datetime) -> tuple[list[str], list[str]]:
    """Hold every file of the built site against what consent allows at this moment."""
    if not folder.public.is_dir():
        return [], ["no site is built yet"]
    names, now = catalog.publications(PUBLIC_CHANNEL), load_settings(folder).local(now)
    cases, consents = {case.number: case for case in catalog.cases()}, catalog.consents()
    allowed = {
        names[photo.id].token
        for photo in catalog.photos()
        if photo.id in names and may_show(cases[photo.case], photo, consents, PUBLIC_CHANNEL, now).allowed
    }
    shown = {file.stem.rpartition("-")[0] for file in (folder.public / "photos").glob("*")}
    problems = [
        f"the site shows {name}, which consent does not allow: run `pairwatch build`"
        for name in sorted(shown - allowed)
    ]
    waiting = len(allowed - shown)
    notes = [f"{waiting} photos wait for the next `pairwatch build`"] if waiting else []
    known = [sums for sums in (kept_sums(folder.renditions), announced_sums(folder.renditions)) if sums]
    if not known:
        return problems, [
            *notes,
            "the site has no list of its files yet: the next `pairwatch build` writes it",
        ]
    differing = [_differing(folder.public, sums, shown - allowed) for sums in known]
    return problems + min(differing, key=len), notes


def _differing(site: Path, sums: Mapping[str, str], named: AbstractSet[str]) -> list[str]:
    """Name every file of the site that was altered, added or removed since it was built.

    Args:
        site: the built site.
        sums: the SHA-256 of each file as the build wrote it, by address.
        named: pictures that another sentence names already.
    """
    there = {
        file.relative_to(site).as_posix(): file
        for file in site.rglob("*")
        if file.is_symlink() or not file.is_dir()
    }
    heal = "run `pairwatch build --force`"
    problems = [f"{address} is missing from the site: {heal}" for address in sums.keys() - there.keys()]
    for address, file in there.items():
        if address not in sums:
            if file.stem.rpartition("-")[0] not in named:
                problems.append(f"{address} is on the site, but pairwatch did not put it there: {heal}")
        elif file.is_symlink() or hashlib.sha256(file.read_bytes()).hexdigest() != sums[address]:
            problems.append(f"{address} was altered after it was built: {heal}")
    return sorted(problems)


def _leaks(folder: DataFolder, catalog: Catalog, casework: Casework) -> tuple[list[str], list[str]]:
    """Read every byte of the built site for what must never be public."""
    shown = catalog.publications(PUBLIC_CHANNEL)
    published = [photo for photo in catalog.photos() if photo.id in shown]
    files = (
        (place.relative_to(folder.public).as_posix(), place.read_bytes())
        for place in sorted(folder.public.rglob("*"))
        if place.is_file()
    )
    leaks = scan(files, secrets_of(folder, catalog, casework, published))
    return [f"the site betrays a patient: {leak.sentence()}" for leak in leaks], []


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `doctor` looked at; `needed` says whether pairwatch can work without it."""

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
        _browser(),
    ]


def matching_measured() -> tuple[object, str]:
    """Give what was measured of the matcher, as values and as text to read.

    Raises:
        GalleryError: It did not come with this installation.
    """
    from watermark.matching.error_rates import ErrorRates  # noqa: PLC0415 (heavy, and only asked for by name)
    from watermark.matching.model import matching_rates  # noqa: PLC0415 (heavy, and only asked for by name)

    try:
        rates = matching_rates()
    except FileNotFoundError as error:
        raise GalleryError(
            "no measured rates came with this installation", hint="install pairwatch again"
        ) from error
    return rates, ErrorRates.of(rates).text()


def _version(name: str) -> Check:
    try:
        return Check(name, ok=True, needed=True, found=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Check(name, ok=False, needed=True, found="not installed: install pairwatch again")


def _collision() -> Check:
    """Look for another distribution that installs a top-level package of our name over ours."""
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
    """Originals are for their owner alone; Windows keeps such rights elsewhere."""
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
