"""When a picture was proven present or absent, derived from observations. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby


class FileState(StrEnum):
    """What is known of the files of a finding that no page names any more."""

    NAMED = "named"
    SERVED = "served"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One proof that a picture was there, or was not.

    Args:
        page_url: The page that was read; "" where the file alone answered.
        image_url: The address that answered, or "" where the page alone says it.
        night: The number of the run; None outside of runs.
        at: When the last of the answers was whole.
    """

    page_url: str
    image_url: str
    present: bool
    night: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One time of being there without a proven gap.

    Args:
        first: First proven present.
        last: Last proven present.
        proofs: In how many readings that was proven.
        absent_before: Last proven absent before; None where nothing proves it.
        absent_since: First proven absent after; None where nothing proves it.
    """

    first: datetime
    last: datetime
    proofs: int = 1
    absent_before: datetime | None = None
    absent_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """All spans of a picture on a page or at a site, the oldest first.

    `page_url` is "" for the whole site.
    """

    page_url: str
    spans: tuple[Span, ...]
    file: FileState = FileState.UNKNOWN
    unlinked_since: datetime | None = None

    @property
    def absent_since(self) -> datetime | None:
        """When it was first proven gone, if it is."""
        return self.spans[-1].absent_since if self.spans else None

    @property
    def absent_before(self) -> datetime | None:
        """When it was last proven not to be there yet."""
        return self.spans[0].absent_before if self.spans else None

    @property
    def back_on(self) -> datetime | None:
        """When it was proven to be back, if it was gone."""
        return self.spans[-1].first if len(self.spans) > 1 else None


def presence_on_pages(observations: Iterable[Observation]) -> tuple[Presence, ...]:
    """Give the spans of each page, the page that was proven last first."""
    pages: dict[str, list[Observation]] = {}
    for one in sorted(observations, key=lambda one: (one.at, one.present)):
        if one.page_url:
            pages.setdefault(one.page_url, []).append(one)
    found = (
        Presence(page_url=url, spans=_spans((one.present, one.at) for one in seen))
        for url, seen in pages.items()
    )
    return tuple(
        sorted((one for one in found if one.spans), key=lambda one: one.spans[-1].last, reverse=True)
    )


def presence_at_site(observations: Sequence[Observation]) -> Presence:
    """Give the spans of the whole site.

    It is gone when every page was proven to be without it, and no file of it was proven to be served since.
    """
    ordered = sorted(observations, key=lambda one: (one.at, one.present))
    known, states = _Known(), list[tuple[bool, datetime]]()
    for _, night in groupby(_by_night(ordered), key=lambda pair: pair[0]):
        seen = [one for _, one in night]
        without = [one.at for one in seen if not one.present]
        present = [(True, one.at) for one in seen if one.present]
        known.learn(seen, max(without, default=None))
        states += present
        if without and not present and known.is_gone:
            states.append((False, max(without)))
    spans = _spans(states)
    if spans:
        first = min((one for one in ordered if one.present), key=lambda one: one.at)
        before = [
            one.at
            for one in ordered
            if not one.present and one.page_url == first.page_url and one.at < first.at
        ]
        spans = (replace(spans[0], absent_before=max(before, default=None)), *spans[1:])
    return Presence(page_url="", spans=spans, file=known.file, unlinked_since=known.unlinked)


@dataclass(slots=True)
class _Known:
    """What the nights so far have proven of pages and files."""

    pages: dict[str, bool] = field(default_factory=dict)
    files: dict[str, Observation] = field(default_factory=dict)
    unlinked: datetime | None = None

    def learn(self, night: Iterable[Observation], without: datetime | None) -> None:
        """Take in a night's observations; `without` is the last of the absent ones."""
        for one in night:
            if one.page_url and (one.present or one.page_url in self.pages):
                self.pages[one.page_url] = one.present
            if one.image_url and (one.present or not one.page_url):
                self.files[one.image_url] = one
        if any(self.pages.values()):
            self.unlinked = None
        elif self.pages and self.unlinked is None:
            self.unlinked = without

    @property
    def is_gone(self) -> bool:
        return self.file in (FileState.GONE, FileState.UNKNOWN)

    @property
    def file(self) -> FileState:
        if any(self.pages.values()):
            return FileState.NAMED
        if any(one.present and not one.page_url for one in self.files.values()):
            return FileState.SERVED
        gone = bool(self.files) and not any(one.present for one in self.files.values())
        return FileState.GONE if gone else FileState.UNKNOWN


def _by_night(ordered: Sequence[Observation]) -> list[tuple[tuple[datetime, int], Observation]]:
    """Order by the nights in which something was observed; what belongs to none stands at its own time."""
    begins: dict[int, datetime] = {}
    for one in ordered:
        if one.night is not None:
            begins.setdefault(one.night, one.at)
    keyed = [((one.at, 0) if one.night is None else (begins[one.night], one.night), one) for one in ordered]
    return sorted(keyed, key=lambda pair: pair[0])


def _spans(states: Iterable[tuple[bool, datetime]]) -> tuple[Span, ...]:
    spans: list[Span] = []
    absent: datetime | None = None
    for present, at in states:
        if not present:
            absent = at
            if spans and spans[-1].absent_since is None:
                spans[-1] = replace(spans[-1], absent_since=at)
        elif spans and spans[-1].absent_since is None:
            more = int(at > spans[-1].last)
            spans[-1] = replace(spans[-1], last=max(at, spans[-1].last), proofs=spans[-1].proofs + more)
        else:
            spans.append(Span(first=at, last=at, absent_before=absent))
    return tuple(spans)
