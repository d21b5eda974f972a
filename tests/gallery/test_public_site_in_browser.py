"""The built site in a real Chromium, straight from its folder: by mouse, by keyboard, without scripts."""

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from watermark.picture.encode import encode

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Site:
    """A built site, and a browser to look at it with."""

    clinic: object
    browser: object

    def open(self, address, **options):
        """Open a page of the site in a fresh window; whatever the browser complains of fails the test."""
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(10_000)
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto((self.clinic.folder.public / address).as_uri())
        return page


@pytest.fixture(scope="module")
def site(open_clinic, chromium, tmp_path_factory):
    """A site of four cases, of which Patient 1 has three stages."""
    clinic = open_clinic(tmp_path_factory.mktemp("site"))
    stages = {1: ["before", "after session 1 of 2", "one year later"]} | {
        n: ["before", "after"] for n in (2, 3, 4)
    }
    rows = clinic.rows(stages, consent_signed="2026-01-01", performed_by="us", limits="Not for everybody.")
    person = draw_portrait(Person(5), Room(5), stage="after", view="front", shot=0, size=(480, 600))
    (clinic.desk / "photos/IMG_2_4.jpg").write_bytes(encode(person, format="jpeg", quality=90))
    clinic.take_in([row | {"tags": "scar|hair loss" if row["case"] == 1 else "scar"} for row in rows])
    clinic.build()
    return Site(clinic, chromium)


def test_no_page_has_a_fault_of_accessibility(site):
    """Axe finds nothing on any page, in light and dark, and the browser has no complaint."""
    for address in sorted(name for name in site.clinic.public() if name.endswith(".html")):
        for scheme in ("light", "dark") if address in {"index.html", "patient-1/index.html"} else ("light",):
            page = site.open(address, color_scheme=scheme)
            assert page.complaints == [], address
            found = Axe().run(page).response["violations"]
            assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == [], address
            page.context.close()


def test_the_slider_obeys_the_keyboard(site):
    """Arrow keys and Home and End move the line between before and after, and it says where it is."""
    page = site.open("patient-1/index.html")
    slider = page.get_by_role("slider").first
    clip = "() => getComputedStyle(document.querySelector('.shot-after')).clipPath"

    assert page.evaluate(clip) == "inset(0px 0px 0px 50%)"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(clip) == "inset(0px 0px 0px 51%)"
    page.keyboard.press("Home")
    assert page.evaluate(clip) == "inset(0px 0px 0px 0%)"
    assert slider.get_attribute("aria-valuetext") == "100 % One year later"
    assert "Before (left)" in str(slider.get_attribute("aria-label"))
    page.context.close()


def test_the_slider_obeys_the_mouse(site):
    """A click at a fifth of the picture puts the line there."""
    page = site.open("patient-1/index.html")
    box = page.locator(".pair-range").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 5, box["y"] + box["height"] / 2)

    assert 17 <= int(page.locator(".pair-range").first.input_value()) <= 23
    page.context.close()


def test_the_slider_obeys_a_finger(site):
    """A finger drags the line to and fro; a drag up or down belongs to the page, which scrolls."""
    page = site.open("patient-1/index.html", has_touch=True, viewport={"width": 400, "height": 500})
    slider = page.locator(".pair-range").first
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    across, down = box["x"] + box["width"] / 2, max(box["y"], 0) + 60
    finger = page.context.new_cdp_session(page)

    def touch(kind, *points):
        at = [{"x": x, "y": y} for x, y in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    def drag(x, y):
        touch("touchStart", (across, down))
        for step in range(1, 11):
            touch("touchMove", (across + (x - across) * step / 10, down + (y - down) * step / 10))
        touch("touchEnd")
        page.wait_for_timeout(300)

    drag(box["x"] + box["width"] * 0.8, down)
    assert 75 <= int(slider.input_value()) <= 85
    drag(box["x"] + box["width"] * 0.2, down)
    assert 15 <= int(slider.input_value()) <= 25
    assert "inset(0px 0px 0px " in page.evaluate(
        "() => getComputedStyle(document.querySelector('.shot-after')).clipPath"
    )
    scrolled = page.evaluate("() => scrollY")
    drag(across, down - 55 if scrolled == 0 else down + 200)
    assert page.evaluate("() => scrollY") != scrolled
    assert page.complaints == []
    page.context.close()


def test_any_two_stages_are_compared(site):
    """A reader chooses the stage on either side, by keyboard too; the earlier one is always on the left, and named."""
    page = site.open("patient-1/index.html")
    left, right = page.get_by_label("On the left"), page.get_by_label("On the right")
    shown = "() => [...document.querySelectorAll('.pair .shot')].filter((s) => !s.hidden).map((s) => s.dataset.label)"

    assert page.evaluate(shown) == ["Before", "One year later"]
    right.select_option("After session 1 of 2")
    assert page.evaluate(shown) == ["Before", "After session 1 of 2"]
    left.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(shown) == ["After session 1 of 2", "One year later"]
    assert right.input_value() == "2"
    assert (
        page.get_by_role("slider")
        .get_attribute("aria-label")
        .startswith("Compare After session 1 of 2 (left) with One year later (right)")
    )
    told = page.locator(".pair figcaption").inner_text()
    assert told.startswith("After session 1 of 2 (left) and One year later (right), front.")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pair .shot:not([hidden]) img')].every((i) => i.naturalWidth)"
    )
    page.locator(".pair-range").press("Home")
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == "100 % One year later"
    assert page.complaints == []
    assert Axe().run(page).response["violations"] == []
    page.context.close()


