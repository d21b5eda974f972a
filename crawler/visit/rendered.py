"""Extraction of pages that scripts build, by the rules of every download."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crawler.clock import Clock
from crawler.extract.browser import Rendered, browser_program, render
from crawler.extract.elements import ExtractedPage
from crawler.extract.page import extract_page
from crawler.extract.signals import Signal
from crawler.http import robots
from crawler.http.client import Fetcher, FetchError, Reply
from crawler.http.robots import Rules
from crawler.model import Candidate
from crawler.urls import canonical, host_of, origin_of

_HOPS = 5


@dataclass(slots=True)
class ScriptedPages:
    """Reads pages that scripts build.

    Args:
        fetcher: The one network door.
        agent: Our User-Agent.
        rules: What is known of robots.txt, by host; hosts beyond are asked here.
        delay_s: Seconds between two requests for one page.
        seconds: For a whole page.
    """

    fetcher: Fetcher
    agent: str
    rules: Mapping[str, Rules]
    clock: Clock
    delay_s: float
    seconds: float
    _others: dict[str, Rules] = field(default_factory=dict)

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
        more = tuple(Candidate(url=url, element="img", via="browser") for url in asked if url not in known)
        still = tuple(sign for sign in plain.signals if sign != Signal.SCRIPT_BUILT or not (known or more))
        links = tuple(dict.fromkeys((*plain.links, *shown.links)))
        return replace(shown, links=links, images=shown.images + more, signals=still)

    def _get(self, url: str, page: Reply) -> Reply | None:
        """Fetch what the page asks for and may have, redirects followed."""
        if canonical(url) == canonical(page.url):
            return page
        for _ in range(_HOPS):
            spelled = canonical(url)
            if spelled is None or not self._permits(spelled):
                return None
            self.clock.sleep(self.delay_s)
            try:
                reply = self.fetcher.get(spelled)
            except FetchError:
                return None
            if reply.redirect is None:
                return reply
            url = reply.redirect
        return None

    def _permits(self, url: str) -> bool:
        host = host_of(url)
        known = self.rules.get(host) or self._others.get(host)
        if known is None:
            known = self._others[host] = self._asked(origin_of(url))
        return known.permits(url)

    def _asked(self, origin: str) -> Rules:
        try:
            reply = self.fetcher.get(f"{origin}/robots.txt")
        except FetchError:
            return robots.read(0, b"")
        return robots.read(reply.status, reply.body)
