"""Pages that scripts build: run in a real Chromium that reaches no network but through our one door."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from crawler.extract.browser import browser_program

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
