"""Extraction of pages that scripts build, by the rules of every download."""

from dataclasses import dataclass, replace

from crawler.extract.browser import Rendered, browser_program, render
from crawler.extract.elements import ExtractedPage
from crawler.extract.page import extract_page
from crawler.extract.signals import Signal
from crawler.http.client import Reply
from crawler.model import ImageLink
from crawler.urls import canonical
from crawler.visit.polite import PoliteFetcher


@dataclass(slots=True)
class ScriptedPages:
    """Reads pages that scripts build.

    Args:
        others: Asks for what a page needs.
        agent: Our User-Agent.
        seconds: For a whole page.
    """

    others: PoliteFetcher
    agent: str
    seconds: float

    def read(self, page: Reply, plain: ExtractedPage) -> tuple[ExtractedPage, int]:
        """Extract a page after its scripts ran, and count requests.

        Without a browser it stays as it is.
        """
        program = browser_program()
        if program is None:
            return plain, 0
        rendered = render(
            page.url, program, self.agent, lambda url: self._get(url, page), seconds=self.seconds
        )
        if not rendered.markup:
            return plain, rendered.requests
        return self._joined(page, plain, rendered), rendered.requests

    def _joined(self, page: Reply, plain: ExtractedPage, rendered: Rendered) -> ExtractedPage:
        shown = extract_page(rendered.markup.encode(), page.url, "text/html; charset=utf-8")
        known = {image.url for image in shown.images}
        asked = dict.fromkeys(filter(None, (canonical(url) for url in rendered.images)))
        more = tuple(ImageLink(url=url, element="img", via="browser") for url in asked if url not in known)
        still = tuple(sign for sign in plain.signals if sign != Signal.SCRIPT_BUILT or not (known or more))
        links = tuple(dict.fromkeys((*plain.links, *shown.links)))
        return replace(shown, links=links, images=shown.images + more, signals=still)

    def _get(self, url: str, page: Reply) -> Reply | None:
        """Fetch what the page asks for and may have, redirects followed."""
        if canonical(url) == canonical(page.url):
            return page
        replies = self.others.follow(url)
        return replies[-1] if replies else None
