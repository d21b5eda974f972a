"""Workers that die, hang, or are told to stop with everybody else: the night goes on, or ends in one sentence."""

import os
import re
import signal
import subprocess
import sys
import time
from hashlib import sha256

import pytest

from crawler.model import Judgement, Outcome
from crawler.run.night import run
from crawler.run.workers import DIED

PIXEL = "data:image/png;base64,AAAA"


def _dies(body, name):
    if name.startswith("data:"):
        os._exit(9)
    return Judgement(digest=f"sha256:{sha256(body).hexdigest()}", verdict="none", upto=1)


def _hangs(body, name):
    if name.startswith("data:"):
        re.fullmatch(r"(a+)+b", "a" * 60)
    return Judgement(digest=f"sha256:{sha256(body).hexdigest()}", verdict="none", upto=1)


@pytest.mark.parametrize("look", [_dies, pytest.param(_hangs, marks=pytest.mark.slow)])
def test_a_worker_that_dies_or_hangs_costs_its_own_site_only(serve, watch, picture, look):
    """One site kills every worker that reads it: the other is visited, and the first is named as broken off."""
    bad = serve({"/": f'<img src="{PIXEL}">'})
    good = serve({"/": '<img src="/a.jpg">', "/a.jpg": picture("a")})
    folder = watch(bad.site(), good.site(), settings="workers = 1\nslice_s = 6\n")

    summary = run(folder, look=look)

    assert summary.outcome is Outcome.PARTIAL
    told = {site.url: site for site in summary.sites}
    assert f"the visit broke off: {DIED}" in told[f"{bad.url}/"].blind
    assert (told[f"{good.url}/"].outcome, told[f"{good.url}/"].tally.images) == (Outcome.DONE, 1)


def _slowly(_request):
    time.sleep(0.2)
    return '<img src="/a.jpg">'


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="groups of processes are POSIX")
@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_saves_what_was_seen(serve, watch, picture, asked):
    """Ctrl-C and a service's stop reach the workers too: the slice is written down, and one sentence says so."""
    pages = 12
    served = serve(
        {"/": "".join(f'<a href="/p{n}.html">x</a>' for n in range(pages)), "/a.jpg": picture("a")}
        | {f"/p{n}.html": _slowly for n in range(pages)}
    )
    folder = watch(served.site(), settings="workers = 1\nslice_requests = 4\n")
    command = [sys.executable, "-m", "pairwatch", "--data", str(folder.root), "crawl"]
    crawling = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(served.paths) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)

    os.killpg(crawling.pid, asked)
    _, said = crawling.communicate(timeout=60)
    summary = run(folder, look=_dies)

    assert "Traceback" not in said
    assert "what was seen is written down" in said
    assert crawling.returncode == 1
    assert (summary.resumed, summary.outcome, summary.tally.pages) == (True, Outcome.DONE, pages + 1)
    assert len(served.paths) == len(set(served.paths))
