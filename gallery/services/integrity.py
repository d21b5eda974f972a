"""The proof that the catalogue, the originals and the built site are sound."""

import hashlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gallery.consent import may_show
from gallery.errors import GalleryError, RefusedError
from gallery.model import PUBLIC_CHANNEL, subject_of
from gallery.rules.leaks import scan
from gallery.services.practice import Practice, practice
from gallery.settings import DataFolder
from gallery.site.checksums import announced_sums, kept_sums
from gallery.site.published import token_of
from gallery.store.ledger import Head
from gallery.store.secrets import secrets_of
from watermark.errors import WatermarkError
from watermark.matching.index import Index

_NAMED = 5
_HEAD = "ledger.head"


@dataclass(frozen=True, slots=True)
class Soundness:
    """What `verify` found, and how much it looked at."""

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
            "ledger_head": str(self.head),
        }

    def lines(self) -> list[str]:
        """Say it in plain words."""
        looked = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        lines = [f"Problem: {problem}" for problem in self.problems]
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(f"{'NOT SOUND' if self.problems else 'Sound'}: looked at {looked}.")
        lines.append(f"Ledger head, to be kept elsewhere: {self.head}")
        return lines


def parse_head(text: str) -> Head:
    """Read a ledger head that was written down.

    Raises:
        GalleryError: It is not of that form.
    """
    number, _, value = text.partition(":")
    if not number.isdigit() or not value.startswith("sha256:"):
        raise RefusedError(
            f"a ledger head like 12:sha256:… was expected, {text!r} was found",
            hint="`pairwatch verify` prints one",
        )
    return Head(int(number), value)


def verify_all(folder: DataFolder, *, now: datetime, expected: Head | None = None) -> Soundness:
    """Verify database, ledger, originals, index and built site.

    The ledger's head is remembered in a file of its own, so that a ledger cut short later is noticed.
    """
    with practice(folder, actor="", now=now) as p:
        cut = p.ledger.verify(expected=expected or remembered_head(folder))
        problems = [*p.catalog.check(), *cut]
        notes: list[str] = []
        for wrong, worth_knowing in (_originals(p), _fingerprints(p), _site(p), _leaks(p)):
            problems += wrong
            notes += worth_knowing
        head = p.ledger.head()
        if not cut:
            remember_head(folder, head)
        counts = {
            "cases": len(p.catalog.cases()),
            "photos": len(p.catalog.photo_digests()),
            "public photos": len(p.catalog.publications(PUBLIC_CHANNEL)),
            "ledger rows": head.seq,
        }
    return Soundness(tuple(problems), tuple(notes), counts, head)


def remembered_head(folder: DataFolder) -> Head | None:
    """Give the ledger's head as the last `verify` found it."""
    try:
        return parse_head((folder.root / _HEAD).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, GalleryError):
        return None


def remember_head(folder: DataFolder, head: Head) -> None:
    """Keep the ledger's head beside the database.

    A ledger that is cut short later is noticed by it.
    """
    with suppress(OSError):  # a folder that may only be read can still be verified
        (folder.root / _HEAD).write_text(f"{head}\n", encoding="ascii")


def _originals(p: Practice) -> tuple[list[str], list[str]]:
    vault, known = p.originals, frozenset(p.catalog.photo_digests().values())
    problems = [
        f"the original of photo {photo.id} (Patient {photo.case}, {photo.stage}) is missing"
        for photo in p.catalog.photos()
        if not vault.has(photo.digest)
    ]
    problems += vault.verify()
    orphans = sum(digest not in known for digest in vault.digests())
    notes = []
    if orphans:
        notes.append(f"{orphans} originals are not in the catalogue; importing the same again uses them")
    return problems, notes


def _fingerprints(p: Practice) -> tuple[list[str], list[str]]:
    known = p.catalog.photo_digests().keys()
    try:
        keys = Index.open(p.folder.index).keys()
    except WatermarkError as error:
        return [], [f"the fingerprint index cannot be used ({error}) and will be rebuilt by the next command"]
    unknown, notes = known - keys, []
    if unknown:
        names = [
            f"{subject_of(photo.case, photo.stage)} ({photo.view})"
            for photo in p.catalog.photos()
            if photo.id in unknown
        ]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        notes.append(
            f"copies of {', '.join(names[:_NAMED])}{more} are not recognised yet: "
            "the next `pairwatch identify` or `crawl` adds them to the fingerprint index, or says why it cannot"
        )
    if keys - known:
        notes.append("the fingerprint index knows photos that are no more; the next command forgets them")
    return [], notes


def _site(p: Practice) -> tuple[list[str], list[str]]:
    """Compare the built site with what consent allows at this moment."""
    if not p.folder.public.is_dir():
        return [], ["no site is built yet"]
    names, now = p.catalog.publications(PUBLIC_CHANNEL), p.local_now
    cases, consents = {case.number: case for case in p.catalog.cases()}, p.catalog.consents()
    allowed = {
        names[photo.id].token
        for photo in p.catalog.photos()
        if photo.id in names and may_show(cases[photo.case], photo, consents, PUBLIC_CHANNEL, now).allowed
    }
    shown = {token_of(file.name) for file in (p.folder.public / "photos").glob("*")}
    problems = [
        f"the site shows {name}, which consent does not allow: run `pairwatch build`"
        for name in sorted(shown - allowed)
    ]
    waiting = len(allowed - shown)
    notes = [f"{waiting} photos wait for the next `pairwatch build`"] if waiting else []
    known = [sums for sums in (kept_sums(p.folder.renditions), announced_sums(p.folder.renditions)) if sums]
    if not known:
        return problems, [
            *notes,
            "the site has no list of its files yet: the next `pairwatch build` writes it",
        ]
    differing = [_differing(p.folder.public, sums, shown - allowed) for sums in known]
    return problems + min(differing, key=len), notes


def _differing(site: Path, sums: Mapping[str, str], named: AbstractSet[str]) -> list[str]:
    """Name every file of the site that changed since it was built.

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
            if token_of(address) not in named:
                problems.append(f"{address} is on the site, but pairwatch did not put it there: {heal}")
        elif file.is_symlink() or hashlib.sha256(file.read_bytes()).hexdigest() != sums[address]:
            problems.append(f"{address} was altered after it was built: {heal}")
    return sorted(problems)


def _leaks(p: Practice) -> tuple[list[str], list[str]]:
    """Read every byte of the built site for what must never be public."""
    shown = p.catalog.publications(PUBLIC_CHANNEL)
    published = [photo for photo in p.catalog.photos() if photo.id in shown]
    files = (
        (place.relative_to(p.folder.public).as_posix(), place.read_bytes())
        for place in sorted(p.folder.public.rglob("*"))
        if place.is_file()
    )
    leaks = scan(files, secrets_of(p.folder, p.catalog, p.casework, published))
    return [f"the site betrays a patient: {leak.sentence()}" for leak in leaks], []
