"""The proof that the catalogue, the originals and the built site are sound."""

import hashlib
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gallery.consent import may_show
from gallery.errors import GalleryError, RefusedError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Digest, subject_of
from gallery.rules.leaks import scan
from gallery.services.practice import Practice, practice
from gallery.settings import DataFolder
from gallery.site.checksums import lists
from gallery.site.published import token_of
from gallery.store.audit import replay
from gallery.store.head import NAME as HEAD
from gallery.store.head import Head, keep_head, kept_head, parse_head
from gallery.store.keys import SIGNING_KEY, SigningKey, signing_key
from gallery.store.ledger import Entry
from gallery.store.record import mac_with
from gallery.store.secrets import secrets_of
from gallery.store.vault import Vault
from watermark.errors import WatermarkError
from watermark.matching.index import Index

_NAMED = 5
_HEAL = "run `pairwatch build --force`"
_HEADS = re.compile(r"\b(\d+:sha256:[0-9a-f]{64})\b")
_TROUBLE = (GalleryError, WatermarkError, sqlite3.Error, OSError, ValueError, KeyError)
NOT_PROVEN = (
    "Not proven: that nobody put the whole folder back as it once was, or rewrote it with the key in "
    "keys/signing.key; compare with a head from a mail or report: pairwatch verify --head FILE"
)
Checked = tuple[list[str], list[str]]


@dataclass(frozen=True, slots=True)
class Soundness:
    """What `verify` found, and how much it looked at.

    `against` is the head from elsewhere that it was held against.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    head: Head = field(default_factory=lambda: Head(0, ""))
    against: Head | None = None

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        return {
            "sound": not self.problems,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "counts": dict(self.counts),
            "ledger_head": str(self.head),
            "held_against": str(self.against) if self.against else None,
            "not_proven": None if self.against else NOT_PROVEN,
        }

    def lines(self) -> list[str]:
        """Say it in plain words."""
        looked = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        lines = [f"Problem: {problem}" for problem in self.problems]
        lines += [f"Note: {note}" for note in self.notes]
        lines.append(f"{'NOT SOUND' if self.problems else 'Sound'}: looked at {looked}.")
        lines.append(f"Ledger head, to be kept elsewhere: {self.head}")
        if not self.against:
            lines.append(NOT_PROVEN)
        return lines


def head_from(text: str) -> Head:
    """Read a ledger head from a word, or the newest from a file that holds some.

    Raises:
        GalleryError: There is none.
    """
    if not _HEADS.fullmatch(text.strip()) and Path(text).is_file():
        found = _HEADS.findall(Path(text).read_text(encoding="utf-8", errors="replace").replace("=\n", ""))
        if not found:
            raise RefusedError(
                f"a ledger head like 12:sha256:… was expected in {text}, none was found",
                hint="save the whole mail or report as a file",
            )
        return max(map(parse_head, found), key=lambda head: head.seq)
    return parse_head(text.strip())


def verify_all(folder: DataFolder, *, now: datetime, expected: Head | None = None) -> Soundness:
    """Verify database, ledger, record, originals, evidence, index and built site.

    A folder that is damaged or may only be read is verified as far as it can be read.

    Args:
        folder: Of the practice.
        now: When consent is asked.
        expected: A head that was kept elsewhere.

    Raises:
        GalleryError: There is no catalogue.
    """
    folder.require()
    try:
        with practice(folder, actor="", now=now) as p:
            return _verify_practice(p, expected)
    except _TROUBLE as error:
        return _verify_what_is_left(folder, error, expected)


def verify_record(folder: DataFolder, *, now: datetime) -> tuple[str, ...]:
    """Verify all but the site and the index, which can be made anew.

    Raises:
        GalleryError: There is no catalogue.
    """
    folder.require()
    try:
        with practice(folder, actor="", now=now) as p:
            checks: tuple[Callable[[], Checked], ...] = (
                lambda: _record(folder, p.database.conn, None),
                lambda: (p.catalog.check(), []),
                lambda: _originals(p),
                lambda: _papers(p),
            )
            return tuple(problem for check in checks for problem in _tried(check)[0])
    except _TROUBLE as error:
        return _verify_what_is_left(folder, error, None).problems


def _verify_practice(p: Practice, expected: Head | None) -> Soundness:
    cut, notes = _record(p.folder, p.database.conn, expected)
    problems = [*_tried(lambda: (p.catalog.check(), []))[0], *cut]
    checks = (_originals, _papers, _fingerprints, _site, _leaks)
    for check in checks:
        wrong, worth_knowing = _tried(lambda check=check: check(p))  # type: ignore[misc]
        problems += wrong
        notes += worth_knowing
    head = p.ledger.head()
    if not cut:
        remember_head(p.folder, head)
    counts = {
        "cases": len(p.catalog.cases()),
        "photos": len(p.catalog.photo_digests()),
        "public photos": len(p.catalog.publications(PUBLIC_CHANNEL)),
        "ledger rows": head.seq,
    }
    return Soundness(tuple(dict.fromkeys(problems)), tuple(notes), counts, head, expected)


def _tried(check: Callable[[], Checked]) -> Checked:
    """Make a check that stumbles over damage a problem."""
    try:
        return check()
    except _TROUBLE as error:
        return [f"a part of the catalogue cannot be read: {error}"], []


def _verify_what_is_left(folder: DataFolder, error: Exception, expected: Head | None) -> Soundness:
    """Verify what can still be read without writing anything."""
    problems, notes, counts = [f"the catalogue cannot be used as it is: {error}"], list[str](), {}
    head = Head(0, "")
    try:
        with _read_only(folder.database) as database:
            cut, notes = _record(folder, database, expected)
            problems += cut
            row = database.execute("select seq, hash from ledger order by seq desc limit 1").fetchone()
            head = Head(int(row[0]), str(row[1])) if row else head
            counts = {"ledger rows": head.seq}
            wrong, more = _tried(lambda: _files(database, Vault(folder.originals), _ORIGINALS))
            problems += wrong
            for place, named in _papers_of(folder):
                wrong, more = _tried(lambda place=place, named=named: _files(database, place, named))  # type: ignore[misc]
                problems += wrong
                notes += more
    except _TROUBLE as again:
        problems.append(f"the database cannot be read at all: {again}")
        for vault in (Vault(folder.originals), *(place for place, _ in _papers_of(folder))):
            problems += vault.verify()
            counts["sealed files"] = counts.get("sealed files", 0) + sum(1 for _ in vault.digests())
    return Soundness(tuple(dict.fromkeys(problems)), tuple(notes), counts, head, expected)


@contextmanager
def _read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is not written to, or else a copy of it."""
    with tempfile.TemporaryDirectory() as desk:
        try:
            database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
            database.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.OperationalError:  # its journal cannot be made in a folder that may only be read
            copy = Path(desk) / path.name
            for ending in ("", "-wal"):
                source = path.with_name(path.name + ending)
                if source.is_file():
                    copy.with_name(copy.name + ending).write_bytes(source.read_bytes())
            database = sqlite3.connect(copy)
        with closing(database):
            yield database


