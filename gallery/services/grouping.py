"""Proposes stages and views for files that were dropped together: by their names, their times and how they look.

Nothing here decides: every place comes with how sure it is and why, and a person corrects it. Pure.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gallery.stages import says_before
from watermark.pairs.look import Look, likeness

SITTING = timedelta(minutes=50)
"""A longer pause between two photographs means another point of the story: a session lies between."""

CUSTOMARY = ("front", "left", "right", "top", "donor", "close-up")
_ALIKE = 0.6
_NEVER = datetime(9999, 12, 31, tzinfo=UTC).replace(tzinfo=None)
_FEW_DAYS = 2
_SPANS = (
    ("year", 365.25, 320),
    ("month", 30.44, 45),
    ("week", 7, 14),
)  # days of one; spoken of from


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One photograph to be placed.

    Attributes:
        key: the caller's number for it.
        name: of its file.
        taken_at: by the camera's clock; None when the file does not say.
        look: its signature; None when there is none.
        part: (file it was cut from, its number from 1, how many) for a part of an old composite.
    """

    key: int
    name: str
    taken_at: datetime | None = None
    look: Look | None = None
    part: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where a photograph is proposed to belong.

    Attributes:
        key: the caller's number for it.
        stage: number in `Proposal.stages`; None when nothing tells.
        view: "front", "left", …; "" when nothing tells.
        sure: 0 to 1, of stage and view together.
        why: in plain words.
    """

    key: int
    stage: int | None
    view: str
    sure: float
    why: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Stage labels in the story's order, and each photograph's place, in the order the photographs were given."""

    stages: tuple[str, ...]
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class _Guess:
    value: str
    sure: float
    why: str


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
            yield item.key, _Guess(spoken, 0.9, f"its file name says “{spoken}”")
        elif item.part:
            _, number, count = item.part
            label = "before" if number == 1 else "after" if number == count else f"later {number - 1}"
            yield item.key, _Guess(label, 0.6, f"part {number} of {count} of one picture")
        elif item.key in by_time:
            yield item.key, by_time[item.key]


def _spoken_stage(name: str) -> str:
    """Read a stage's label out of a file name; "" when it speaks of none."""
    words = _stem(name)
    for pattern, kind in _SPOKEN:
        found = re.search(pattern, words)
        if found and kind == "session":
            return f"after session {int(found[1])}" + (f" of {int(found[2])}" if found[2] else "")
        if found and kind == "elapsed":
            unit = _UNITS.get(found[2], found[2])
            return f"{int(found[1])} {unit}{'s' if int(found[1]) != 1 else ''} later"
        if found:
            return kind
    return ""


def _by_time(items: Sequence[Item]) -> Iterator[tuple[int, _Guess]]:
    """Part photographs where the camera paused; what comes first is the time before."""
    sittings: list[list[tuple[datetime, Item]]] = []
    timed = sorted(
        ((_naive(item.taken_at), item) for item in items if item.taken_at), key=lambda pair: pair[0]
    )
    for moment, item in timed:
        if not sittings or moment - sittings[-1][-1][0] > SITTING:
            sittings.append([])
        sittings[-1].append((moment, item))
    labels = list(_sitting_labels([sitting[0][0] for sitting in sittings]))
    for label, sitting in zip(labels, sittings, strict=True):
        sure = 0.5 if len(sittings) == 1 else 0.8
        for moment, item in sitting:
            yield item.key, _Guess(label, sure, f"taken on {moment:%Y-%m-%d at %H:%M}")


def _naive(moment: datetime) -> datetime:
    return moment.replace(
        tzinfo=None
    )  # cameras that know their zone and those that do not stand side by side


def _sitting_labels(starts: Sequence[datetime]) -> Iterator[str]:
    used: set[str] = set()
    for number, start in enumerate(starts):
        label = "before" if number == 0 else _elapsed_label(start - starts[0], last=number == len(starts) - 1)
        unique = label if label not in used else f"{label} ({number + 1})"
        used.add(unique)
        yield unique


def _elapsed_label(since: timedelta, *, last: bool) -> str:
    days = since.days
    if days < _FEW_DAYS:
        return "after" if last else "after, the same day"
    for unit, length, start in _SPANS:
        if days >= start:
            count = max(1, round(days / length))
            return f"{count} {unit}{'s' if count != 1 else ''} later"
    return f"{days} days later"


def _in_story_order(items: Sequence[Item], stages: Mapping[int, _Guess]) -> list[str]:
    """Sort labels as the story goes: before, sessions, after, then by the time that passed."""
    first: dict[str, datetime] = {}
    for item in items:
        if item.key in stages and item.taken_at:
            label, moment = stages[item.key].value, _naive(item.taken_at)
            first[label] = min(first.get(label, moment), moment)
    labels = {guess.value for guess in stages.values()}
    return sorted(labels, key=lambda label: (*_rank(label), first.get(label, _NEVER), label))


def _rank(label: str) -> tuple[int, float]:
    session = re.match(r"after session (\d+)", label)
    elapsed = re.match(r"(\d+) (day|week|month|year)", label)
    if says_before(label):
        return 0, 0
    if session:
        return 1, int(session[1])
    if elapsed:
        return 3, int(elapsed[1]) * {"day": 1, "week": 7, "month": 30.44, "year": 365.25}[elapsed[2]]
    return 2, int(label[6:]) if re.fullmatch(r"later \d+", label) else 0 if "same day" in label else 99


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
    """Give photographs the views of those of another stage that they look most alike, each view once."""
    taken = {views[item.key].value for item in unnamed}
    pairs = sorted(
        (
            (likeness(here.look, there.look), here.key, there.key)
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
    """Guess the views of a stage by the order in which practices take them."""
    rest = [view for view in CUSTOMARY if view not in {views[item.key].value for item in items}]
    for item in sorted(
        items, key=lambda item: (_naive(item.taken_at) if item.taken_at else _NEVER, item.name)
    ):
        if not views[item.key].value and rest:
            views[item.key] = _Guess(rest.pop(0), 0.35, "view guessed by the order of the photos")


def _stem(name: str) -> str:
    """A file name's words in lower case, numbers parted from letters' ends by their own rules; without its ending."""
    stem = re.sub(r"\.[A-Za-z0-9]{2,5}$", "", name.replace("\\", "/").rpartition("/")[2])
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem).lower()
