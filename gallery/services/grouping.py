"""Proposes stages and views for files that were dropped together.

Nothing here decides: every place comes with how sure it is and why, and a person corrects it. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gallery.times import minute
from watermark.picture.perceptual_hash import GreyGrid

SITTING = timedelta(minutes=50)
"""A longer pause between two photographs means another point of the story: a session lies between."""

CUSTOMARY = ("front", "left", "right", "top", "donor", "close-up")
_ALIKE = 0.6
_NEVER = datetime(9999, 12, 31, tzinfo=UTC).replace(tzinfo=None)
_FEW_DAYS = 2
_BEFORE, _AFTER, _ELAPSED = (0, 0.0), (2, 99.0), 3  # where stages stand in the story; sessions are at 1
_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}
_SPANS = (("year", 320), ("month", 45), ("week", 14))  # spoken of from so many days on


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One photograph to be placed.

    `key` is the caller's number; `part` is (file it was cut from, its number from 1, how many) of an old composite.
    """

    key: int
    name: str
    taken_at: datetime | None = None
    look: GreyGrid | None = None
    part: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a photograph is proposed to belong.

    `stage` is a number in `Proposal.stages`, None and the view "" when nothing tells; `sure` is 0 to 1 of both
    together.
    """

    key: int
    stage: int | None
    view: str
    sure: float
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Stage labels in the story's order, and each photograph's place."""

    stages: tuple[str, ...]
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Guess:
    """A guessed stage or view."""

    value: str
    sure: float
    why: str
    order: tuple[int, float] = (2, 0)


def propose(items: Sequence[Item]) -> Proposal:
    """Sort photographs into stages and views.

    What a file's name says counts most, then the halves of a composite, then pauses between photographs. Views that no
    name tells are taken over from the photograph of another stage that looks most alike, else guessed by order.
    """
    stages = dict(_stages(items))
    order = _in_story_order(items, stages)
    views = _views(items, stages)
    return Proposal(tuple(order), tuple(_placed(item, stages, order, views[item.key]) for item in items))


def _placed(item: Item, stages: Mapping[int, _Guess], order: Sequence[str], view: _Guess) -> Placed:
    stage = stages.get(item.key)
    why = "; ".join(
        dict.fromkeys(filter(None, (stage.why if stage else "nothing tells when it was taken", view.why)))
    )
    return Placed(
        key=item.key,
        stage=order.index(stage.value) if stage else None,
        view=view.value,
        sure=round((stage.sure if stage else 0.0) * (view.sure if view.value else 0.5), 2),
        why=why,
    )


# Stages.

_SPOKEN: tuple[tuple[str, str], ...] = (
    (r"(?:session|sess|tx|treatment)[ _-]*(\d{1,2})(?:[ _-]*(?:of|from)[ _-]*(\d{1,2}))?", "session"),
    (r"(\d{1,2})[ _-]*(day|week|month|year|wk|mo|yr|d|w|m|y)s?(?![a-z])", "elapsed"),
    (r"(?<![a-z])(before|pre[ _-]?op|pre|baseline|vorher|avant|antes)(?![a-z])", "before"),
    (r"(?<![a-z])(after|post[ _-]?op|post|nachher|apres|despues|final|result)(?![a-z])", "after"),
)
_UNITS = {"d": "day", "w": "week", "wk": "week", "m": "month", "mo": "month", "y": "year", "yr": "year"}


def _stages(items: Sequence[Item]) -> Iterator[tuple[int, _Guess]]:
    by_time = dict(_by_time([item for item in items if item.taken_at and not item.part]))
    for item in items:
        spoken = _spoken_stage(item.name)
        if spoken:
            label, order = spoken
            yield item.key, _Guess(label, 0.9, f"its file name says “{label}”", order)
        elif item.part:
            _, number, count = item.part
            label, order = f"later {number - 1}", (_AFTER[0], number - 1.0)
            if number == 1:
                label, order = "before", _BEFORE
            elif number == count:
                label, order = "after", _AFTER
            yield item.key, _Guess(label, 0.6, f"part {number} of {count} of one picture", order)
        elif item.key in by_time:
            yield item.key, by_time[item.key]


def _spoken_stage(name: str) -> tuple[str, tuple[int, float]] | None:
    """Read a stage's label and its order out of a file name."""
    words = _stem(name)
    for pattern, kind in _SPOKEN:
        found = re.search(pattern, words)
        if found and kind == "session":
            number = int(found[1])
            return f"after session {number}" + (f" of {int(found[2])}" if found[2] else ""), (1, number)
        if found and kind == "elapsed":
            unit, number = _UNITS.get(found[2], found[2]), int(found[1])
            label = f"{number} {unit}{'s' if number != 1 else ''} later"
            return label, (_ELAPSED, number * _DAYS[unit])
        if found:
            return kind, _BEFORE if kind == "before" else _AFTER
    return None


