"""The fingerprint index, kept in step with the catalogue's photos."""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from filelock import FileLock

from gallery.errors import GalleryError
from gallery.model import Digest, Photo, subject_of
from gallery.parallel import Progress, in_parallel, silently
from gallery.settings import DataFolder
from gallery.store.vault import Vault
from watermark.errors import IndexDamagedError, WatermarkError
from watermark.matching.fingerprint import Fingerprint, fingerprint
from watermark.matching.index import MANIFEST, Index
from watermark.picture.decode import open_picture
from watermark.picture.perceptual_hash import BITS_APART, Look

_BATCH = 256
WHOLE_PX = 8192
"""Long side of what is fingerprinted whole; a panorama is opened smaller."""


class Fingerprints:
    """The index of a data folder, kept at exactly the given photos."""

    def __init__(self, folder: DataFolder, photos: Mapping[int, Photo], talk: Callable[[str], None]) -> None:
        """Open nothing yet.

        Open nothing yet; `talk` is told in one line when the index is rebuilt or caught up.
        """
        self._folder, self._photos, self._talk = folder, photos, talk
        self._revision: object = None
        self._glance: Index | None = None

    def catch_up(self, *, progress: Progress = silently, made: Mapping[int, Path] | None = None) -> Index:
        """Fingerprint what the index lacks and forget what the catalogue lacks.

        A photo that cannot be fingerprinted is said, and left for the next time; all others go on. `made` are files
        with the pickled fingerprints of photos that are made already, by id.
        """
        made = made or {}
        with self._lock():
            index = self._opened()
            behind = len(self._photos.keys() - index.keys() - made.keys())
            if behind and len(index):
                self._talk(
                    f"The fingerprint index lacks {behind} photos of the catalogue; they are added now."
                )
            return self._completed(index, progress, made)

    def alike(self, look: Look) -> Iterator[int]:
        """Give the photos that may be the same, as far as the index knows them; the nearest first."""
        with self._lock():
            if self._glance is None and (self._folder.index / MANIFEST).exists():
                self._glance = self._opened()
            index = self._glance
        if index is not None:
            yield from (index.key(slot) for _, slot in index.alike(look.phash, 3, BITS_APART))

    def rebuilt(self, why: IndexDamagedError) -> Index:
        """Make a damaged index anew, unless another process did so meanwhile."""
        with self._lock():
            if self._on_disk() == self._revision:
                self._say_rebuilt(str(why))
                return self._completed(Index.create(self._folder.index), silently, {})
        return self.catch_up()

    def _lock(self) -> FileLock:
        return FileLock(self._folder.root / "index.lock")

    def _completed(self, index: Index, progress: Progress, made: Mapping[int, Path]) -> Index:
        gone = index.keys() - self._photos.keys()
        missing = sorted(self._photos.keys() - index.keys())
        if gone:
            index.remove(gone)
        if gone and not missing:
            index.save()
        for key, new in progress(self._fingerprints(missing, made), len(missing), "Fingerprinting"):
            if isinstance(new, str):
                photo = self._photos[key]
                subject = subject_of(photo.case, photo.stage)
                self._talk(f"Copies of {subject} cannot be recognised yet: {new}.")
            else:
                index.insert({key: new})
            if len(index) % _BATCH == 0 or key == missing[-1]:
                index.save()
        older = index.undescribed()
        for count, key in enumerate(progress(iter(older), len(older), "Describing anew"), 1):
            index.describe(key)
            if count % _BATCH == 0 or count == len(older):
                index.save()
        self._revision = self._on_disk()
        return index

    def _on_disk(self) -> object:
        """Tell one state of the index on disk from every other."""
        manifest = self._folder.index / MANIFEST
        return manifest.stat().st_mtime_ns if manifest.is_file() else None

    def _say_rebuilt(self, why: str) -> None:
        self._talk(f"{why.rstrip('.')}: it is rebuilt from the originals.")

    def _opened(self) -> Index:
        """Open the index, or start a new one and say so."""
        folder = self._folder.index
        if not (folder / MANIFEST).exists() and any(folder.glob("*.bin")):
            self._say_rebuilt(f"The fingerprint index has lost its {MANIFEST}")
            return Index.create(folder)
        try:
            return Index.open(folder)
        except IndexDamagedError as error:
            self._say_rebuilt(str(error))
        except Exception as error:  # noqa: BLE001 (whatever its bytes make the reader stumble over)
            self._say_rebuilt(f"The fingerprint index is damaged ({type(error).__name__}: {error})")
        return Index.create(folder)

    def _fingerprints(
        self, keys: list[int], made: Mapping[int, Path]
    ) -> Iterable[tuple[int, Fingerprint | str]]:
        rest = [key for key in keys if key not in made]
        work = partial(_fingerprint_of, self._folder.originals)
        fresh = in_parallel(work, [self._photos[key].digest for key in rest])
        for key in keys:
            yield key, _read(made[key]) if key in made else next(fresh)


def _read(place: Path) -> Fingerprint:
    new = pickle.loads(place.read_bytes())  # noqa: S301 (written by this import, in a folder for its owner alone)
    if not isinstance(new, Fingerprint):
        raise TypeError(f"expected a fingerprint in {place}, found {type(new).__name__}")
    return new


def _fingerprint_of(originals: Path, digest: Digest) -> Fingerprint | str:
    """Give a photo's fingerprint, or say why there is none."""
    try:
        return fingerprint(open_picture(Vault(originals).get(digest), longest=WHOLE_PX))
    except (GalleryError, WatermarkError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (whatever in its bytes makes the matcher stumble)
        return f"it breaks the matcher ({type(error).__name__}: {error})"
