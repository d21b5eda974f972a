"""Pages that scripts build, run in a Chromium without network."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from shutil import which
from typing import TYPE_CHECKING

from crawler.http.client import Reply

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright, Route

MOST_REQUESTS = 80
SETTLE_MS = 800
WIDTH, HEIGHT, TALLEST = 1280, 900, 12_000
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_NO_WAY_OUT = (
    "--proxy-server=http://127.0.0.1:9",  # whatever is not routed through us ends at a closed port
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_DOT = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
Fetch = Callable[[str], Reply | None]


@dataclass(slots=True)
class Rendered:
    """What a page became when its scripts had run.

    `markup` is "" when nothing came; `images` are addresses that it asked for and that were not fetched.
    """

    markup: str = ""
    images: list[str] = field(default_factory=list)
    requests: int = 0


def browser_program() -> str | None:
    """Give the installed Chromium's path, or None.

    None also where the extra `browser` is not installed.
    """
    if find_spec("playwright") is None:
        return None
    return next((found for name in _PROGRAMS if (found := which(name))), None)


def render(url: str, program: str, agent: str, fetch: Fetch, *, seconds: float) -> Rendered:
    """Let a page's scripts run, and give what it shows then.

    Chromium reaches no network: GET requests are answered by `fetch` (the same address policy, robots rules and
    bounds as everywhere; None refuses), everything else is refused, and pictures are noted and answered by a dot.
    """
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 (an extra)

    rendered = Rendered()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=_arguments())
        try:
            context = browser.new_context(user_agent=agent, service_workers="block", accept_downloads=False)
            page = context.new_page()
            page.set_default_timeout(seconds * 1000)
            page.route("**/*", lambda route: _answer(route, fetch, rendered))
            with suppress(Error):
                page.goto(url, wait_until="load")
            with suppress(Error):
                _scroll(page)
                rendered.markup = page.content()
        finally:
            browser.close()
    return rendered


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a reader would see it.

    Args:
        picture: PNG of the whole page, cut at `TALLEST`.
        markup: Its elements, as HTML.
        program: Name and version of the browser.
    """

    picture: bytes
    markup: str
    program: str


Draw = Callable[[str, Fetch], Drawn | None]


def _started(program: str) -> "tuple[Playwright, Browser]":
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 (an extra)

    driver = sync_playwright().start()
    try:
        return driver, driver.chromium.launch(executable_path=program, args=_arguments())
    except Error:
        driver.stop()
        raise


@contextmanager
def drawing(program: str, agent: str, *, seconds: float) -> Iterator[Draw]:
    """Start a Chromium without network or scripts that draws pages from answers of ours.

    Args:
        program: The browser's path.
        agent: Our User-Agent.
        seconds: For each page.
    """
    from playwright.sync_api import Error  # noqa: PLC0415 (an extra)

    def draw(browser: "Browser", url: str, answer: Fetch) -> Drawn | None:
        context = browser.new_context(
            user_agent=agent, service_workers="block", accept_downloads=False, java_script_enabled=False
        )
        try:
            page = context.new_page()
            page.set_default_timeout(seconds * 1000)
            page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            page.route("**/*", lambda route: _fulfil(route, answer))
            page.goto(url, wait_until="load")
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": TALLEST}
            picture = page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
            return Drawn(picture, page.content(), f"Chromium {browser.version}")
        except Error:
            return None
        finally:
            context.close()

    # A thread of its own: Playwright's loop would be in the way of another one in the caller's.
    with ThreadPoolExecutor(1) as thread:
        try:
            driver, browser = thread.submit(_started, program).result()
        except Error:
            yield lambda _url, _answer: None
            return
        try:
            yield lambda url, answer: thread.submit(draw, browser, url, answer).result()
        finally:
            thread.submit(browser.close).result()
            thread.submit(driver.stop).result()


def _fulfil(route: "Route", answer: Fetch) -> None:
    """Answer from what is kept, and refuse everything else."""
    reply = answer(route.request.url) if route.request.method == "GET" else None
    if reply is None:
        route.abort()
        return
    kind = reply.headers.get("content-type", "application/octet-stream")
    route.fulfill(status=reply.status, content_type=kind, body=reply.body)


def _arguments() -> list[str]:
    return [*_NO_WAY_OUT, *(["--no-sandbox"] if _is_root() else [])]


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _scroll(page: "Page") -> None:
    """Let lazy pictures come near, as a reader who scrolls down would."""
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(SETTLE_MS)


def _answer(route: "Route", fetch: Fetch, rendered: Rendered) -> None:
    request = route.request
    if request.method != "GET" or request.resource_type in (
        "media",
        "font",
        "websocket",
        "eventsource",
        "ping",
    ):
        route.abort()
        return
    if request.resource_type == "image":
        rendered.images.append(request.url)
        route.fulfill(status=200, content_type="image/gif", body=_DOT)
        return
    reply = fetch(request.url) if rendered.requests < MOST_REQUESTS else None
    rendered.requests += 1
    if reply is None:
        route.abort()
        return
    headers = {"access-control-allow-origin": "*"}
    kind = reply.headers.get("content-type", "application/octet-stream")
    route.fulfill(status=reply.status, content_type=kind, headers=headers, body=reply.body)
