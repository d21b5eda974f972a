"""Photographs of a draft that a case has already."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.errors import GalleryError
from gallery.model import Digest, DraftPhoto, subject_of
from gallery.services.lookup import Lookup
from gallery.services.practice import Practice, incoming_of
from gallery.settings import DataFolder
from watermark.errors import WatermarkError

_MOST_KEPT = 5_000  # answers; each is small


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A photo in the catalogue that a draft's file is a copy of."""

    case: int
    stage: str

    def sentence(self, file: str) -> str:
        """Say it as a warning."""
        return f"{file} is a copy of {subject_of(self.case, self.stage)}, saved anew or made smaller"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What is known of a draft's photographs, by their ids.

    `found` are those that a case has already; `waiting` counts those that are still being looked up.
    """

    found: dict[int, Duplicate]
    waiting: int


_Question = tuple[Path, int, Digest]
"""Whose catalogue, how many photos it holds (with more of them the answer may change), and which file."""

_lock, _turn = threading.Lock(), threading.Lock()
_answers: dict[_Question, Duplicate | None] = {}
_asked: set[_Question] = set()


def duplicates_of(p: Practice, photos: Sequence[DraftPhoto]) -> Duplicates:
    """Give what is known of a draft's photographs, and look up the rest."""
    folder, catalogued = p.folder, len(p.catalog.photo_digests())
    if not catalogued:
        return Duplicates({}, 0)
    asked = {photo.id: (folder.root, catalogued, photo.digest) for photo in photos}
    with _lock:
        known = {photo: _answers[question] for photo, question in asked.items() if question in _answers}
        new = [question for question in asked.values() if question not in _answers and question not in _asked]
        _asked.update(new)
    if new:
        threading.Thread(target=_look_up, args=(folder, new), name="copies", daemon=True).start()
    found = {photo: answer for photo, answer in known.items() if answer}
    return Duplicates(found, len(asked) - len(known))


def _look_up(folder: DataFolder, questions: Sequence[_Question]) -> None:
    """Answer questions in turn, where no answer counts as no copy."""
    incoming = incoming_of(folder)
    with _turn:
        lookup: Lookup | None = None
        for question in questions:
            duplicate = None
            try:
                lookup = lookup or Lookup(folder)
                duplicate = _duplicate(lookup, incoming.get(question[2]))
            except (GalleryError, WatermarkError) as error:
                logging.getLogger(__name__).warning("a draft's photo was not looked up: %s", error)
            except Exception:
                logging.getLogger(__name__).exception("a draft's photo was not looked up")
            with _lock:
                while len(_answers) >= _MOST_KEPT:
                    del _answers[next(iter(_answers))]
                _answers[question] = duplicate
                _asked.discard(question)


def _duplicate(lookup: Lookup, data: bytes) -> Duplicate | None:
    from watermark.matching.verdict import Verdict  # noqa: PLC0415 (heavy, and only for drafts)

    found = lookup.identify(data, "")
    if found.photo is None or found.answer.verdict is not Verdict.COPY:
        return None
    return Duplicate(found.photo.case, found.photo.stage)
