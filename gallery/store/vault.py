"""Originals under the digest of their bytes, never changed."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gallery.errors import DamagedError, GalleryError, RefusedError
from gallery.model import Digest

KIND = "sha256"
_INCOMING = "incoming"
_ABANDONED_AFTER_S = 24 * 3600


def digest_of(data: bytes) -> Digest:
    """Give the tagged SHA-256 of bytes."""
    return Digest(f"{KIND}:{hashlib.sha256(data).hexdigest()}")


class Vault:
    """A folder of originals that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        """Keep originals in this folder, which is made at the first `put`."""
        self._folder = folder

    def put(self, data: bytes) -> Digest:
        """Seal bytes whole, and give their digest."""
        staged = self.stage(data)
        digest = digest_of(data)
        if staged is not None:
            self.seal(staged, digest)
        return digest

    def stage(self, data: bytes) -> Path | None:
        """Write bytes into a file that can be sealed later.

        None where they are sealed already.
        """
        place = self._place(digest_of(data))
        if place.is_file() and place.stat().st_size == len(data):
            return None
        incoming = self._folder / _INCOMING
        for folder in (self._folder, incoming):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=incoming)  # mkstemp makes it 0600
        staged = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        return staged

    def seal(self, staged: Path, digest: Digest) -> None:
        """Make a staged file the original of the digest of its bytes."""
        place = self._place(digest)
        for folder in (place.parent.parent.parent, place.parent.parent, place.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            staged.replace(place)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        _settle(place.parent)

    def get(self, digest: Digest) -> bytes:
        """Give an original's bytes."""
        try:
            data = self._place(digest).read_bytes()
        except FileNotFoundError as error:
            raise DamagedError(
                f"the original {digest} is missing from {self._folder}",
                hint="restore it from a backup; `pairwatch verify` lists all that is missing",
            ) from error
        if digest_of(data) != digest:
            raise DamagedError(
                f"the original {digest} in {self._folder} was changed after it was sealed",
                hint="restore it from a backup; `pairwatch verify` lists all that was changed",
            )
        return data

    def head(self, digest: Digest, most: int) -> bytes:
        """Give an original's first bytes, unchecked, or none where it is missing."""
        try:
            with self._place(digest).open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return b""

    def has(self, digest: Digest) -> bool:
        """Tell whether an original is there, without reading it."""
        return self._place(digest).is_file()

    def digests(self) -> Iterator[Digest]:
        """Name every original that is there, catalogued or not."""
        for place in sorted(self._folder.glob(f"{KIND}/??/??/*")):
            yield Digest(f"{KIND}:{place.name}")

    def discard(self, digest: Digest) -> None:
        """Remove an original that never came into the catalogue."""
        self._place(digest).unlink(missing_ok=True)

    def sweep(self, known: frozenset[Digest], *, older_than_s: float = _ABANDONED_AFTER_S) -> int:
        """Remove old files of interrupted imports, and give how many."""
        limit = time.time() - older_than_s
        places = [self._place(digest) for digest in self.digests() if digest not in known]
        places += self._folder.glob(f"{_INCOMING}/*")
        old = [place for place in places if place.stat().st_mtime < limit]
        for place in old:
            place.unlink(missing_ok=True)
        return len(old)

    def verify(self) -> list[str]:
        """Read every original, and name those that changed."""
        problems = []
        for digest in self.digests():
            try:
                self.get(digest)
            except GalleryError as error:
                problems.append(str(error))
        return problems

    def _place(self, digest: Digest) -> Path:
        kind, _, hexdigits = digest.partition(":")
        if kind != KIND or len(hexdigits) != hashlib.sha256().digest_size * 2 or not hexdigits.isalnum():
            raise RefusedError(f"a digest like sha256:… was expected, {digest!r} was found")
        return self._folder / KIND / hexdigits[:2] / hexdigits[2:4] / hexdigits


def _settle(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
