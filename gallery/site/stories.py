"""The stories that the site tells, made from the records."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import combinations

from gallery.model import Case, Photo, Stage
from gallery.rules.disclosures import photo_alt, photo_caption, required_on, stage_sentences
from gallery.rules.pairs import views_of
from gallery.settings import Settings, Tag
from gallery.site.published import File, Published
from gallery.site.records import Records
from gallery.stages import heading

Difference = tuple[tuple[int, int], tuple[str, ...]]
"""A pair of photos, and the sentences about what differs in it besides the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPhoto:
    """A photo as a page shows it, labelled with its stage."""

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
        """The widest JPEG, which every browser can enlarge."""
        return self.of_format("jpeg")[-1]

    @property
    def smallest(self) -> File:
        """The file that costs a reader least."""
        return self.of_format("jpeg")[0]

    def of_format(self, name: str) -> tuple[File, ...]:
        """The files of one format, from narrow to wide."""
        return tuple(file for file in self.files if file.format == name)

    def srcset(self, name: str, root: str, most: int | None = None) -> str:
        """Name files of one format for `srcset`, narrowest first."""
        return ", ".join(f"{root}{file.path} {file.width}w" for file in self.of_format(name)[:most])


@dataclass(frozen=True, slots=True)
class ShownStage:
    """A stage of a story with its heading, sentences and photos."""

    title: str
    sentences: tuple[str, ...]
    photos: tuple[ShownPhoto, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One view as each stage shows it.

    `differences` is what was measured to differ, besides the result, between two of the shots, by their places.
    """

    view: str
    shots: tuple[ShownPhoto, ...]
    differences: tuple[Difference, ...] = ()

    @property
    def before(self) -> ShownPhoto:
        """The earliest."""
        return self.shots[0]

    @property
    def after(self) -> ShownPhoto:
        """The latest."""
        return self.shots[-1]


@dataclass(frozen=True, kw_only=True)
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
    differences: tuple[Difference, ...] = ()
    first_published: str = ""
    updated: str = ""

    @property
    def address(self) -> str:
        """The page's permanent place below the site's root."""
        return address_of(self.number)

    @cached_property
    def key(self) -> str:
        """A digest of all that the story tells."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    @property
    def search(self) -> tuple[tuple[str, str], ...]:
        """What the case can be filtered by, as names and values."""
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

    def _measured(self, shots: Sequence[ShownPhoto]) -> tuple[Difference, ...]:
        measured = dict(self.differences)
        places = combinations(range(len(shots)), 2)
        found = (((one, other), measured.get((shots[one].id, shots[other].id), ())) for one, other in places)
        return tuple((pair, sentences) for pair, sentences in found if sentences)

    @property
    def cover(self) -> tuple[ShownPhoto, ...]:
        """The pair or photo that stands for it in lists."""
        return (self.pairs[0].before, self.pairs[0].after) if self.pairs else self.photos[:1]


def canonical(tags: Sequence[Tag]) -> dict[str, Tag]:
    """Give the tag that each spelling stands for."""
    return {spelling: tag for tag in tags for spelling in (tag.name, *tag.synonyms)}


def address_of(number: int) -> str:
    """Give a case page's permanent place below the site's root."""
    return f"patient-{number}/index.html"


def facts_of(case: Case) -> tuple[tuple[str, str], ...]:
    """Give what a case's record says of it, by name."""
    facts = (
        ("Region", case.region),
        ("Classification", case.classification),
        ("Hair length", case.hair_length),
    )
    return tuple((name, value) for name, value in facts if value)


def procedures_of(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Name the procedures of a story, each once."""
    named = {
        stage.procedure.rstrip(".").casefold(): stage.procedure.rstrip(".") for stage in reversed(stages)
    }
    return tuple(reversed([name for name in named.values() if name]))


def slug(words: str) -> str:
    """Turn a tag into a folder name of its own."""
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    if plain.replace("-", " ") == words.lower():
        return plain
    return f"{plain or 'tag'}-{hashlib.sha256(words.lower().encode()).hexdigest()[:6]}"


def stories_of(
    records: Records, files: Mapping[int, Published], settings: Settings, now: datetime
) -> list[Story]:
    """Tell the story of every case that has published files.

    Photos that were never public before are so from `now` on.
    """
    measured: defaultdict[int, list[Difference]] = defaultdict(list)
    for pair, sentences in sorted(records.differences.items()):
        if sentences and files.keys() >= set(pair):
            measured[pair[0]].append((pair, sentences))
    tags = canonical(settings.tags)
    stories = []
    for case in records.cases:
        photos = [photo for photo in records.photos_of[case.number] if photo.id in files]
        if not photos:
            continue
        stages = records.stages_of[case.number]
        dates = sorted(photo.first_published_at or now for photo in photos)
        story = Story(
            number=case.number,
            stages=tuple(_shown_stages(stages, photos, files)),
            tags=tuple(dict.fromkeys(tags[tag].name if tag in tags else tag for tag in case.tags)),
            facts=facts_of(case),
            procedures=procedures_of(stages),
            limits=case.limits,
            sessions=max((stage.sessions or stage.session or 0 for stage in stages), default=0),
            required=required_on(case, stages, settings),
            differences=tuple(one for photo in photos for one in measured[photo.id]),
            first_published=f"{dates[0]:%Y}",
            updated=f"{dates[-1]:%Y-%m-%dT%H:%M:%SZ}",
        )
        stories.append(story)
    return stories


def _shown_stages(
    stages: Sequence[Stage], photos: Sequence[Photo], files: Mapping[int, Published]
) -> Iterator[ShownStage]:
    for stage in stages:
        mine = tuple(_shown(photo, files[photo.id]) for photo in photos if photo.stage_id == stage.id)
        if mine:
            yield ShownStage(heading(stage.label), tuple(stage_sentences(stage)), mine)


def _shown(photo: Photo, published: Published) -> ShownPhoto:
    return ShownPhoto(
        id=photo.id,
        stage_id=photo.stage_id,
        token=published.token,
        label=heading(photo.stage),
        view=photo.view,
        alt=photo_alt(photo.case, photo.stage, photo.view, photo.alt),
        caption=photo_caption(photo.stage, photo.view, photo.caption),
        look=published.look,
        files=published.files,
    )
