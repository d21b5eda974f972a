"""Sections of a case, each saved from the version that was opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gallery.events import SAVED
from gallery.model import PUBLIC_CHANNEL, Case, Saved, Section
from gallery.services.approval import content_of, hold_back, photos_shown
from gallery.services.practice import Practice


@dataclass(frozen=True, slots=True)
class SectionEdit:
    """The version of a section that was opened, and the names of what was changed in it."""

    version: int
    changed: Sequence[str] = ()


def version_of(p: Practice, case: Case, section: Section) -> int:
    """Give the saved version of a section, 0 if it never was saved."""
    return p.casework.saved(case.number).get(section, Saved()).version


def save_section(
    p: Practice, case: Case, section: Section, edit: SectionEdit, write: Callable[[], None]
) -> bool:
    """Save a section, and hold the case back if readers see a change.

    Gives whether the case was public, and is held back.

    Raises:
        ChangedMeanwhileError: Somebody else saved this section since.
    """
    with p.casework.saving(case.number, section, edit.version, p.actor, p.now):
        before = content_of(p, case)
        write()
        held = before != content_of(p, p.catalog.case(case.number)) and hold_back(p, case)
        p.note(SAVED[section], f"case {case.number}", changed=sorted(edit.changed))
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseProgress:
    """How far a case has come, in numbers of photos."""

    saved: frozenset[Section]
    photos: int
    permitted: int
    authored: int
    public: int


def progress_of(p: Practice, case: Case) -> CaseProgress:
    """Tell how far a case has come."""
    photos = p.catalog.photos(case.number)
    return CaseProgress(
        saved=frozenset(p.casework.saved(case.number)),
        photos=len(photos),
        permitted=len(photos_shown(p, case)),
        authored=len(p.casework.authorships(photo.id for photo in photos)),
        public=len(public_photos(p, case.number)),
    )


def public_photos(p: Practice, number: int) -> frozenset[int]:
    """Give the ids of a case's photos that are on the site."""
    return frozenset(p.catalog.publications(PUBLIC_CHANNEL)) & {
        photo.id for photo in p.catalog.photos(number)
    }