def test_a_photograph_is_enlarged_and_closed_again(site):
    """Click, turn with the arrow keys, Escape: the focus is back where it was."""
    page = site.open("patient-1/index.html")
    page.locator("a.zoom").first.click()
    dialog = page.locator("dialog.lightbox")
    assert dialog.is_visible()
    page.keyboard.press("ArrowRight")
    assert "After session 1 of 2" in dialog.locator("p").inner_text()
    assert page.evaluate("() => document.querySelector('dialog img').naturalWidth") > 0
    page.keyboard.press("Escape")

    assert not dialog.is_visible()
    assert page.evaluate("() => document.activeElement.className") == "zoom"
    page.context.close()


def test_cases_are_filtered_without_a_server(site):
    """Choosing a tag leaves its cases; showing all brings the others back."""
    page = site.open("index.html")
    page.get_by_role("combobox", name="Tag").select_option("hair loss")
    assert page.locator(".card:visible").count() == 1
    assert page.get_by_role("status").inner_text() == "1 of 4 cases"
    page.get_by_role("button", name="Show all").click()
    page.locator(".card:visible").nth(3).wait_for()

    assert page.locator(".card:visible").count() == 4
    page.context.close()


def test_without_scripts_all_is_there(site):
    """Both sides of a pair stand side by side with their labels, links open the pictures, no dead control shows."""
    page = site.open("patient-1/index.html", java_script_enabled=False)
    left, right = (page.locator(f".shot-{side}").first.bounding_box() for side in ("before", "after"))

    assert left["x"] + left["width"] <= right["x"] + 3
    assert (
        page.locator(".pair figcaption")
        .first.inner_text()
        .startswith("Before (left) and One year later (right)")
    )
    assert page.locator(".pair .shot:visible").count() == 2
    assert not page.locator(".choose").first.is_visible()
    assert not page.locator(".pair-range").first.is_visible()
    page.locator("a.zoom").first.click()
    page.wait_for_url("**/photos/*.jpg")
    page.context.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_sticks_out_on_any_screen(site, width):
    """From the smallest phone to a desk's screen no page scrolls sideways."""
    for address in ("index.html", "patient-1/index.html"):
        page = site.open(address, viewport={"width": width, "height": 800})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, address
        page.context.close()


def test_a_visitor_checks_a_picture_without_sending_it(site, tmp_path):
    """A shrunk, mirrored copy is recognised in the browser, a stranger's picture is not, and a text is refused."""
    page = site.open("really-ours/index.html")
    asked_for: list[tuple[str, str]] = []
    page.on("request", lambda request: asked_for.append((request.method, request.url)))
    answer = page.get_by_role("status")
    with Image.open(site.clinic.desk / "photos/IMG_2_4.jpg") as ours:
        copy = ours.resize((160, 120)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    copy.save(tmp_path / "copy.jpg", quality=60)
    site.clinic.photo("stranger.jpg", 4711)
    (tmp_path / "words.jpg").write_text("words")

    page.set_input_files("input", tmp_path / "copy.jpg")
    answer.get_by_text("This looks like a photograph of ours").wait_for()
    assert answer.get_by_role("link").inner_text() == "Patient 2, After, front (yours is mirrored)"
    page.set_input_files("input", site.clinic.desk / "stranger.jpg")
    answer.get_by_text("We do not recognise this picture").wait_for()
    page.set_input_files("input", tmp_path / "words.jpg")
    answer.get_by_text("no picture that your browser can show").wait_for()
    assert page.complaints == []
    public = site.clinic.folder.public.as_uri()
    assert {(method, address.partition(":")[0]) for method, address in asked_for} <= {
        ("GET", "blob"),
        ("GET", "file"),
    }
    assert all(address.startswith(("blob:", f"{public}/")) for _, address in asked_for)
    for send in ("fetch('https://example.org/', {method: 'POST', body: 'x'})", "fetch('x')"):
        assert page.evaluate(f"() => {send}.then(() => 'sent', () => 'refused')") == "refused"
    assert page.evaluate("() => navigator.sendBeacon('https://example.org/', 'x')") in {True, False}
    assert not [address for _, address in asked_for if "example.org" in address]
    page.context.close()
