"""A receptionist who has read no manual brings a patient's photographs to the public, and takes them back."""

import logging
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from gallery.catalog import Catalog
from gallery.ledger import Ledger
from gallery.schema import open_database
from tests import nu
from tests.gallery.web.conftest import (  # noqa: F401 (fixtures)
    blank,
    data_folder,
    finish_fingerprints,
    nine_photos,
    page,
    sign_in,
    site,
)

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NO_PAGES = {
    "static", "site.file", "cases.start",  # files, and an address that only leads on to the cases
    "new_case.picture", "pairs.picture", "photos.picture", "publishing.preview", "approval.picture",
    "consents.document",
}  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


@dataclass
class Receptionist:
    """Works a page and counts what it would take a person.

    Source of the times: the keystroke-level model (Card, Moran, Newell 1980): 0.28 s a key for an average typist,
    1.1 s to point, 0.2 s to press, 0.4 s from mouse to keyboard, 1.35 s to think.
    """

    window: Page
    seconds: float = 0.0

    def think(self, times=1):
        """Look at a page or decide something."""
        self.seconds += 1.35 * times

    def click(self, selector):
        """Point and press."""
        self.seconds += 1.3
        self.window.click(selector)

    def choose(self, selector, value):
        """Open a list and choose."""
        self.seconds += 2.6
        self.window.select_option(selector, value)

    def type(self, selector, text):
        """Point into a field and type."""
        self.seconds += 1.3 + 0.8 + 0.28 * len(text)
        self.window.fill(selector, text)

    def drop(self, files):
        """Drag a folder in: find it, mark all, drag, drop."""
        self.seconds += 6.0
        self.window.set_input_files("#files", [str(path) for path in files])


def flawless(window, found, name):
    """Note broken markup, what axe finds on a page, and whether a phone must scroll sideways."""
    parser = html5lib.HTMLParser()
    text = window.context.request.get(window.url).text()
    found.pages[name] = text.encode()
    found.addresses.append(window.url)
    parser.parse(text)
    if parser.errors:
        found[f"markup of {name}"] = parser.errors
    result = Axe().run(window, options={"runOnly": STANDARDS})
    if result.violations_count:
        found[name] = result.generate_report()
    window.set_viewport_size(PHONE)
    if window.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found[f"{name} on a phone"] = "scrolls sideways"
    window.set_viewport_size(DESK)


class Found(dict):
    """Faults by page, and the pages that were looked at."""

    def __init__(self):
        super().__init__()
        self.pages: dict[str, bytes] = {}
        self.addresses: list[str] = []

    def left_out(self, app):
        """Name every page of the application that nobody looked at; pictures and files of the site are none."""
        routes = app.url_map.bind("localhost")
        seen = {routes.match(urlsplit(address).path)[0] for address in self.addresses}
        pages = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
        return pages - seen - NO_PAGES


def make_case(hand, photos, seen=lambda: None):
    """Drop nine photographs and put right what the program could not know."""
    hand.window.goto("/drafts/new")
    hand.think()
    hand.drop(sorted(photos.iterdir()))
    hand.window.wait_for_selector("[data-card] >> nth=8")
    seen()
    hand.think(3)
    for card in range(9):
        if hand.window.input_value(f"[data-view] >> nth={card}") == "right":
            hand.choose(f"[data-view] >> nth={card}", "top")
    hand.click("button[value=case]")
    hand.window.wait_for_url("**/cases/1/")


