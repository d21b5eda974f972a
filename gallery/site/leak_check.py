"""Refuses a site that would betray a patient."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from gallery.errors import RefusedError
from gallery.parallel import in_parallel
from gallery.rules.leaks import Leak, Secrets, scan
from gallery.site.deploy import Layout
from gallery.site.render import Page

_FEWEST = 100  # pictures that are worth a worker's start
_TURNS = 4  # for each worker: what is searched for is made ready anew in each
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Searched:
    """What earlier builds searched for leaks and found clean.

    Args:
        listed: a digest of the practice's own list; under another one nothing is clean.
        shared: a digest of what all pages share; under another one each story is another.
        pictures: addresses; a published name stands for its very bytes.
        stories: their keys; a list that shows such a story again says nothing new.
    """

    listed: str
    shared: str
    pictures: frozenset[str] = frozenset()
    stories: frozenset[str] = frozenset()

    def of(self, written: Mapping[str, Any]) -> Self:
        """Add what an earlier build searched for the same list."""
        if written.get("listed") != self.listed:
            return self
        alike = written.get("shared") == self.shared
        stories = frozenset(written["stories"]) if alike else self.stories
        return replace(self, pictures=frozenset(written["pictures"]), stories=stories)

    def to_json(self) -> dict[str, object]:
        """Give it as plain values."""
        digests = {"listed": self.listed, "shared": self.shared}
        return digests | {"pictures": sorted(self.pictures), "stories": sorted(self.stories)}


def search_site(layout: Layout, site: Iterable[Page], secrets: Secrets, searched: Searched) -> None:
    """Refuse a site that leaks, searching only what is new."""
    written = (page for page in site if isinstance(layout.pages[page.address], bytes))
    new = {page.address: page.render(searched.stories) for page in written} if searched.stories else {}
    refuse_leaks(layout, secrets, searched.pictures, new)


def refuse_leaks(
    layout: Layout,
    secrets: Secrets,
    clean: Collection[str],
    new: Mapping[str, bytes] | None = None,
    what: str = "the site was not built",
) -> None:
    """Search new pages, and pictures that were not searched before.

    `clean` are addresses of pictures that were searched; `new` holds, of pages that say little anew, what has to be
    searched; `what` begins the refusal, which counts every leak and names the first few.
    """
    new = new or {}
    pages = [
        (address, new.get(address, content))
        for address, content in layout.pages.items()
        if isinstance(content, bytes)
    ]
    fresh = [(address, place) for address, place in layout.pictures.items() if address not in clean]
    leaks = scan(pages, secrets)
    together = max(_FEWEST, -(-len(fresh) // (_TURNS * (os.cpu_count() or 1))))
    batches = [fresh[at : at + together] for at in range(0, len(fresh), together)]
    for found in in_parallel(partial(_searched, secrets), batches, few=1):
        leaks += found
    if leaks:
        first = "; ".join(leak.sentence() for leak in leaks[:_NAMED])
        more = f"; and {len(leaks) - _NAMED} more" if len(leaks) > _NAMED else ""
        raise RefusedError(
            f"{what}, because it would betray a patient: {first}{more}",
            hint="mend the words or the picture and build again; what was public before is as it was",
        )


def _searched(secrets: Secrets, places: Sequence[tuple[str, str | Path]]) -> list[Leak]:
    return scan(((address, Path(place).read_bytes()) for address, place in places), secrets)
