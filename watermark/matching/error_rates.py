"""How often the matcher is wrong, as measured at its calibration."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self, TypeAlias

from watermark.matching.verdict import Verdict

Row: TypeAlias = tuple[str, ...]
SAME_SCENE = "same scene"
MISSED, LOST, WRONG = "not copy", "neither copy nor possible", "wrong photo"
HEAD = ("verdict", "from", "wrongly given to", "missed by")
COPIES_HEAD = ("copied by", "cases", "not called a copy", "nor possible", "wrong photo named")
OTHERS_HEAD = ("no copies", "cases", "called a copy", "possible", "same-scene", "what these are")
MEANS: Mapping[str, str] = MappingProxyType(
    {
        SAME_SCENE: "another photograph of a session that is catalogued",
        "our room": "a patient of ours who is not catalogued, under our mark",
        "part of our room": "a part of our room behind such a patient",
        "rival": "another clinic's own patient, in the same pose and light",
        "furniture": "a logo, badge, banner or stock picture that many sites show",
        "everyday": "an everyday picture",
        "bare wall or corner": "our room with nobody in it, or an upper corner of it",
        "same stock, other person": "somebody else before a stock picture that stands behind a patient of ours",
        "stock picture alone": "such a stock picture by itself",
        "our room, under our mark": "a real person in our room, not catalogued, under our mark",
        "same template": "somebody else in the same app's frame, badge or colour card",
        "other people's halves, pages, words": "what re-shared results look like, of people not catalogued",
    }
)


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the columns' names, and rows of as many cells."""

    title: str
    head: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """What was measured with the shipped rules.

    Attributes:
        thresholds: the least probability of each verdict that has one.
        worlds: how many pictures of each collection were judged, by its name.
        copies: for every way of copying, how many there were and how many went wrong in which way.
        others: for every kind of picture that is no copy, how many there were and how many got which verdict.
    """

    thresholds: Mapping[str, float]
    worlds: Mapping[str, int]
    copies: Mapping[str, Mapping[str, int]]
    others: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, rates: Mapping[str, Any]) -> Self:
        """Read what `matching_rates` gives."""
        return cls(rates["thresholds"], rates["worlds"], rates["misses"], rates["accused"])

    @property
    def strangers(self) -> Mapping[str, Mapping[str, int]]:
        """The kinds that are nothing of ours at all."""
        return {kind: counts for kind, counts in self.others.items() if kind != SAME_SCENE}

    @property
    def shots(self) -> Mapping[str, int]:
        """Other photographs of a session that is catalogued."""
        return self.others[SAME_SCENE]

    def summary(self) -> tuple[str, ...]:
        """Sentences that can be quoted."""
        copies, strangers = _total(self.copies.values()), _total(self.strangers.values())
        found = copies["cases"] - copies[MISSED]
        return (
            (
                f"Measured on {sum(self.worlds.values()):,} pictures of {len(self.worlds)} collections, drawn ones and "
                "photographs; each collection was judged by rules that were made without it. "
                "Hard ways of copying were tried more often."
            ),
            (
                f"Of {copies['cases']:,} copies, made in {len(self.copies)} ways, {found:,} were called a copy, "
                f"{copies[MISSED] - copies[LOST]:,} possible, and {copies[LOST]:,} were missed; "
                f"{copies[WRONG]:,} were called a copy of another photograph of ours."
            ),
            (
                f"Of {strangers['cases']:,} pictures that are nothing of ours (other people in our room and in others' "
                f"rooms, everyday pictures, the furniture of web pages), {strangers['copy']:,} were called a copy and "
                f"{strangers['possible']:,} possible."
            ),
            (
                f"Of {self.shots['cases']:,} other photographs taken in a session of ours, {self.shots['copy']:,} were "
                f"called a copy of the one that is catalogued, and {self.shots['same-scene']:,} the same scene."
            ),
        )

    def tables(self) -> tuple[Table, ...]:
        """Tables of verdicts, copies, innocents and collections."""
        return (
            Table("Verdicts, and the probability from which on each is given", HEAD, tuple(self._verdicts())),
            Table("Copies", COPIES_HEAD, tuple(_rows(self.copies, (MISSED, LOST, WRONG)))),
            Table("What is no copy", OTHERS_HEAD, tuple(self._others())),
            Table(
                "Collections",
                ("name", "pictures"),
                tuple((n, f"{count:,}") for n, count in self.worlds.items()),
            ),
        )

    def _others(self) -> Iterator[Row]:
        for row in _rows(self.others, ("copy", "possible", "same-scene")):
            yield (*row, MEANS.get(row[0], ""))

    def _verdicts(self) -> Iterator[Row]:
        copies, strangers, shots = _total(self.copies.values()), _total(self.strangers.values()), self.shots
        below = strangers["copy"] + strangers["possible"]
        unseen = shots["cases"] - sum(shots[verdict] for verdict in ("copy", "possible", "same-scene"))
        yield (
            Verdict.COPY,
            f"{self.thresholds['copy']:.3f}",
            (
                f"strangers {share(strangers['copy'], strangers['cases'])}; "
                f"other shots {share(shots['copy'], shots['cases'])}"
            ),
            f"copies {share(copies[MISSED], copies['cases'])}",
        )
        yield (
            Verdict.POSSIBLE,
            f"{self.thresholds['possible']:.3f}",
            f"strangers {share(below, strangers['cases'])}, `copy` included",
            f"copies {share(copies[LOST], copies['cases'])}",
        )
        yield (
            Verdict.SAME_SCENE,
            f"{self.thresholds['same-scene']:.3f}",
            f"strangers {share(strangers['same-scene'], strangers['cases'])}",
            f"other shots {share(unseen, shots['cases'])}",
        )
        yield (Verdict.CANNOT_TELL, "-", "pictures too small or too plain to judge", "-")
        yield (Verdict.NONE, "below", "-", "-")

    def text(self) -> str:
        """All of it for a terminal, aligned."""
        parts = ["\n".join(self.summary())]
        parts += ["\n".join([table.title, *aligned((table.head, *table.rows))]) for table in self.tables()]
        return "\n\n".join(parts)


def share(part: int, cases: int) -> str:
    """`3 of 160 (1.9 %)`."""
    return f"{part:,} of {cases:,} ({part / max(1, cases):.1%})".replace("%", " %")


def aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Align columns, numbers to the right.

    The first column holds names.
    """
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column and cell[:1].isdigit() else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield ("  " + "  ".join(cells)).rstrip()


def _total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for name, count in one.items():
            total[name] = total.get(name, 0) + count
    return total


def _rows(kinds: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> Iterator[Row]:
    for kind, counts in kinds.items():
        cells = (
            f"{counts[name]:,} ({counts[name] / counts['cases']:.1%})".replace("%", " %") for name in names
        )
        yield (kind, f"{counts['cases']:,}", *cells)
