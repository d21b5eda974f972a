"""The built site in Firefox and in WebKit, from its folder: `make browsers` (the ordinary tests look in Chromium).

The file's name keeps it out of the ordinary suite, which must run where neither browser is installed.
"""

import functools
import http.server
import threading
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.show_site import NINE, show_site
from tests.browsers.engines import ENGINES, wait_for


@pytest.fixture(scope="session")
def shown(tmp_path_factory):
    """The site of a drawn practice."""
    return show_site(tmp_path_factory.mktemp("show"), size=(480, 640))


@pytest.fixture(scope="module", params=sorted(ENGINES))
def engine(request):
    """Each browser, started once."""
    started = ENGINES[request.param]()
    yield started
    started.close()


@pytest.fixture
def case(engine, shown):
    """The case page with nine photographs, straight from the disk."""
    engine.open((shown.public / f"patient-{NINE}/index.html").as_uri())
    wait_for(engine, "return document.querySelector('.is-slider') !== null", "the page's script")
    return engine


def clip(engine) -> str:
    """Where the line between before and after is."""
    return str(engine.run("return getComputedStyle(document.querySelector('.shot-after')).clipPath"))


def test_the_slider_obeys_the_keyboard(case):
    """Arrow keys, Home and End move the line, and the control says where it is."""
    case.run("document.querySelector('.pair-range').focus()")
    case.press("ArrowRight")
    assert "51%" in clip(case)
    case.press("Home")
    assert case.run("return document.querySelector('.pair-range').value") == "0"
    assert case.run("return document.querySelector('.pair-range').getAttribute('aria-valuetext')") == (
        "100 % One year later"
    )
    case.press("End")
    assert "100%" in clip(case)


def test_the_slider_obeys_the_mouse(case):
    """A click at a fifth puts the line there, and dragging takes it along."""
    case.click(".pair-range", 0.2)
    assert 15 <= int(case.run("return document.querySelector('.pair-range').value")) <= 25
    case.drag(".pair-range", 0.2, 0.8)
    assert 75 <= int(case.run("return document.querySelector('.pair-range').value")) <= 85


def test_a_photograph_is_enlarged_and_closed_again(case):
    """Click, turn with an arrow key, Escape: the focus is back where it was."""
    case.click("a.zoom")
    wait_for(case, "return document.querySelector('dialog.lightbox').open", "enlarging")
    case.press("ArrowRight")
    wait_for(case, "return document.querySelector('dialog img').naturalWidth > 0", "the next photograph")
    assert "(2 of 9)" in str(case.run("return document.querySelector('.lightbox-caption').textContent"))
    case.press("Escape")
    wait_for(case, "return !document.querySelector('dialog.lightbox').open", "closing")
    assert case.run("return document.activeElement.className") == "zoom"


def test_every_photograph_is_shown(case):
    """All pictures of the page can be decoded, the first of them in the smallest format the browser knows."""
    case.run("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager'; })")
    wait_for(
        case,
        "return [...document.querySelectorAll('main img')].every((image) => image.complete && image.naturalWidth)",
        "showing every photograph",
    )
    shown_as = str(case.run("return document.querySelector('.shot img').currentSrc"))
    assert shown_as.endswith((".avif", ".webp"))


def test_cases_are_filtered_without_a_server(engine, shown):
    """Choosing a tag leaves its cases, and showing all brings the others back."""
    engine.open((shown.public / "index.html").as_uri())
    wait_for(engine, "return document.querySelector('.filter').offsetHeight > 0", "showing the filters")
    count = "return [...document.querySelectorAll('.card')].filter((card) => card.offsetHeight).length"
    assert engine.run(count) == 7
    choose = "const s = document.querySelector('.filter select[name={}]'); s.value = {!r};"
    choose += "s.dispatchEvent(new Event('change', {{bubbles: true}}));"
    engine.run(choose.format("Tag", "scar"))
    assert engine.run(count) == 3
    engine.run(choose.format("Region", "crown"))
    assert engine.run(count) == engine.run(
        "return [...document.querySelectorAll('.card')].filter((card) => card.dataset.search.includes('\"crown\"')"
        " && card.dataset.search.includes('\"scar\"')).length"
    )
    engine.click(".filter button")
    wait_for(engine, count.replace("length", "length === 7"), "showing all again")


def test_a_visitor_checks_a_picture(engine, shown, tmp_path):
    """A shrunk, mirrored copy is recognised in the browser, and a text is refused."""
    with Image.open(shown.root.parent / "desk/5-front-before.jpg") as ours:
        ours.resize((240, 320)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(
            tmp_path / "copy.jpg", quality=60
        )
    (tmp_path / "words.jpg").write_text("words")
    engine.open((shown.public / "really-ours/index.html").as_uri())
    wait_for(engine, "return !document.querySelector('.ours').hidden", "the page's script")

    engine.choose_file("input[type=file]", tmp_path / "copy.jpg")
    answer = "return document.querySelector('.ours-answer').textContent"
    wait_for(engine, f"{answer}.includes('looks like a photograph of ours')", "recognising the copy")
    assert "Patient 5, Before, front (yours is mirrored)" in str(engine.run(answer))
    engine.choose_file("input[type=file]", tmp_path / "words.jpg")
    wait_for(engine, f"{answer}.includes('no picture that your browser can show')", "refusing the text")


class _NoScripts(http.server.SimpleHTTPRequestHandler):
    """Serves files and forbids all scripts, as readers' own blockers do."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "script-src 'none'")
        super().end_headers()

    def log_message(self, format, *args):  # noqa: A002
        pass


def test_without_scripts_all_is_there(engine, shown):
    """Both sides of a pair stand side by side with their labels, and no dead control shows."""
    handler = functools.partial(_NoScripts, directory=str(shown.public))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            engine.open(f"http://127.0.0.1:{server.server_address[1]}/patient-{NINE}/index.html")
            assert engine.run("return document.documentElement.className") == ""
            edges = "const b = document.querySelector('.shot-{}').getBoundingClientRect(); return [b.left, b.right]"
            left, right = (engine.run(edges.format(side)) for side in ("before", "after"))
            assert left[1] <= right[0] + 3
            assert engine.run("return document.querySelector('.pair-range').offsetHeight") == 0
            assert engine.run("return document.querySelector('.hint').offsetHeight") == 0
            engine.click("a.zoom")
            wait_for(engine, "return location.pathname.endsWith('.jpg')", "opening the photograph")
        finally:
            server.shutdown()


@pytest.mark.parametrize("address", ["index.html", f"patient-{NINE}/index.html", "really-ours/index.html"])
def test_nothing_sticks_out(engine, shown, address, tmp_path):
    """No page scrolls sideways at a desk."""
    engine.open((shown.public / address).as_uri())
    assert engine.run("return document.documentElement.scrollWidth <= innerWidth")
    engine.picture(Path(tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 5_000
