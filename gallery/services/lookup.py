"""Which photo of ours is this?"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from gallery.errors import DamagedError, GalleryError
from gallery.events import Action
from gallery.model import PUBLIC_CHANNEL, Photo, subject_of
from gallery.parallel import Progress, silently
from gallery.rules.pairs import frames_of
from gallery.services.fingerprints import Fingerprints
from gallery.services.practice import practice
from gallery.settings import DataFolder, Settings, load_settings
from gallery.site.renditions import recipe_for
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog
from gallery.store.database import open_database
from gallery.store.hidden_marks import HiddenMarks
from gallery.store.keys import mark_key
from gallery.store.published_files import PublishedFile, PublishedFiles
from gallery.store.vault import Vault, digest_of
from gallery.times import text_of
from watermark.errors import IndexDamagedError, WatermarkError
from watermark.marking.design import Design, Designs
from watermark.matching.explanation import edit_words, explain, half_words
from watermark.matching.index import Index
from watermark.matching.verdict import Verdict
from watermark.picture.decode import DecodeLimits, open_picture
from watermark.picture.encode import encode
from watermark.picture.perceptual_hash import hashes
from watermark.picture.pixels import Picture, pixel_digest
from watermark.picture.sandbox import Opened, sandbox

_READ = 1 - 1e-6  # that a picture in which our hidden mark was read is a copy; the bound is far above

if TYPE_CHECKING:
    from gallery.services.marks import MarksRead
    from watermark.matching.result import Answer, RunnerUp


@dataclass(frozen=True, slots=True)
class Identification:
    """The matcher's answer for a file, and the photo it speaks of.

    Args:
        file: What the answer calls it.
        answer: The matcher's.
        hashes: Perceptual hashes of what shows something of ours, by their names, for other tools; hexadecimal.
        photo: Ours, of which the answer speaks.
        runner_up: The second best, named.
        explanation: The answer in words.
        also: Further photos in the same picture, named.
        marks: What marks it still carries.
        published: The file that we published, if it is one of those.
    """

    file: str
    answer: "Answer"
    hashes: Mapping[str, str]
    photo: Photo | None
    runner_up: dict[str, object] | None
    explanation: str
    also: tuple[dict[str, object], ...] = ()
    marks: "MarksRead | None" = None
    published: PublishedFile | None = None

    def to_json(self) -> dict[str, object]:
        """Give the machine-readable line of `pairwatch identify --json`."""
        answer, photo = self.answer, self.photo
        return answer.to_json() | {
            "file": self.file,
            "probability": round(answer.probability, 4),
            "photo": photo.file if photo else None,
            "case": photo.case if photo else None,
            "stage": photo.stage if photo else None,
            "view": photo.view if photo else None,
            "runner_up": self.runner_up,
            "also": list(self.also),
            "part": half_words(answer.half),
            "changes": edit_words(answer.edits),
            "frames_looked_at": answer.judged,
            "hashes": dict(self.hashes),
            "explanation": self.explanation,
            "marks": self.marks.to_json() if self.marks else None,
            "published": {
                "digest": self.published.digest,
                "channel": self.published.channel,
                "path": self.published.path,
                "since": text_of(self.published.published_at),
            }
            if self.published
            else None,
        }


def _as_published(answer: "Answer", ours: PublishedFile) -> "Answer":
    """Make an answer certain, of which the matcher gives only where the photo lies."""
    agrees = answer.photo == ours.photo_id
    return replace(
        answer,
        verdict=Verdict.COPY,
        probability=1.0,
        photo=ours.photo_id,
        transform=answer.transform if agrees else None,
        overlap=answer.overlap if agrees else None,
        runner_up=answer.runner_up if agrees else None,
        half=None,
        edits=(),
        obstacle=None,
    )


def _tell(line: str) -> None:
    """Say it where the night's log and the terminal both take it."""
    sys.stderr.write(f"{line}\n")


