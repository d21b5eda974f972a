"""A single look at an address that a person named: the page and the images it shows, nothing further."""

from dataclasses import replace

from crawler.model import Site, SiteState, SliceResult
from crawler.visit.download import Kit
from crawler.visit.frontier import Budget
from crawler.visit.site import crawl_site

_MOST_IMAGES = 300
_SECONDS = 120.0


def look_at(site: Site, url: str, kit: Kit) -> SliceResult:
    """Fetch one page with its images, or one image, under the same rules and bounds as any visit.

    Args:
        site: The site that it belongs to; its allowance counts.
        url: Canonical address of the page or image.
        kit: As for a slice.
    """
    alone = replace(site, url=url)
    budget = Budget(requests=_MOST_IMAGES, seconds=_SECONDS, bytes=500 * 1024 * 1024)
    result, _ = crawl_site(alone, SiteState(), budget, replace(kit, only_page=True))
    return result
