"""Pages that scripts build: run in a real Chromium that reaches no network but through our one door."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from crawler.extract.browser import browser_program
from crawler.run.night import run

APP = '<div id="root"></div><script src="/app.js"></script><script src="http://127.0.0.3:{port}/evil.js"></script>'
SCRIPT = """
fetch('/api/list.json').then(r => r.json()).then(list => {
  for (const name of list) {
    const img = document.createElement('img'); img.src = name; img.alt = 'made by a script';
    document.getElementById('root').append(img);
  }
});
fetch('/api/save', {method: 'POST', body: 'x'});
fetch('http://169.254.169.254/latest/meta-data/');
new WebSocket('ws://127.0.0.3:PORT/ws');
"""


@pytest.fixture
def app(serve, picture):
    """A page whose pictures only a script knows, and an inner server that must never be asked."""
    inside = serve({"*": "inside"}, host="127.0.0.3")
    served = serve({
        "/": APP.format(port=inside.port),
        "/app.js": SCRIPT.replace("PORT", str(inside.port)),
        "/api/list.json": '["/a.jpg", "/b.jpg"]',
        "/a.jpg": picture("a"),
        "/b.jpg": picture("b"),
    })  # fmt: skip
    return served, inside


def test_without_a_browser_such_a_page_is_named(app, visitor):
    """By default no script runs: no picture is seen, and the page says why."""
    served, _ = app

    result = visitor.visit(served.site())

    assert "/a.jpg" not in served.paths
    assert [page.signals for page in result.pages] == [("built by scripts",)]


def test_a_browser_that_is_not_there_is_named(app, watch, hands, blind, monkeypatch):
    """A setting that cannot work says so after the night."""
    monkeypatch.setenv("PATH", "/nowhere")

    told = [
        run(watch(app[0].site(), settings=f"browser = {wanted}\n"), executor=hands, look=blind).notes
        for wanted in ("true", "false")
    ]

    assert [["browser = true" in note for note in notes] for notes in told] == [[True], []]


@pytest.mark.browser
def test_an_unchanged_shell_that_was_named_is_run_once_there_is_a_browser(serve, visitor, picture):
    """A gallery beside a logo, named last night, is run tonight although the page is the same."""
    if browser_program() is None:
        pytest.skip("no Chromium is installed")
    script = "var i = new Image(); i.src = '/a' + '.' + 'jpg'; document.getElementById('gallery').append(i)"
    served = serve({
        "/": f'<img src="/logo.png"><div id="gallery"></div><script>{script}</script>',
        "/logo.png": picture("logo"),
        "/a.jpg": picture("a"),
    })  # fmt: skip
    visitor.visit(served.site())
    assert "/a.jpg" not in served.paths
    visitor.next_night()
    visitor.plan = replace(visitor.plan, browser=True, request_s=20.0)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(visitor.visit, served.site()).result()

    assert "/a.jpg" in served.paths


@pytest.mark.browser
def test_with_a_browser_its_pictures_are_seen_and_nothing_else_is_reached(app, visitor):
    """Scripts run and their pictures are visited; POST, WebSockets and private addresses are never reached."""
    if browser_program() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium is installed")
        pytest.skip("no Chromium is installed")
    served, inside = app
    visitor.plan = replace(visitor.plan, browser=True, request_s=20.0)

    with ThreadPoolExecutor(1) as pool:  # as in a night: a slice runs in a thread of its own
        result = pool.submit(visitor.visit, served.site()).result()

    assert {"/app.js", "/api/list.json", "/a.jpg", "/b.jpg"} <= set(served.paths)
    assert result.tally.images == 2
    assert inside.asked == []
    assert "/api/save" not in served.paths
    assert {image.alt for page in result.pages for image in page.images} == {"made by a script"}