def remembered_head(folder: DataFolder) -> Head | None:
    """Give the ledger's head as its file beside the database has it."""
    kept = kept_head(folder.root)
    return kept.head if kept else None


def remember_head(folder: DataFolder, head: Head) -> None:
    """Keep the ledger's head beside the database.

    A ledger that is cut short later is noticed by it.
    """
    keep_head(folder.root, head, signing_key(folder.root))


def _record(folder: DataFolder, database: sqlite3.Connection, expected: Head | None) -> Checked:
    """Replay the ledger against its heads, and the tables against it."""
    key, problems = _own_key(folder)
    if key is None and not problems and _is_signed(database):
        problems.append(f"the key keys/{SIGNING_KEY} is missing: restore it from your last backup")
    kept = kept_head(folder.root)
    found = replay(
        database,
        public=key.public if key else "",
        mac=mac_with(key) if key else None,
        expected=kept.head if kept else None,
    )
    problems += [
        *_head_file(database, key, (kept is not None and kept.signer) or ""),
        *found.problems,
    ]
    if expected:
        against = replay(database, expected=expected).problems
        problems += [one for one in against if one not in problems]
        if problems == [_LOST_HEAD]:
            problems = []  # what was kept elsewhere takes the place of the file
    return problems, list(found.notes)


_LOST_HEAD = (
    f"{HEAD} is missing or spoilt: what was cut off the ledger's end would not be noticed; compare it with a head "
    "from a mail, a report or a backup: pairwatch verify --head FILE"
)


def _head_file(database: sqlite3.Connection, key: SigningKey | None, signer: str) -> list[str]:
    if not _is_signed(database):
        return []
    if not signer:
        return [_LOST_HEAD]
    if key and signer != key.public:
        return [f"{HEAD} was signed with another key than keys/{SIGNING_KEY}"]
    return []


