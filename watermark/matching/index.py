"""The catalogue's fingerprints in a folder.

Photos are appended, never rebuilt, and a crash leaves the old or the new.

`manifest.json` names the files that count and their checksums; everything else in the folder is left over and removed
at the next save. Photo keys are the catalogue's own numbers; inside, a photo is the slot (row) it was appended at.
"""

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from watermark.errors import IndexDamagedError
from watermark.matching.codebook import TABLES
from watermark.matching.fingerprint import Fingerprint, Record, described, pack, unpack
from watermark.matching.postings import Hits, Postings
from watermark.picture.perceptual_hash import bits_apart

VERSION = 1
MANIFEST = "manifest.json"
PHOTO = np.dtype([("key", "i8"), ("start", "u8"), ("phash", "u8"), ("length", "u4"), ("crc", "u4")])
# New entries live apart until they are this share of all entries, then both are merged.
RECENT_SHARE = 0.1


@cache
def _codebook_crc() -> int:
    """Checksum of the codebook that an index was written with."""
    return zlib.crc32(files(__package__).joinpath(TABLES).read_bytes())


def _damaged(what: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"The fingerprint index is damaged or of another version: {what}.", hint="Rebuild it."
    )


class Index:
    """Fingerprints of photos, searched by local features and by perceptual hash."""

    def __init__(self, folder: Path) -> None:
        """Begin empty, to be saved to `folder`.

        Use `open` or `create`.
        """
        self.folder = folder
        self._revision = 0
        self._photos = np.zeros(0, PHOTO)
        self._parts: list[Postings] = []
        self._written: list[dict[str, Any]] = []  # the files of the first of those
        self._records: NDArray[np.uint8] = np.zeros(0, np.uint8)
        self._records_file = ""
        self._pending: dict[int, bytes] = {}
        self._fresh: list[tuple[int, Fingerprint]] = []
        self._slots: dict[int, int] = {}
        self._erased = False
        self._described = True

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the index in `folder`, empty if none was saved there.

        Raises:
            IndexDamagedError: what is there is damaged or was written by another version.
        """
        index = cls(folder)
        if (folder / MANIFEST).exists():
            index._load()
        return index

    @classmethod
    def create(cls, folder: Path) -> Self:
        """A new, empty index whose first save replaces whatever is in `folder`."""
        index = cls(folder)
        revisions = [
            int(p.stem.split("-")[1]) for p in folder.glob("*-*.bin") if p.stem.split("-")[1].isdigit()
        ]
        index._revision = max(revisions, default=0)
        return index

    def __len__(self) -> int:
        """How many photos."""
        return len(self._slots)

    def keys(self) -> frozenset[int]:
        """The photos' keys."""
        return frozenset(self._slots)

    def insert(self, prints: Mapping[int, Fingerprint]) -> None:
        """Insert finished fingerprints.

        A key that is there already is replaced.
        """
        self.remove(self.keys() & set(prints))
        rows = np.zeros(len(prints), PHOTO)
        for slot, (key, print_) in enumerate(prints.items(), len(self._photos)):
            data = pack(print_.record)
            rows[slot - len(self._photos)] = (key, 0, print_.record.phash, len(data), zlib.crc32(data))
            self._pending[slot] = data
            self._slots[key] = slot
            self._fresh.append((slot, print_))
        self._photos = np.concatenate([self._photos, rows])

    def remove(self, keys: Iterable[int]) -> None:
        """Forget photos.

        Unknown keys are ignored; the next save takes them off the disk.
        """
        for key in keys:
            slot = self._slots.pop(key, None)
            if slot is not None:
                self._photos["length"][slot] = 0
                self._erased |= self._pending.pop(slot, None) is None

    def key(self, slot: int) -> int:
        """The key of the photo in this slot."""
        return int(self._photos["key"][slot])

    def alive(self) -> NDArray[np.bool_]:
        """Which slots still hold a photo."""
        return self._photos["length"] > 0

    def record(self, slot: int) -> Record:
        """What is kept of the photo in this slot.

        Raises:
            IndexDamagedError: its record was changed on disk.
        """
        data = self._pending.get(slot)
        if data is None:
            data = self._stored(slot).tobytes()
            if zlib.crc32(data) != self._photos["crc"][slot]:
                raise _damaged(f"the record of photo {self.key(slot)} was changed")
        return unpack(data)

    def undescribed(self) -> list[int]:
        """Keys of photos that an older version described, without where their subject stands."""
        if self._described:
            return []
        return [key for key, slot in sorted(self._slots.items()) if not len(self.record(slot).stands)]

    def describe(self, key: int) -> None:
        """Add to a photo what an older version did not describe; the next save keeps it."""
        slot = self._slots[key]
        data = pack(described(self.record(slot)))
        self._photos["length"][slot], self._photos["crc"][slot] = len(data), zlib.crc32(data)
        self._pending[slot] = data

    def near(self, words: NDArray[np.int32], signatures: NDArray[np.uint64], reach: int) -> Hits:
        """Find entries of words at most `reach` bits away."""
        self._file_fresh()
        found = [part.near(words, signatures, reach) for part in self._parts]
        alive = self.alive()
        hits = Hits.join(found)
        return hits if alive.all() else hits.where(alive[hits.slots])

    def alike(self, phash: int, most: int, within: int) -> list[tuple[int, int]]:
        """Find the slots whose perceptual hashes differ least.

        Gives (bits apart, slot), nearest first.
        """
        apart = bits_apart(phash, self._photos["phash"]).astype(np.int64)
        apart[~self.alive()] = 65
        first = np.argsort(apart, kind="stable")[:most]
        return [(int(apart[slot]), int(slot)) for slot in first if apart[slot] <= within]

    def save(self) -> None:
        """Write what is new, then point the manifest to it.

        Whoever reads meanwhile sees the old or the new, never a part.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._revision += 1
        self._file_fresh()
        if not self._described and not self.undescribed():
            self._described = self._erased = (
                True  # what older versions wrote is still there: without it, once
            )
        if self._erased:
            self._compact()
        else:
            self._append_records()
        photos = self._name("photos")
        crc = _write(self.folder / photos, [self._photos.tobytes()])
        for number, part in enumerate(self._parts[len(self._written) :], len(self._written)):
            name = self._name(f"words{number}")
            self._written.append({"file": name, "crc": part.write(self.folder / name)})
        manifest = {
            "format": "pairwatch fingerprints",
            "version": VERSION,
            "alphabet": _codebook_crc(),
            "revision": self._revision,
            "described": self._described,
            "records": {"file": self._records_file, "bytes": len(self._records)},
            "photos": {"file": photos, "crc": crc},
            "words": self._written,
        }
        _write(self.folder / "manifest.new", [json.dumps(manifest, indent=1).encode()])
        (self.folder / "manifest.new").replace(self.folder / MANIFEST)
        self._load()
        self._sweep(manifest)

    def _load(self) -> None:
        manifest = _manifest(self.folder / MANIFEST)
        self._revision, self._described = manifest["revision"], manifest["described"]
        data = _read(self.folder / manifest["photos"]["file"], manifest["photos"]["crc"])
        self._photos = np.frombuffer(data, PHOTO).copy()
        self._records_file = manifest["records"]["file"]
        self._records = _mapped(self.folder / self._records_file, manifest["records"]["bytes"])
        self._parts = [Postings.read(self.folder / part["file"], part["crc"]) for part in manifest["words"]]
        self._written = manifest["words"]
        self._slots = {int(k): n for n, k in enumerate(self._photos["key"]) if self._photos["length"][n]}
        self._pending, self._fresh, self._erased = {}, [], False

    def _name(self, what: str) -> str:
        return f"{what}-{self._revision:06d}.bin"

    def _stored(self, slot: int) -> NDArray[np.uint8]:
        row = self._photos[slot]
        return self._records[int(row["start"]) : int(row["start"]) + int(row["length"])]

    def _file_fresh(self) -> None:
        """Sort what was inserted since, and merge what has grown."""
        if not self._fresh:
            return
        slots = np.concatenate([np.full(len(p.words), slot, np.uint32) for slot, p in self._fresh])
        features = np.concatenate([np.arange(len(p.words), dtype=np.uint16) for _, p in self._fresh])
        words = np.concatenate([p.words for _, p in self._fresh])
        fresh = Postings.build(words, slots, features, np.concatenate([p.signatures for _, p in self._fresh]))
        self._fresh = []
        recent = Postings.merge([*self._parts[1:], fresh])
        main = self._parts[:1]
        if not main or len(recent) > RECENT_SHARE * len(main[0]):
            self._parts, self._written = [Postings.merge([*main, recent])], []
        else:
            self._parts, self._written = [*main, recent], self._written[:1]

    def _append_records(self) -> None:
        """Put new records behind the old ones.

        Bytes beyond the manifest's length do not count.
        """
        start = len(self._records)
        self._records_file = self._records_file or self._name("records")
        blocks = []
        at = start
        for slot, data in sorted(self._pending.items()):
            self._photos["start"][slot] = at
            at += len(data)
            blocks.append(data)
        _write(self.folder / self._records_file, blocks, start)
        self._records = np.zeros(0, np.uint8)
        self._records = _mapped(self.folder / self._records_file, at)

    def _compact(self) -> None:
        """Write everything anew without what was removed, and renumber the slots."""
        keep = self.alive()
        blocks = [
            self._pending.get(slot) or self._stored(slot).tobytes() for slot in np.flatnonzero(keep).tolist()
        ]
        renumbered = np.cumsum(keep) - 1
        merged = Postings.merge(self._parts, keep) if self._parts else None
        self._photos = self._photos[keep]
        self._photos["start"] = np.cumsum([0, *map(len, blocks)])[:-1]
        if merged is not None:
            slots = renumbered[merged.slots].astype(np.uint32)
            self._parts = [Postings(merged.ends, slots, merged.features, merged.signatures)]
        self._written = []
        self._records_file = self._name("records")
        _write(self.folder / self._records_file, blocks)
        self._records = _mapped(self.folder / self._records_file, sum(map(len, blocks)))

    def _sweep(self, manifest: Mapping[str, Any]) -> None:
        """Remove files that the manifest does not name.

        One that is open elsewhere is left for the next time.
        """
        counted = {
            manifest["records"]["file"],
            manifest["photos"]["file"],
            *(p["file"] for p in manifest["words"]),
        }
        for path in self.folder.glob("*-*.bin"):
            if path.name not in counted:
                with suppress(OSError):
                    path.unlink()


def _write(path: Path, blocks: Iterable[bytes], start: int = 0) -> int:
    """Write blocks durably from `start` on, and give their CRC-32."""
    crc = 0
    with path.open("r+b" if start else "wb") as out:
        out.seek(start)
        for block in blocks:
            crc = zlib.crc32(block, crc)
            out.write(block)
        out.truncate()
        out.flush()
        os.fsync(out.fileno())
    return crc


def _read(path: Path, crc: int) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _damaged(f"{path.name} cannot be read") from error
    if zlib.crc32(data) != crc:
        raise _damaged(f"{path.name} was changed")
    return data


def _mapped(path: Path, size: int) -> NDArray[np.uint8]:
    if not size:
        return np.zeros(0, np.uint8)
    try:
        data = np.memmap(path, np.uint8, "r")
    except (OSError, ValueError) as error:
        raise _damaged(f"{path.name} cannot be read") from error
    if len(data) < size:
        raise _damaged(f"{path.name} is cut off")
    return data[:size]


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_bytes())
        if manifest["version"] != VERSION or manifest["alphabet"] != _codebook_crc():
            raise _damaged("it was written by another version")
        counted = {k: manifest[k] for k in ("revision", "records", "photos", "words")}
        return counted | {"described": bool(manifest.get("described", False))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(f"{path.name} cannot be read") from error
