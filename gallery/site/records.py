"""All that one build reads from the catalogue."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from gallery.model import Case, CaseStatus, Consent, Photo, Publication, Stage
from gallery.rules.pairs import Alignments
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog

if TYPE_CHECKING:
    from sqlite_utils import Database

_Part = TypeVar("_Part", Stage, Photo, Consent)


@dataclass(frozen=True, kw_only=True)
class Records:
    """What is recorded of all cases.

    `differences` and `publications` are by the ids of photos.
    """

    cases: Sequence[Case]
    stages: Sequence[Stage]
    photos: Sequence[Photo]
    consents: Sequence[Consent]
    alignments: Alignments
    differences: Mapping[tuple[int, int], tuple[str, ...]]
    publications: Mapping[str, Mapping[int, Publication]]

    @cached_property
    def case(self) -> Mapping[int, Case]:
        """The cases by number."""
        return {case.number: case for case in self.cases}

    @cached_property
    def stages_of(self) -> Mapping[int, Sequence[Stage]]:
        """The stages of each case, by its number."""
        return _by_case(self.stages)

    @cached_property
    def photos_of(self) -> Mapping[int, Sequence[Photo]]:
        """The photos of each case, by its number."""
        return _by_case(self.photos)

    @cached_property
    def consents_of(self) -> Mapping[int, Sequence[Consent]]:
        """The consents of each case, by its number."""
        return _by_case(self.consents)

    @cached_property
    def withdrawn(self) -> Sequence[int]:
        """The numbers whose pages must say that they are gone."""
        return [case.number for case in self.cases if case.status is CaseStatus.WITHDRAWN]


def read_records(database: "Database") -> Records:
    """Read the whole catalogue."""
    catalog, casework = Catalog(database), Casework(database)
    return Records(
        cases=catalog.cases(),
        stages=catalog.stages(),
        photos=catalog.photos(),
        consents=catalog.consents(),
        publications=catalog.publications_by_channel(),
        alignments=casework.alignments(),
        differences=casework.differences(),
    )


def _by_case(parts: Sequence[_Part]) -> Mapping[int, Sequence[_Part]]:
    grouped: defaultdict[int, list[_Part]] = defaultdict(list)
    for part in parts:
        grouped[part.case].append(part)
    return grouped
