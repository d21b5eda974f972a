"""Firefox and WebKit as one kind of thing: what a reader does with a page, by the protocols their makers provide.

Firefox is driven by Mozilla's own Marionette client, WebKit by its WebDriver. Both read a page straight from the disk.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from marionette_driver import By as FirefoxBy
from marionette_driver.marionette import ActionSequence, Marionette
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

KEYS = {
    "Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " ", "End": "\ue010", "Home": "\ue011",
    "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
}  # fmt: skip
"""Source: WebDriver, section "Keyboard actions", the table of normalised key values."""


class Engine(Protocol):
    """A browser with one window."""

    name: str

    def open(self, address: str) -> None:
        """Go to an address and wait until the page is there."""

    def run(self, script: str) -> object:
        """Run the body of a function in the page, and give what it returns."""

    def press(self, key: str) -> None:
        """Press and release a key, wherever the focus is."""

    def click(self, css: str, x: float = 0.5, y: float = 0.5) -> None:
        """Click an element, at these shares of its width and height."""

    def drag(self, css: str, start: float, end: float) -> None:
        """Drag along an element, from one share of its width to another."""

    def choose_file(self, css: str, path: Path) -> None:
        """Choose a file in a file field."""

    def picture(self, path: Path) -> None:
        """Take a screenshot."""

    def close(self) -> None:
        """End the browser."""


def wait_for(engine: Engine, script: str, what: str, seconds: float = 15.0) -> object:
    """Wait until a script gives something true, and give that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = engine.run(script)
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{engine.name}: {what} did not happen within {seconds:.0f} s")


def _point(box: dict[str, float], x: float, y: float) -> tuple[int, int]:
    return round(box["left"] + box["width"] * x), round(box["top"] + box["height"] * y)


def _box(engine: Engine, css: str) -> dict[str, float]:
    script = f"const e = document.querySelector({css!r}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
    script += (
        "const {left, top, width, height} = e.getBoundingClientRect(); return {left, top, width, height};"
    )
    box: dict[str, float] = engine.run(script)  # type: ignore[assignment]
    return box


class Firefox:
    """The installed Firefox, without a window on the screen."""

    name = "Firefox"

    def __init__(self) -> None:
        """Start it."""
        self._client = Marionette(
            bin="/usr/bin/firefox-esr", headless=True, prefs={"layout.css.devPixelsPerPx": "1.0"}
        )
        self._client.start_session()
        self._client.set_window_rect(width=1280, height=950)

    def open(self, address: str) -> None:
        """Go to an address."""
        self._client.navigate(address)

    def run(self, script: str) -> object:
        """Run a script in the page's own world."""
        return self._client.execute_script(script, sandbox=None)

    def press(self, key: str) -> None:
        """Press a key."""
        keys = ActionSequence(self._client, "key", "keyboard")
        keys.key_down(KEYS[key]).key_up(KEYS[key]).perform()

    def click(self, css: str, x: float = 0.5, y: float = 0.5) -> None:
        """Click."""
        left, top = _point(_box(self, css), x, y)
        self._pointer().pointer_move(left, top).pointer_down().pointer_up().perform()

    def drag(self, css: str, start: float, end: float) -> None:
        """Drag."""
        box = _box(self, css)
        at = self._pointer().pointer_move(*_point(box, start, 0.5)).pointer_down()
        at.pointer_move(*_point(box, end, 0.5), duration=200).pointer_up().perform()

    def _pointer(self) -> ActionSequence:
        return ActionSequence(self._client, "pointer", "mouse", {"pointerType": "mouse"})

    def choose_file(self, css: str, path: Path) -> None:
        """Choose a file."""
        self._client.find_element(FirefoxBy.CSS_SELECTOR, css).send_keys(str(path))

    def picture(self, path: Path) -> None:
        """Take a screenshot."""
        path.write_bytes(self._client.screenshot(format="binary", full=False))

    def close(self) -> None:
        """End it."""
        self._client.delete_session()
        self._client.cleanup()


class WebKit:
    """WebKitGTK's small browser, the engine of Safari; needs a screen, or xvfb-run in its place."""

    name = "WebKit"

    def __init__(self) -> None:
        """Start it."""
        options = webdriver.WebKitGTKOptions()
        options.set_capability("browserName", "MiniBrowser")
        service = webdriver.webkitgtk.service.Service(shutil.which("WebKitWebDriver"))
        self._driver = webdriver.WebKitGTK(options=options, service=service)
        self._driver.set_window_size(1280, 950)

    def open(self, address: str) -> None:
        """Go to an address."""
        self._driver.get(address)

    def run(self, script: str) -> object:
        """Run a script in the page."""
        return self._driver.execute_script(script)

    def press(self, key: str) -> None:
        """Press a key."""
        ActionChains(self._driver).key_down(KEYS[key]).key_up(KEYS[key]).perform()

    def click(self, css: str, x: float = 0.5, y: float = 0.5) -> None:
        """Click."""
        self._moves([("move", _point(_box(self, css), x, y)), ("down", None), ("up", None)])

    def drag(self, css: str, start: float, end: float) -> None:
        """Drag."""
        box = _box(self, css)
        there, here = _point(box, start, 0.5), _point(box, end, 0.5)
        self._moves([("move", there), ("down", None), ("move", here), ("up", None)])

    def _moves(self, steps: list[tuple[str, tuple[int, int] | None]]) -> None:
        chain = ActionChains(self._driver)
        for kind, place in steps:
            if kind == "move" and place:
                chain.w3c_actions.pointer_action.move_to_location(*place)
            elif kind == "down":
                chain.w3c_actions.pointer_action.pointer_down()
            else:
                chain.w3c_actions.pointer_action.pointer_up()
        chain.perform()

    def choose_file(self, css: str, path: Path) -> None:
        """Choose a file."""
        self._driver.find_element(By.CSS_SELECTOR, css).send_keys(str(path))

    def picture(self, path: Path) -> None:
        """Take a screenshot."""
        self._driver.save_screenshot(str(path))

    def close(self) -> None:
        """End it."""
        self._driver.quit()


ENGINES: dict[str, Callable[[], Engine]] = {"firefox": Firefox, "webkit": WebKit}