def fill_in(hand):
    """Give facts, consent and authors."""
    window = hand.window
    hand.click(".steps >> text=Facts")
    hand.think(3)
    for stage in ("2", "3"):
        hand.choose(f"#performed_by-{stage}", "us")
        hand.type(f"#procedure-{stage}", "FUE")
    hand.type("#session-2", "1")
    hand.type("#sessions-2", "2")
    hand.type("#region", "hairline")
    hand.type("#chart", "88-1234")
    hand.click("button.main")
    window.wait_for_url("**/consent")
    hand.think(4)
    window.set_input_files(
        "#document", {"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    hand.seconds += 6.0
    hand.type("#signed_on", "2026-01-10")
    for element in window.query_selector_all(".elements > .tick input"):
        hand.seconds += 1.3
        element.check()
    hand.click("#channel-website")
    hand.click("button.main")
    window.wait_for_url("**/who-took-them")
    hand.think()
    for field in window.query_selector_all("input[name^=person]"):
        hand.seconds += 2.1 + 0.28 * 4  # the name is offered after the first letters
        field.fill("Ada Example")
    hand.click("button.main")
    window.wait_for_url("**/pairs")


def approve(context, link):
    """Open a link as the doctor, on another machine, and approve."""
    window = context.new_page()
    window.goto(link)
    window.fill("#name", "Dr. Example")
    window.click("text=I approve this")
    window.wait_for_selector("text=You approved this")
    context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_a_three_stage_case_of_nine_photos_in_three_minutes(chromium, page, site, nine_photos):  # noqa: F811
    """From nine files to the public page in under three minutes, approval by link and proof included."""
    hand, began = Receptionist(page), time.monotonic()
    sign_in(page)
    make_case(hand, nine_photos)
    fill_in(hand)
    hand.think(2)
    hand.click("text=Seen, go on")
    hand.think(2)
    hand.click("text=Save and check")
    page.wait_for_url("**/publish")
    hand.think(2)
    hand.click("text=Make a link for the doctor")
    page.wait_for_selector("text=Send this link")
    link = page.get_attribute("#approval .said a", "href")
    spent = hand.seconds + time.monotonic() - began
    approve(chromium.new_context(base_url=site.url), link)
    began = time.monotonic()
    hand.click("text=Publish Patient 1")
    page.wait_for_url("**/proof", timeout=60_000)
    spent += 1.3 + time.monotonic() - began

    assert "Nothing leaks, and every page is whole" in page.inner_text("main")
    logging.getLogger(__name__).info("%.0f s for a person, %.0f s of them by hand", spent, hand.seconds)
    assert spent < 180
    database = open_database(site.folder.database)
    photos, chain = Catalog(database).photos(1), Ledger(database).verify()
    database.close()
    assert [photo.view for photo in photos] == ["front", "left", "top"] * 3
    assert chain == []


@pytest.mark.browser
@pytest.mark.slow
def test_every_staff_page_is_accessible_and_fits_a_phone(page, site, nine_photos):  # noqa: F811, PLR0915 (a journey)
    """No page of the journey has a fault that axe can find (WCAG 2.2 AA), and none scrolls sideways on a phone."""
    found = Found()
    hand = Receptionist(page)
    page.goto("/sign-in")
    flawless(page, found, "sign-in")
    sign_in(page, "Dora")
    for name in ("/password", "/drafts/new"):
        page.goto(name)
        flawless(page, found, name)
    make_case(hand, nine_photos, lambda: flawless(page, found, "board"))
    flawless(page, found, "case")
    fill_in(hand)
    pages = ("facts", "consent", "who-took-them", "pairs", "pairs/1/7", "words", "publish", "withdraw")
    for name in pages:
        page.goto(f"/cases/1/{name}")
        flawless(page, found, name)
    page.goto("/cases/1/publish")
    page.click("text=I approve it as it is now")
    page.click("text=Make a link for the patient")
    flawless(page, found, "publish with a link")
    link = page.get_attribute("#approval .said a", "href")
    page.click("text=Publish Patient 1")
    page.wait_for_url("**/proof", timeout=60_000)
    flawless(page, found, "proof")
    page.goto(link)
    flawless(page, found, "approval by link")
    page.goto("/cases/1/withdraw")
    page.check("#sure")
    page.click("text=Withdraw now")
    page.wait_for_selector(".receipt")
    flawless(page, found, "withdrawn")
    page.goto("/cases/")
    flawless(page, found, "cases")
    page.goto("/cases/99/")
    flawless(page, found, "error")

    assert found == {}
    assert found.left_out(site.app) == set()
    if nu.JAR:
        assert nu.complaints(found.pages) == []
