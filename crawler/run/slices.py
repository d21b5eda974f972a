"""The unit of work that goes to another process."""

import copyreg
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from typing import Any

from crawler.model import (
    Address,
    HostState,
    ImageLink,
    Judgement,
    PageSeen,
    Reading,
    Site,
    SiteState,
    SliceResult,
)
from crawler.visit.context import VisitContext
from crawler.visit.site import Budget, crawl_site

Task = tuple[Site, SiteState, Budget]
Done = list[SliceResult | str]


def crawl_slices(tasks: list[Task], context: VisitContext, at_once: int) -> Done:
    """Visit several sites at the same time in this process."""
    with ThreadPoolExecutor(max(1, min(at_once, len(tasks)))) as pool:
        return list(pool.map(lambda task: _guarded(task, context), tasks))


def _guarded(task: Task, context: VisitContext) -> SliceResult | str:
    """Turn whatever a hostile site makes us stumble over into a text."""
    try:
        return crawl_site(*task, context)[
            0
        ]  # the new state need not travel: whoever writes the result has it
    except Exception as error:  # noqa: BLE001 (a bad site is a row, not the end of the night)
        return f"{type(error).__name__}: {error}"


def _arrived(kind: type, *values: object) -> object:
    one: object = object.__new__(kind)
    for name, value in zip(kind.__slots__, values, strict=True):  # type: ignore[attr-defined]
        object.__setattr__(one, name, value)
    return one


def _travels(kind: type) -> None:
    """Pickle a kind of value faster than dataclasses are."""
    values = attrgetter(*kind.__slots__)  # type: ignore[attr-defined]

    def taken_apart(one: object) -> tuple[Any, ...]:
        return _arrived, (kind, *values(one))

    copyreg.pickle(kind, taken_apart)


for _kind in (Address, HostState, ImageLink, PageSeen, Reading, Judgement):
    _travels(_kind)