class Lookup:
    """Identifies files by the catalogue as it was when this was made.

    Holds no open file of the catalogue, so that one may be used in each thread or process.
    """

    def __init__(
        self, folder: DataFolder, *, talk: Callable[[str], None] = _tell, now: datetime | None = None
    ) -> None:
        """Read the catalogue.

        Args:
            folder: The practice's data.
            talk: Is told in one line when the index must be rebuilt or caught up; standard error unless told.
            now: Whose year a photo's mark has that was never published; the clock's unless told.

        Raises:
            GalleryError: There is no catalogue.
        """
        folder.require()
        self._folder, self._now = folder, now or datetime.now(UTC)
        self._vault = Vault(folder.originals)
        database = open_database(folder.database)
        try:
            catalog = Catalog(database)
            self._photos = {photo.id: photo for photo in catalog.photos()}
            self._recorded = catalog.designs()
            self._hidden_marks = HiddenMarks(database).by_photo()
            self._published = PublishedFiles(database).all()
            self._frames = frames_of(self._photos.values(), Casework(database).alignments())
        finally:
            database.close()
        self._fingerprints = Fingerprints(folder, self._photos, talk)
        self._index: Index | None = None

    @cached_property
    def limits(self) -> DecodeLimits:
        """How much one picture may ask for, as the practice set it."""
        chosen = self._settings
        return DecodeLimits(
            max_seconds=chosen.picture_seconds,
            max_memory=chosen.picture_memory_mib * 1024**2,
            max_frames=chosen.picture_frames,
        )

    @cached_property
    def _settings(self) -> Settings:
        return load_settings(self._folder)

    def index(self, *, progress: Progress = silently) -> Index:
        """Give the index, which covers every photo of the catalogue and no other."""
        if self._index is None:
            self._index = self._fingerprints.catch_up(progress=progress)
        return self._index

    def identify(self, data: bytes, name: str, limits: DecodeLimits | None = None) -> Identification:
        """Tell which of our photos a file shows, if any.

        The file is opened in a process of its own, within the limits.

        Args:
            data: The file.
            name: What the answer calls it.
            limits: How much it may ask for; the practice's own unless told.

        Raises:
            WatermarkError: The bytes are no readable picture, or one beyond the limits.
        """
        from watermark.matching.identify import WORKED  # noqa: PLC0415 (intake does without the judge)

        opened = sandbox().open_frames(data, limits or self.limits, longest=WORKED)
        answer, ours = self._judged(opened), self._published_file(data, opened, limits or self.limits)
        if ours:
            answer = _as_published(answer, ours)
        shown = next(frame.picture for frame in opened.frames if frame.number == answer.frame)
        photo = None if answer.photo is None else self.photo(answer.photo)
        marks = self._marks_read(opened, answer, photo) if photo else None
        if marks:
            answer = replace(answer, mark=marks.evidence.examination.state)
        if marks and marks.is_proof:  # made from a published file, whatever its likeness says
            surely = max(answer.probability, _READ)
            answer = replace(answer, verdict=Verdict.COPY, probability=surely)
        return Identification(
            file=name,
            answer=answer,
            hashes=hashes(shown) if photo or answer.carries_our_mark else {},
            photo=photo,
            runner_up=self._named(answer.runner_up) if answer.runner_up else None,
            also=tuple(self._named(other) for other in answer.also),
            explanation=explain(
                answer,
                self.subject(photo.id) if photo else "one of our photos",
                [self.subject(other.photo) for other in answer.also],
            )
            if ours is None
            else self._says_published(ours),
            marks=marks,
            published=ours,
        )

    def _published_file(self, data: bytes, opened: Opened, limits: DecodeLimits) -> PublishedFile | None:
        """Give the file of ours that this is, by its bytes or else its very pixels."""
        digest = digest_of(data)
        same = next((one for one in self._published if one.digest == digest), None)
        if same or opened.header.frames > 1:
            return same
        size = (opened.header.width, opened.header.height)
        of_size = {one.pixels: one for one in reversed(self._published) if (one.width, one.height) == size}
        return of_size.get(pixel_digest(sandbox().open_picture(data, limits))) if of_size else None

    def _says_published(self, ours: PublishedFile) -> str:
        base = self._settings.base_url if ours.channel == PUBLIC_CHANNEL else f"{ours.channel}: "
        return (
            f"{self.subject(ours.photo_id)}: the file that we published on "
            f"{ours.published_at:%Y-%m-%d} at {base}{ours.path}."
        )

    def _marks_read(self, opened: Opened, answer: "Answer", photo: Photo) -> "MarksRead | None":
        """Read what a copy of a published photo, or what may be one, still carries; None for all else."""
        from gallery.services.marks import read_copy  # noqa: PLC0415 (intake does without)
        from watermark.matching.evidence import Copy  # noqa: PLC0415

        rows = self._hidden_marks.get(photo.id, [])
        if answer.transform is None or not (photo.first_published_at or rows):
            return None
        frame = next(one for one in opened.frames if one.number == answer.frame)
        read = read_copy(
            self._folder,
            Copy(frame.picture, (opened.header.width, opened.header.height), answer.transform),
            photo=photo,
            designs=self._designs_of(photo.id),
            rows=rows,
        )
        return read if answer.verdict == Verdict.COPY or (read and read.is_proof) else None

    def exhibit(self, found: Identification, data: bytes) -> dict[str, bytes]:
        """Give the pictures that show why a photo was found, as PNG files by name.

        Raises:
            GalleryError: The original is missing or was changed.
            WatermarkError: The bytes cannot be opened a second time.
        """
        from watermark.matching.illustration import illustrate  # noqa: PLC0415

        if found.photo is None or found.answer.transform is None:
            return {}
        seen = sandbox().open_picture(data, self.limits, frame=found.answer.frame)
        shown = illustrate(seen, self.picture(found.photo.id), found.answer.transform)
        return {
            "theirs-on-ours": encode(shown.found_registered, format="png"),
            "ours": encode(shown.photo, format="png"),
            "overlay": encode(shown.overlay, format="png"),
            "agreement": encode(shown.agreement, format="png"),
            "mask": encode(shown.mask, format="png"),
        }

    def note_export(self, found: Identification, actor: str, where: str, now: datetime) -> None:
        """Write into the ledger that a picture of an original was handed out."""
        if found.photo is None:
            return
        with practice(self._folder, actor=actor, now=now) as p:
            p.note(Action.ORIGINAL_EXPORTED, f"photo {found.photo.id}", case=found.photo.case, to=where)

    def _named(self, other: "RunnerUp") -> dict[str, object]:
        photo = self.photo(other.photo)
        named = {"photo": photo.file, "case": photo.case, "stage": photo.stage}
        return other.to_json() | named | {"probability": round(other.probability, 4)}

    def _judged(self, opened: Opened) -> "Answer":
        """Ask the matcher, and rebuild an index that turns out damaged once."""
        from watermark.matching.identify import identify_opened  # noqa: PLC0415

        try:
            return identify_opened(opened, self.index(), self.designs)
        except IndexDamagedError as error:
            self._index = self._fingerprints.rebuilt(error)
            return identify_opened(opened, self._index, self.designs)
        except (GalleryError, WatermarkError):
            raise
        except Exception as error:
            raise WatermarkError(
                f"expected an answer, found a picture that breaks the matcher ({type(error).__name__}: {error})",
                hint="look at it yourself, and tell us: this must not happen",
            ) from error

    @cached_property
    def designs(self) -> Designs:
        """Every mark design in which our photos were or are published.

        Of marks that differ by their year alone the earliest stands for all: a picture carries all of them or none.
        """
        recorded = {design for designs in self._recorded.values() for design in designs}
        marks = [Design.from_json(design).mark for design in sorted(recorded)]
        published = {photo.first_published_at for photo in self._photos.values()} - {None} or {self._now}
        for photo in list(self._photos.values())[:1]:
            for first in sorted(filter(None, published)):
                marks += [design.mark for design in self._today(replace(photo, first_published_at=first))]
        apart = {re.sub(r"\d+", "", mark.text): mark for mark in reversed(marks) if mark}
        return Designs(tuple(reversed(apart.values())), self._designs_of)

    def _designs_of(self, photo_id: int) -> tuple[Design, ...]:
        """Give a photo's recorded mark designs, newest first, and today's."""
        recorded = map(Design.from_json, self._recorded.get(photo_id, ()))
        return tuple(dict.fromkeys([*recorded, *self._today(self.photo(photo_id))]))

    def _today(self, photo: Photo) -> list[Design]:
        """Give how today's settings publish a photo, in every channel."""
        frame, settings = self._frames.get(photo.id), self._settings
        key = mark_key(self._folder).name
        recipes = (
            recipe_for(photo, one, settings, frame, self._now, key) for one in settings.channels.values()
        )
        return [recipe.design for recipe in recipes]

    def photo(self, photo_id: int) -> Photo:
        """Give a photo of the catalogue.

        Raises:
            GalleryError: There is none of this id.
        """
        try:
            return self._photos[photo_id]
        except KeyError:
            raise DamagedError(
                f"the index knows photo {photo_id}, the catalogue does not", hint="run: pairwatch doctor"
            ) from None

    def subject(self, photo_id: int) -> str:
        """Name a photo as a sentence's subject (`Patient 51's after photo`)."""
        photo = self.photo(photo_id)
        return subject_of(photo.case, photo.stage)

    def picture(self, photo_id: int) -> Picture:
        """Decode a photo's original.

        Raises:
            GalleryError: The original is missing or was changed.
        """
        return open_picture(self._vault.get(self.photo(photo_id).digest))
