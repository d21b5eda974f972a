"""Every page there is, public or for staff: valid, accessible, and none left out."""

from pathlib import Path

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe

from benchmarks.show_site import show_site
from tests import nu
from tests.journeys.test_staff_pages import STANDARDS

LOOKS = [
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
]


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> Path:
    """The site of a drawn practice that uses everything a site can show."""
    return show_site(tmp_path_factory.mktemp("show"), size=(360, 480)).public


def addresses(public: Path, ending: str) -> list[str]:
    """Name every file of a kind."""
    return sorted(place.relative_to(public).as_posix() for place in public.rglob(f"*{ending}"))


@pytest.mark.slow
def test_every_public_page_is_valid(public):
    """The strict parser finds no fault on any page, nor does the Nu checker in pages, style sheets and drawings."""
    checked = [*addresses(public, ".html"), *addresses(public, ".css"), *addresses(public, ".svg")]
    assert len(addresses(public, ".html")) == 3 + 3 + 8  # index, 404, check; tags; patients, one of them gone
    for address in addresses(public, ".html"):
        html5lib.HTMLParser(strict=True).parse((public / address).read_bytes())

    if nu.JAR:
        assert nu.complaints({address: (public / address).read_bytes() for address in checked}) == []


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("look", LOOKS, ids=["desk", "phone in the dark"])
def test_every_public_page_is_accessible(public, chromium, look):
    """Axe finds nothing against WCAG 2.2 AA on any page, in light and dark, at a desk and on a phone."""
    context, found = chromium.new_context(**look), {}
    page = context.new_page()
    for address in addresses(public, ".html"):
        page.goto((public / address).as_uri())
        result = Axe().run(page, options={"runOnly": STANDARDS})
        if result.violations_count:
            found[address] = result.generate_report()
    context.close()

    assert found == {}


@pytest.mark.skipif(not nu.JAR, reason="the Nu checker is not at hand; `make pages` fetches it")
def test_the_checker_finds_what_is_wrong():
    """A page, a style sheet and a drawing with a fault each are complained of, so that silence means something."""
    told = nu.complaints(
        {
            "page.html": b"<!doctype html><title>x</title><img>",
            "a.css": b"a { colour: red }",
            "b.svg": b"<svg><rect bad/></svg>",
        }
    )

    assert {line.partition(":")[0] for line in told} == {"page.html", "a.css", "b.svg"}
