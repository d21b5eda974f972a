"""How the shown cases were chosen, of how many whose patients agreed."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gallery.model import Case, CaseStatus, Stage
from gallery.settings import Tag
from gallery.site.records import Records
from gallery.site.stories import canonical, facts_of, procedures_of

Kind = tuple[str, str]
"""What a case is, as a reader may ask for it: ("Region", "full head"), ("Tag", "scar")."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many cases of one kind are shown, of how many agreed."""

    shown: int
    consented: int


@dataclass(frozen=True, slots=True)
class Selection:
    """How many cases are shown, agreed to and catalogued."""

    shown: int
    consented: int
    catalogued: int
    kinds: tuple[tuple[Kind, Share], ...] = ()

    def of(self, *names: str) -> tuple[tuple[Kind, Share], ...]:
        """Give the shares by kinds of these names, in their order."""
        return tuple(one for name in names for one in self.kinds if one[0][0] == name)

    def share(self, name: str, value: str) -> Share:
        """Give the share of one kind."""
        return dict(self.kinds).get((name, value), Share(0, 0))


def selection(
    records: Records, shown: Collection[int], consented: Collection[int], tags: Sequence[Tag] = ()
) -> Selection:
    """Count what a reader must know to judge the choice.

    `shown` are numbers of the cases that readers see, `consented` of those whose patients agreed. Patients who
    withdrew are not counted.
    """
    catalogued = {case.number for case in records.cases if case.status is CaseStatus.OPEN}
    agreed, visible = catalogued & set(consented), set(shown)
    kinds = _kinds(records, tags)
    shown_kinds = Counter(kind for number in visible for kind in kinds.get(number, ()))
    agreed_kinds = Counter(kind for number in agreed | visible for kind in kinds.get(number, ()))
    shares = tuple((kind, Share(shown_kinds[kind], count)) for kind, count in sorted(agreed_kinds.items()))
    return Selection(len(visible), len(agreed), len(catalogued), shares)


def _kinds(records: Records, tags: Sequence[Tag]) -> Mapping[int, frozenset[Kind]]:
    known = canonical(tags)
    return {
        case.number: frozenset(_kinds_of(case, records.stages_of[case.number], known))
        for case in records.cases
    }


def _kinds_of(case: Case, stages: Sequence[Stage], known: Mapping[str, Tag]) -> Iterator[Kind]:
    yield from facts_of(case)
    yield from (("Procedure", procedure) for procedure in procedures_of(stages))
    yield from (("Tag", known[tag].name if tag in known else tag) for tag in case.tags)
