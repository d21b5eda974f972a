"""A single visit of what a person named."""

from dataclasses import replace

from crawler.model import Site, SiteState, SliceResult
from crawler.visit.context import VisitContext
from crawler.visit.site import Budget, crawl_site

_MOST_IMAGES = 300
_SECONDS = 120.0
_BYTES = 500 * 1024 * 1024


def look_at(site: Site, url: str, context: VisitContext) -> SliceResult:
    """Download one page with its images, or one image.

    Args:
        site: The site that it belongs to, whose allowance counts.
        url: Canonical address of the page or image.
        context: As for a slice.
    """
    alone = replace(site, url=url)
    budget = Budget(requests=_MOST_IMAGES, seconds=_SECONDS, bytes=_BYTES)
    result, _ = crawl_site(alone, SiteState(), budget, replace(context, only_page=True))
    return result
