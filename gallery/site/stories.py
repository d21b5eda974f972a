"""What the site will show, from the catalogue and the consent rule. Pure: records in, stories out."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from typing import Self

from gallery.consent import Permission, may_show
from gallery.model import Case, CaseStatus, Consent, Photo, Stage
from gallery.rules.disclosures import photo_alt, photo_caption, stage_sentences, stage_title
from gallery.rules.pairs import views_of
from gallery.settings import Tag


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One published file: its address below the site's root, its format and size in pixels."""

    path: str
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Published:
    """What there is of a photo to be shown: its published name, its look (hexadecimal) and its files."""

    token: str
    look: str
    files: tuple[File, ...]

    @classmethod
    def of(cls, token: str, look: str, made: Sequence[tuple[str, str, str, int, int]]) -> Self:
        """Name the files of a rendition (name, extension, format, width, height) as the site shows them."""
        files = (
            File(path=f"photos/{token}-{width}.{extension}", format=kind, width=width, height=height)
            for _, extension, kind, width, height in made
        )
        return cls(token, look, tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPhoto:
    """A photo as a page shows it; `label` says which stage it is, wherever it is put."""

    id: int
    stage_id: int
    token: str
    label: str
    view: str
    alt: str
    caption: str
    look: str = field(repr=False)
    files: tuple[File, ...] = field(
        repr=False
    )  # from narrow to wide; the token stands for them, and for the look

    @property
    def largest(self) -> File:
        """The file that a reader gets to see enlarged: every browser can show it."""
        return self.of_format("jpeg")[-1]

    @property
    def smallest(self) -> File:
        """The file that costs a reader least."""
        return self.of_format("jpeg")[0]

    def of_format(self, name: str) -> tuple[File, ...]:
        """The files of one format, from narrow to wide."""
        return tuple(file for file in self.files if file.format == name)

    def srcset(self, name: str, root: str, most: int | None = None) -> str:
        """Name the files of one format as `srcset` wants it, the narrowest `most` of them."""
        return ", ".join(f"{root}{file.path} {file.width}w" for file in self.of_format(name)[:most])


@dataclass(frozen=True, slots=True)
class ShownStage:
    """A stage of a story: its heading, the sentences its record makes, and its photos."""

    title: str
    sentences: tuple[str, ...]
    photos: tuple[ShownPhoto, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One view as each stage shows it: any two can be compared, at first the first with the last.

    `differences` is what was measured to differ, besides the result, between two of the shots, by their places.
    """

    view: str
    shots: tuple[ShownPhoto, ...]
    differences: tuple[tuple[tuple[int, int], tuple[str, ...]], ...] = ()

    @property
    def before(self) -> ShownPhoto:
        """The earliest."""
        return self.shots[0]

    @property
    def after(self) -> ShownPhoto:
        """The latest."""
        return self.shots[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A case as its page tells it."""

    number: int
    stages: tuple[ShownStage, ...]
    tags: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    limits: str
    sessions: int
    procedures: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    differences: tuple[tuple[tuple[int, int], tuple[str, ...]], ...] = ()
    first_published: str = ""
    updated: str = ""

    @property
    def address(self) -> str:
        """The page's permanent place below the site's root."""
        return address_of(self.number)

    @property
    def key(self) -> str:
        """A digest of all that the story tells: pages of equal keys are equal."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def search(self) -> tuple[tuple[str, str], ...]:
        """What the case can be filtered by: (name, value), a name may be there several times."""
        listed = [("Tag", tag) for tag in self.tags] + [("Procedure", work) for work in self.procedures]
        counted = [("Sessions", str(self.sessions))] if self.sessions else []
        return (*listed, *self.facts, *counted)

    @property
    def photos(self) -> tuple[ShownPhoto, ...]:
        """All photos of the story in order."""
        return tuple(photo for stage in self.stages for photo in stage.photos)

    @property
    def pairs(self) -> tuple[Comparison, ...]:
        """Every view that more than one stage shows."""
        return tuple(
            Comparison(view, tuple(shots), self._measured(shots))
            for view, shots in views_of(self.photos).items()
            if len(shots) > 1
        )

    def _measured(self, shots: Sequence[ShownPhoto]) -> tuple[tuple[tuple[int, int], tuple[str, ...]], ...]:
        measured = dict(self.differences)
        places = combinations(range(len(shots)), 2)
        told = (((one, other), measured.get((shots[one].id, shots[other].id), ())) for one, other in places)
        return tuple((pair, said) for pair, said in told if said)

    @property
    def cover(self) -> tuple[ShownPhoto, ...]:
        """What stands for the case in a list: a pair if there is one, or else its first photo."""
        return (self.pairs[0].before, self.pairs[0].after) if self.pairs else self.photos[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All that the catalogue says, as one build reads it."""

    cases: Sequence[Case]
    stages: Sequence[Stage]
    photos: Sequence[Photo]
    consents: Sequence[Consent]


def canonical(tags: Sequence[Tag]) -> dict[str, Tag]:
    """Give the tag that each spelling stands for."""
    return {spelling: tag for tag in tags for spelling in (tag.name, *tag.synonyms)}


def address_of(number: int) -> str:
    """Give a case page's permanent place below the site's root."""
    return f"patient-{number}/index.html"


def facts_of(case: Case) -> tuple[tuple[str, str], ...]:
    """Give what a case's record says of it in a word or two, by name."""
    facts = (
        ("Region", case.region),
        ("Classification", case.classification),
        ("Hair length", case.hair_length),
    )
    return tuple((name, value) for name, value in facts if value)


def procedures_of(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Name the procedures of a story, each once, however it is spelled in capitals."""
    named = {
        stage.procedure.rstrip(".").casefold(): stage.procedure.rstrip(".") for stage in reversed(stages)
    }
    return tuple(reversed([name for name in named.values() if name]))


def slug(words: str) -> str:
    """Turn a tag into a folder name that is safe everywhere; unlike tags never share one."""
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    if plain.replace("-", " ") == words.lower():
        return plain
    return f"{plain or 'tag'}-{hashlib.sha256(words.lower().encode()).hexdigest()[:6]}"


def rulings(records: Records, channel: str, now: datetime) -> dict[int, Permission]:
    """Rule on every photo of the catalogue in one channel."""
    cases, consents = {case.number: case for case in records.cases}, _by_case(records.consents)
    return {
        photo.id: may_show(cases[photo.case], photo, consents.get(photo.case, ()), channel, now)
        for photo in records.photos
    }


def _by_case(consents: Sequence[Consent]) -> dict[int, list[Consent]]:
    grouped: dict[int, list[Consent]] = {}
    for consent in consents:
        grouped.setdefault(consent.case, []).append(consent)
    return grouped


def tell(records: Records, files: Mapping[int, Published], tags: Sequence[Tag] = ()) -> list[Story]:
    """Tell the story of every case that has a photo in `files` (by photo id)."""
    stages: dict[int, list[Stage]] = {}
    for stage in records.stages:
        stages.setdefault(stage.case, []).append(stage)
    photos: dict[int, list[Photo]] = {}
    for photo in records.photos:
        if photo.id in files:
            photos.setdefault(photo.stage_id, []).append(photo)
    known = canonical(tags)
    cases = (
        replace(case, tags=tuple(dict.fromkeys(known[t].name if t in known else t for t in case.tags)))
        for case in records.cases
    )
    stories = (_story(case, stages.get(case.number, []), photos, files) for case in cases)
    return [story for story in stories if story.stages]


def gone(records: Records) -> list[int]:
    """Give the numbers whose pages must say that they are gone."""
    return [case.number for case in records.cases if case.status is CaseStatus.WITHDRAWN]


def _story(
    case: Case,
    stages: Sequence[Stage],
    photos: Mapping[int, list[Photo]],
    files: Mapping[int, Published],
) -> Story:
    shown = []
    for stage in stages:
        mine = [_shown(photo, stage, files) for photo in photos.get(stage.id, ())]
        if mine:
            shown.append(ShownStage(stage_title(stage), tuple(stage_sentences(stage)), tuple(mine)))
    own = (photo for stage in stages for photo in photos.get(stage.id, ()))
    dates = sorted(photo.first_published_at for photo in own if photo.first_published_at)
    return Story(
        number=case.number,
        stages=tuple(shown),
        tags=case.tags,
        facts=facts_of(case),
        procedures=procedures_of(stages),
        limits=case.limits,
        sessions=max((stage.sessions or stage.session or 0 for stage in stages), default=0),
        first_published=f"{dates[0]:%Y}" if dates else "",
        updated=f"{dates[-1]:%Y-%m-%dT%H:%M:%SZ}" if dates else "",
    )


def _shown(photo: Photo, stage: Stage, files: Mapping[int, Published]) -> ShownPhoto:
    published = files[photo.id]
    return ShownPhoto(
        id=photo.id,
        stage_id=photo.stage_id,
        token=published.token,
        label=stage_title(stage),
        view=photo.view,
        alt=photo_alt(photo.case, stage.label, photo.view, photo.alt),
        caption=photo_caption(stage.label, photo.view, photo.caption),
        look=published.look,
        files=published.files,
    )