def _is_signed(database: sqlite3.Connection) -> bool:
    try:
        return database.execute("select 1 from ledger where signature <> '' limit 1").fetchone() is not None
    except sqlite3.Error:  # of an older version, or unreadable, which the replay says
        return False


def _own_key(folder: DataFolder) -> tuple[SigningKey | None, list[str]]:
    if not (folder.root / "keys" / SIGNING_KEY).is_file():
        return None, []
    try:
        return signing_key(folder.root), []
    except (GalleryError, OSError) as error:
        return None, [str(error)]


@dataclass(frozen=True, slots=True)
class _Named:
    """Which sealed files a table needs, by `query` of digest and words."""

    query: str
    what: str


_ORIGINALS = _Named(
    """select photos.digest, 'of photo ' || photos.id || ' (Patient ' || stages.case_number || ', '
              || stages.label || ')'
         from photos join stages on stages.id = photos.stage_id order by photos.id""",
    "the original",
)
_EVIDENCE = _Named(
    "select digest, 'of finding ' || min(finding_id) from finding_digests group by digest order by 2",
    "the evidence",
)
_FORMS = _Named(
    """select document, 'of consent ' || min(id) || ' (Patient ' || case_number || ')'
         from consents where document is not null group by document order by min(id)""",
    "the signed form",
)


def _papers_of(folder: DataFolder) -> tuple[tuple[Vault, _Named], ...]:
    return (
        (Vault(folder.evidence), _EVIDENCE),
        (Vault(folder.evidence / "consents"), _FORMS),
    )


def _files(database: sqlite3.Connection, vault: Vault, named: _Named) -> Checked:
    """Read every sealed file, and name those that changed or are missing."""
    table = "finding_digests" if named is _EVIDENCE else "photos"
    if not database.execute("select 1 from sqlite_master where name = ?", [table]).fetchone():
        return [], []
    needed = {Digest(digest): str(words) for digest, words in database.execute(named.query)}
    there = set(vault.digests())
    problems = [f"{named.what} {words} is missing" for digest, words in needed.items() if digest not in there]
    for digest in sorted(there):
        try:
            vault.get(digest)
        except GalleryError as error:
            words = needed.get(digest)
            problems.append(
                f"{named.what} {words} was changed after it was sealed ({digest})" if words else str(error)
            )
    return problems, []


def _originals(p: Practice) -> Checked:
    problems, notes = _files(p.database.conn, p.originals, _ORIGINALS)
    known = frozenset(p.catalog.photo_digests().values())
    orphans = sum(digest not in known for digest in p.originals.digests())
    if orphans:
        notes.append(f"{orphans} originals are not in the catalogue; importing the same again uses them")
    return problems, notes


def _papers(p: Practice) -> Checked:
    """Read the evidence and the signed forms."""
    problems = [
        one for vault, named in _papers_of(p.folder) for one in _files(p.database.conn, vault, named)[0]
    ]
    for vault in (p.incoming, p.composites):
        problems += vault.verify()
    return problems, []


def _fingerprints(p: Practice) -> Checked:
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


def _site(p: Practice) -> Checked:
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
    there, built = lists(p.folder.renditions), p.ledger.last(Action.SITE_BUILT, 2)
    if not there and not built:
        return problems, [
            *notes,
            "the site has no list of its files yet: the next `pairwatch build` writes it",
        ]
    if not there:
        return [*problems, f"the list of the site's files is gone, which {_built(built[0])}: {_HEAL}"], notes
    recorded = {entry.detail.get("list") for entry in built}
    known = [one for one in there if one.digest in recorded or not built]
    if not known:
        problems.append(f"the list of the site's files is not the one that {_built(built[0])}: {_HEAL}")
    differing = [_differing(p.folder.public, one.sums, shown - allowed) for one in known or there]
    return problems + min(differing, key=len), notes


def _built(entry: Entry) -> str:
    return f"{entry.actor} built on {entry.at[:10]} (ledger row {entry.seq})"


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
    problems = [f"{address} is missing from the site: {_HEAL}" for address in sums.keys() - there.keys()]
    for address, file in there.items():
        if address not in sums:
            if token_of(address) not in named:
                problems.append(f"{address} is on the site, but pairwatch did not put it there: {_HEAL}")
        elif file.is_symlink() or hashlib.sha256(file.read_bytes()).hexdigest() != sums[address]:
            problems.append(f"{address} was altered after it was built: {_HEAL}")
    return sorted(problems)


def _leaks(p: Practice) -> Checked:
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