def _by_time(items: Sequence[Item]) -> Iterator[tuple[int, _Guess]]:
    """Part photographs where the camera paused."""
    sittings: list[list[tuple[datetime, Item]]] = []
    timed = sorted(
        ((_naive(item.taken_at), item) for item in items if item.taken_at), key=lambda pair: pair[0]
    )
    for moment, item in timed:
        if not sittings or moment - sittings[-1][-1][0] > SITTING:
            sittings.append([])
        sittings[-1].append((moment, item))
    labels = list(_sitting_labels([sitting[0][0] for sitting in sittings]))
    for (label, order), sitting in zip(labels, sittings, strict=True):
        sure = 0.5 if len(sittings) == 1 else 0.8
        for moment, item in sitting:
            yield item.key, _Guess(label, sure, f"taken on {minute(moment.isoformat())}", order)


def _naive(moment: datetime) -> datetime:
    return moment.replace(
        tzinfo=None
    )  # cameras that know their zone and those that do not stand side by side


def _sitting_labels(starts: Sequence[datetime]) -> Iterator[tuple[str, tuple[int, float]]]:
    """Name each sitting by the time since the first."""
    used: set[str] = set()
    for number, start in enumerate(starts):
        label, order = "before", _BEFORE
        if number:
            label, order = _elapsed(start - starts[0], last=number == len(starts) - 1)
        unique = label if label not in used else f"{label} ({number + 1})"
        used.add(unique)
        yield unique, order


def _elapsed(since: timedelta, *, last: bool) -> tuple[str, tuple[int, float]]:
    days = since.days
    if days < _FEW_DAYS:
        return ("after", _AFTER) if last else ("after, the same day", (_AFTER[0], 0))
    for unit, start in _SPANS:
        if days >= start:
            count = max(1, round(days / _DAYS[unit]))
            return f"{count} {unit}{'s' if count != 1 else ''} later", (_ELAPSED, count * _DAYS[unit])
    return f"{days} days later", (_ELAPSED, days)


def _in_story_order(items: Sequence[Item], stages: Mapping[int, _Guess]) -> list[str]:
    """Sort labels by their order in the story, then by time."""
    first: dict[str, datetime] = {}
    for item in items:
        if item.key in stages and item.taken_at:
            label, moment = stages[item.key].value, _naive(item.taken_at)
            first[label] = min(first.get(label, moment), moment)
    orders = {guess.value: guess.order for guess in stages.values()}
    return sorted(orders, key=lambda label: (*orders[label], first.get(label, _NEVER), label))


# Views.

_VIEW_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?:left|l)[ _-]*(?:oblique|obl|45|three[ _-]?quarter)", "left oblique"),
    (r"(?:right|r)[ _-]*(?:oblique|obl|45|three[ _-]?quarter)", "right oblique"),
    (r"front(?:al)?|face|anterior|hairline", "front"),
    (r"left|lt", "left"),
    (r"right|rt", "right"),
    (r"top|vertex|crown|above", "top"),
    (r"donor|back|rear|posterior|occipital", "donor"),
    (r"close[ _-]?up|macro|detail|zoom", "close-up"),
)


def _views(items: Sequence[Item], stages: Mapping[int, _Guess]) -> dict[int, _Guess]:
    views = {item.key: _spoken_view(item.name) for item in items}
    by_stage: dict[str, list[Item]] = {}
    for item in items:
        by_stage.setdefault(stages[item.key].value if item.key in stages else "", []).append(item)
    for one in sorted(by_stage.values(), key=len, reverse=True):
        for other in by_stage.values():
            if other is not one:
                _take_over(one, other, views)
        _by_order(one, views)
    return views


def _spoken_view(name: str) -> _Guess:
    for pattern, view in _VIEW_WORDS:
        if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", _stem(name)):
            return _Guess(view, 0.95, f"its file name says “{view}”")
    return _Guess("", 0.0, "")


def _take_over(unnamed: Sequence[Item], named: Sequence[Item], views: dict[int, _Guess]) -> None:
    """Take views over from the most similar photographs of another stage."""
    taken = {views[item.key].value for item in unnamed}
    pairs = sorted(
        (
            (here.look.correlation(there.look), here.key, there.key)
            for here in unnamed
            for there in named
            if here.look and there.look and not views[here.key].value and views[there.key].value
        ),
        reverse=True,
    )
    for alike, here, there in pairs:
        view = views[there]
        if alike >= _ALIKE and not views[here].value and view.value not in taken:
            taken.add(view.value)
            views[here] = _Guess(
                view.value, min(0.8, alike) * view.sure, f"looks like the other {view.value} photo"
            )


def _by_order(items: Sequence[Item], views: dict[int, _Guess]) -> None:
    """Guess the views of a stage by their customary order."""
    rest = [view for view in CUSTOMARY if view not in {views[item.key].value for item in items}]
    for item in sorted(
        items, key=lambda item: (_naive(item.taken_at) if item.taken_at else _NEVER, item.name)
    ):
        if not views[item.key].value and rest:
            views[item.key] = _Guess(rest.pop(0), 0.35, "view guessed by the order of the photos")


def _stem(name: str) -> str:
    """Give a file name in lower case, without folders and ending."""
    stem = re.sub(r"\.[A-Za-z0-9]{2,5}$", "", name.replace("\\", "/").rpartition("/")[2])
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem).lower()
