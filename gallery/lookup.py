"""Whose photograph is this? The catalogue and the fingerprint index, kept in step with each other."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from gallery.catalog import Catalog
from gallery.errors import GalleryError
from gallery.model import Digest, Photo, subject_of
from gallery.parallel import Progress, in_parallel, silently
from gallery.schema import open_database
from gallery.settings import DataFolder, load_settings
from gallery.vault import Vault
from watermark.errors import IndexDamagedError, WatermarkError
from watermark.fingerprint.index import Index
from watermark.fingerprint.record import Fingerprint, fingerprint
from watermark.pixels import Picture, open_picture
from watermark.visible import MarkDesign

if TYPE_CHECKING:
    from watermark.identify import Answer

_BATCH = 256


@dataclass(frozen=True, slots=True)
class Identification:
    """What a file was found to be: the matcher's answer, and the photo of ours that it speaks of."""

    file: str
    answer: "Answer"
    photo: Photo | None
    runner_up: Photo | None
    explanation: str

    def to_json(self) -> dict[str, object]:
        """Give the machine-readable line of `pairwatch identify --json`."""
        answer, photo, second = self.answer, self.photo, self.answer.runner_up
        return {
            "file": self.file,
            "verdict": str(answer.verdict),
            "probability": round(answer.probability, 4),
            "photo": photo.file if photo else None,
            "case": photo.case if photo else None,
            "stage": photo.stage if photo else None,
            "view": photo.view if photo else None,
            "transform": asdict(answer.transform) if answer.transform else None,
            "overlap": asdict(answer.overlap) if answer.overlap else None,
            "runner_up": None
            if second is None or self.runner_up is None
            else {
                "photo": self.runner_up.file,
                "case": self.runner_up.case,
                "stage": self.runner_up.stage,
                "probability": round(second.probability, 4),
            },
            "changes": list(answer.changes),
            "mark": str(answer.mark),
            "carries_our_mark": answer.carries_our_mark,
            "explanation": self.explanation,
        }


def _say_nothing(line: str) -> None:
    """Take a line that nobody wants to read."""


class Lookup:
    """The catalogue as it is now, with an index that covers exactly its photos.

    Holds no open file of the catalogue, so that one may be used in each thread or process.
    """

    def __init__(self, folder: DataFolder, *, talk: Callable[[str], None] = _say_nothing) -> None:
        """Read the catalogue; `talk` is told in one line when the index must be rebuilt or caught up.

        Raises:
            GalleryError: There is no catalogue.
        """
        folder.require()
        self._folder, self._talk = folder, talk
        self._vault = Vault(folder.originals)
        database = open_database(folder.database)
        try:
            self._photos = {photo.id: photo for photo in Catalog(database).photos()}
        finally:
            database.close()
        self._index: Index | None = None

    def index(self, *, progress: Progress = silently) -> Index:
        """Give the index, which covers every photo of the catalogue and no other."""
        if self._index is None:
            self._index = self.catch_up(progress=progress)
        return self._index

    def catch_up(self, *, progress: Progress = silently) -> Index:
        """Fingerprint what the index lacks, forget what the catalogue lacks; saved every few photos.

        A photo that cannot be fingerprinted is said, and left for the next time; all others go on.
        """
        with FileLock(self._folder.root / "index.lock"):
            index = self._opened()
            gone = index.keys() - self._photos.keys()
            missing = sorted(self._photos.keys() - index.keys())
            if gone:
                index.remove(gone)
            if gone and not missing:
                index.save()
            for key, made in progress(self._fingerprints(missing), len(missing), "Fingerprinting"):
                if isinstance(made, str):
                    self._talk(f"Copies of {self.subject(key)} cannot be recognised yet: {made}.")
                else:
                    index.insert({key: made})
                if len(index) % _BATCH == 0 or key == missing[-1]:
                    index.save()
        self._index = index
        return index

    def identify(self, data: bytes, name: str) -> Identification:
        """Tell which of our photos a file shows, if any.

        Raises:
            WatermarkError: The bytes are no readable picture.
        """
        from watermark.identify import explain, identify_file  # noqa: PLC0415 (intake does without the judge)

        answer = identify_file(data, self.index(), self._marks())
        photo = None if answer.photo is None else self.photo(answer.photo)
        second = answer.runner_up
        return Identification(
            file=name,
            answer=answer,
            photo=photo,
            runner_up=self._photos.get(second.photo) if second else None,
            explanation=explain(answer, self.subject(photo.id) if photo else "one of our photos"),
        )

    def _marks(self) -> tuple[MarkDesign, ...]:
        """Give the mark that published photos bear, so that it is known when it is seen."""
        settings = load_settings(self._folder)
        if not settings.mark_text.strip():
            return ()
        return (MarkDesign(text=settings.mark_text, opacity=settings.mark_opacity),)

    def photo(self, photo_id: int) -> Photo:
        """Give a photo of the catalogue.

        Raises:
            GalleryError: There is none of this id.
        """
        try:
            return self._photos[photo_id]
        except KeyError:
            raise GalleryError(
                f"the index knows photo {photo_id}, the catalogue does not", hint="run: pairwatch doctor"
            ) from None

    def subject(self, photo_id: int) -> str:
        """Name a photo as a sentence's subject: `Patient 51's after photo`."""
        photo = self.photo(photo_id)
        return subject_of(photo.case, photo.stage)

    def picture(self, photo_id: int) -> Picture:
        """Decode a photo's original.

        Raises:
            GalleryError: The original is missing or was changed.
        """
        return open_picture(self._vault.get(self.photo(photo_id).digest))

    def _opened(self) -> Index:
        try:
            index = Index.open(self._folder.index)
        except IndexDamagedError as error:
            self._talk(f"The fingerprint index cannot be used ({error}); it is rebuilt from the originals.")
            return Index.create(self._folder.index)
        behind = len(self._photos.keys() - index.keys())
        if behind and len(index):
            self._talk(f"The fingerprint index lacks {behind} photos of the catalogue; they are added now.")
        return index

    def _fingerprints(self, keys: list[int]) -> Iterable[tuple[int, Fingerprint | str]]:
        work = partial(_fingerprint_of, self._folder.originals)
        digests = [self._photos[key].digest for key in keys]
        return zip(keys, in_parallel(work, digests), strict=True)


def _fingerprint_of(originals: Path, digest: Digest) -> Fingerprint | str:
    """Give a photo's fingerprint, or why there is none: one bad photo must not cost all others their watch."""
    try:
        return fingerprint(open_picture(Vault(originals).get(digest)))
    except (GalleryError, WatermarkError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (whatever in its bytes makes the matcher stumble)
        return f"it breaks the matcher ({type(error).__name__}: {error})"
