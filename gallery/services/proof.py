"""The proof that a published case shows no more than it should."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from gallery.model import PUBLIC_CHANNEL, Case
from gallery.rules.leaks import scan
from gallery.services.practice import Practice
from gallery.site.published import picture_prefix
from gallery.site.stories import address_of
from gallery.store.secrets import secrets_of

_UNKNOWN_TAG = 801  # libxml2 knows no HTML 5 element names
_PAGES = frozenset({".html", ".css", ".js", ".xml", ".json", ".txt", ".svg"})


@dataclass(frozen=True, slots=True)
class PublicFile:
    """One public file of a case.

    `path` is its address in the site, `digest` the SHA-256 of its bytes.
    """

    path: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was looked at and what was found.

    No leaks and no faults of markup are good news. A leak is named by its kind and place alone: not everybody who sees
    the proof may see what leaked.
    """

    files: tuple[PublicFile, ...]
    looked_at: int
    leaks: tuple[str, ...]
    faults: tuple[str, ...]
    page: str

    @property
    def clean(self) -> bool:
        """Nothing leaks and no page is broken."""
        return not self.leaks and not self.faults


def prove(p: Practice, case: Case) -> Proof:
    """Look through a case's public files and the shared pages, byte by byte."""
    tokens = p.catalog.publications(PUBLIC_CHANNEL)
    photos = p.catalog.photos(case.number)
    pictures = [picture_prefix(tokens[photo.id].token) for photo in photos if photo.id in tokens]
    page = address_of(case.number)
    own = (f"{page.rpartition('/')[0]}/", *pictures)
    read = list(_files(p.folder.public, own))
    files = [
        PublicFile(path, len(data), hashlib.sha256(data).hexdigest())
        for path, data in read
        if path.startswith(own)
    ]
    leaks = scan(read, secrets_of(p.folder, p.catalog, p.casework, photos))
    faults = [fault for path, data in read if path.endswith(".html") for fault in html_faults(path, data)]
    return Proof(
        files=tuple(files),
        looked_at=len(read),
        leaks=tuple(dict.fromkeys(f"{leak.file}: {leak.kind} in {leak.where}" for leak in leaks)),
        faults=tuple(faults),
        page=page if pictures else "",
    )


def _files(public: Path, own: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Give shared pages, and all whose address begins as a case's own do."""
    for place in sorted(public.rglob("*")):
        path = place.relative_to(public).as_posix()
        shared = place.suffix in _PAGES and not path.startswith("patient-")
        if (shared or path.startswith(own)) and place.is_file():
            yield path, place.read_bytes()


def html_faults(path: str, data: bytes) -> list[str]:
    """Name what is broken in a page's markup."""
    parser = etree.HTMLParser(recover=True)
    etree.fromstring(data, parser)
    return [
        f"{path}, line {entry.line}: {entry.message}"
        for entry in parser.error_log
        if entry.type != _UNKNOWN_TAG
    ]
