"""Refuses a site that would betray a patient: what a build newly writes is searched before anybody can see it."""

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

from gallery.errors import GalleryError
from gallery.leaks import Leak, Secrets, scan
from gallery.parallel import in_parallel
from gallery.public_site.folder import Layout

_FEWEST = 100  # pictures that are worth a worker's start
_TURNS = 4  # for each worker: what is searched for is made ready anew in each
_TOLD = 5


def refuse_leaks(layout: Layout, secrets: Secrets, clean: Iterable[str]) -> list[str]:
    """Search the pages that are new and the pictures that were not searched before.

    Args:
        layout: the site as it will be.
        secrets: what must not be found in it.
        clean: addresses of pictures that were searched; a published name stands for its very bytes.

    Returns:
        The addresses of all pictures of the site, searched now or before.

    Raises:
        GalleryError: Something leaks; every leak is counted, and the first few are named.
    """
    pages = ((address, content) for address, content in layout.pages.items() if isinstance(content, bytes))
    known = set(clean)
    fresh = [(address, place) for address, place in layout.pictures.items() if address not in known]
    leaks = scan(pages, secrets)
    together = max(_FEWEST, -(-len(fresh) // (_TURNS * (os.cpu_count() or 1))))
    batches = [fresh[at : at + together] for at in range(0, len(fresh), together)]
    for found in in_parallel(partial(_searched, secrets), batches, few=1):
        leaks += found
    if leaks:
        told = "; ".join(leak.sentence() for leak in leaks[:_TOLD])
        more = f"; and {len(leaks) - _TOLD} more" if len(leaks) > _TOLD else ""
        raise GalleryError(
            f"the site was not built, because it would betray a patient: {told}{more}",
            hint="mend the words or the picture and build again; the old site is as it was",
        )
    return sorted(layout.pictures)


def _searched(secrets: Secrets, places: Sequence[tuple[str, Path]]) -> list[Leak]:
    return scan(((address, place.read_bytes()) for address, place in places), secrets)
