"""The unit of work that goes to another process or machine: slices of a few sites. Imports little, to start quickly."""

from concurrent.futures import ThreadPoolExecutor

from crawler.model import Site, SiteState, SliceResult
from crawler.visit.ask import Kit
from crawler.visit.frontier import Budget
from crawler.visit.walk import crawl_site

Task = tuple[Site, SiteState, Budget]
Done = list[SliceResult | str]


def crawl_slices(tasks: list[Task], kit: Kit, at_once: int) -> Done:
    """Visit a slice of each of several sites at the same time in this process; a site's crash is its own."""
    with ThreadPoolExecutor(max(1, min(at_once, len(tasks)))) as pool:
        return list(pool.map(lambda task: _guarded(task, kit), tasks))


def _guarded(task: Task, kit: Kit) -> SliceResult | str:
    """The one guard of a run: whatever a hostile site makes us stumble over ends its own visit only."""
    try:
        return crawl_site(*task, kit)[0]  # the new state need not travel: whoever writes the result has it
    except Exception as error:  # noqa: BLE001 (a bad site is a row, not the end of the night)
        return f"{type(error).__name__}: {error}"
