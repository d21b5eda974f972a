"""What a night keeps of each finding, byte for byte."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

import numpy as np
import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.evidence.capture import exchanges_of, problems_of
from crawler.evidence.warc import Archive, payload_of
from crawler.extract.browser import browser_program
from crawler.model import Judgement
from crawler.run.night import run
from crawler.store.captures import Captures
from crawler.store.database import watch as opened
from crawler.store.findings import Findings
from gallery.store.vault import Vault
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture


def _ours(body, name):
    """Whatever begins as a JPEG carries our mark."""
    return Judgement(
        digest=f"sha256:{hashlib.sha256(body).hexdigest()}", verdict="copy", upto=1, carries_our_mark=True
    )


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    """Most of these tests need no screenshots."""
    monkeypatch.setattr("crawler.run.capturing.browser_program", lambda: None)


@pytest.fixture
def rival(serve, answer, picture):
    """A page in gzip with one picture of ours and a style sheet."""
    page = b'<link rel=stylesheet href=/s.css><h1>Results</h1><img src=/p.jpg alt="our client">'
    packed = gzip.compress(page, mtime=0)
    return serve(
        {
            "/": answer(packed, headers={"Content-Encoding": "gzip", "X-Seen": "yes"}),
            "/p.jpg": picture("ours"),
            "/s.css": "h1 { color: red }",
        }
    )


def _captured(folder):
    with opened(folder) as db:
        return Captures(db).of()


def _kept(folder, capture):
    vault = Vault(folder.evidence)
    assert problems_of(capture, vault) == []
    return list(exchanges_of(capture.parts, vault))


def test_a_night_keeps_page_picture_and_style_as_they_came(rival, watch, hands, picture):
    """The kept answers are those of the visit itself, with headers and compression, and nothing is asked twice."""
    folder = watch(rival.site())
    run(folder, executor=hands, look=_ours)

    (capture,) = _captured(folder)
    kept = dict(_kept(folder, capture))
    assert capture.is_complete
    assert (capture.page_url, capture.image_url) == (f"{rival.url}/", f"{rival.url}/p.jpg")
    assert kept["image"].body == picture("ours")
    assert kept["page"].body[:2] == b"\x1f\x8b"
    assert b"X-Seen: yes\r\n" in kept["page"].head
    assert b"our client" in payload_of(kept["page"])
    assert kept["style"].body == b"h1 { color: red }"
    assert not any(part["is_further"] for part in capture.parts)
    assert sorted(rival.paths) == ["/", "/p.jpg", "/s.css"]
    told = json.loads(Vault(folder.evidence).get(capture.manifest))
    assert told["subject"]["words"][0]["alt"] == "our client"
    with opened(folder) as db:
        (sighting,) = Findings(db).all()[0].sightings
    image = next(part for part in capture.parts if part["role"] == "image")
    assert datetime.fromisoformat(image["received_at"]) - sighting.image_received < timedelta(milliseconds=1)
    assert told["circumstances"]["settings"].startswith("sha256:")
    assert told["circumstances"]["clock_source"].startswith("this computer's clock")


def test_only_what_is_new_is_kept_again(rival, watch, hands):
    """An unchanged page adds nothing; other words add a capture with that night's own answer of the picture."""
    folder = watch(rival.site())
    run(folder, executor=hands, look=_ours)
    run(folder, executor=hands, look=_ours)
    assert len(_captured(folder)) == 1
    rival.asked.clear()

    rival.routes["/"] = "<img src=/p.jpg alt='symbol photo'>"
    run(folder, executor=hands, look=_ours)

    first, second = _captured(folder)
    assert second.is_complete
    assert {part["role"]: part["is_further"] for part in second.parts} == {"page": False, "image": False}
    assert ["if-none-match" in headers for path, headers in rival.asked if path == "/p.jpg"] == [False]
    bodies = {part["body"] for one in (first, second) for part in one.parts if part["role"] == "image"}
    assert len(bodies) == 1, "the picture's bytes are stored once"


def test_changed_evidence_is_named(rival, watch, hands):
    """A flipped byte and a missing file in the store are both named with the capture they belong to."""
    folder = watch(rival.site())
    run(folder, executor=hands, look=_ours)
    (capture,) = _captured(folder)
    files = [one for one in folder.evidence.rglob("*") if one.is_file()]
    vault = Vault(folder.evidence)
    for file in files:
        data = file.read_bytes()
        file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        assert any("changed" in line for line in problems_of(capture, vault)), file
        file.unlink()
        assert any("missing" in line for line in problems_of(capture, vault)), file
        file.write_bytes(data)
    assert problems_of(capture, vault) == []


def test_records_are_read_by_the_field_s_own_reader(rival, watch, hands, picture):
    """Every record passes its own digests, and payloads are those that were judged."""
    folder = watch(rival.site())
    run(folder, executor=hands, look=_ours)
    (capture,) = _captured(folder)
    archive = Archive({"software": "pairwatch"}, capture.begun_at)
    for _, exchange in _kept(folder, capture):
        archive.add(exchange)
    data = archive.to_bytes()
    place = folder.root / "data.warc.gz"
    place.write_bytes(data)
    payloads = {}
    with place.open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            if record.rec_type == "response":
                payloads[record.rec_headers["WARC-Target-URI"]] = record.content_stream().read()
                assert record.rec_headers["WARC-IP-Address"] == "127.0.0.1"
            else:
                record.content_stream().read()
    assert payloads[f"{rival.url}/p.jpg"] == picture("ours")
    assert b"our client" in payloads[f"{rival.url}/"]
    for line in archive.index().decode().splitlines():
        told = json.loads(line.split(" ", 2)[2])
        start, size = int(told["offset"]), int(told["length"])
        assert gzip.decompress(data[start : start + size]).startswith(b"WARC/1.1\r\nWARC-Type: response")


_NIGHT = """
import sys
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from tests.crawler.test_capture import _ours
from crawler.run import capturing
from crawler.run.night import run
from gallery.settings import DataFolder
capturing.browser_program = lambda: None
with ThreadPoolExecutor(2) as hands:
    run(DataFolder(Path(sys.argv[1])), executor=hands, look=_ours)
"""


def test_a_picture_under_rotating_addresses_is_kept_once(serve, watch, hands, picture):
    """The same bytes on the same page, under another signed address each night, add no capture."""
    served = serve({"/": "", "/p.jpg": picture("ours")})
    folder = watch(served.site())
    for night in range(3):
        served.routes["/"] = f"<img src=/p.jpg?X-Amz-Signature={night}{'a' * 40} alt=same>"
        run(folder, executor=hands, look=_ours)
    assert len(_captured(folder)) == 1


@pytest.mark.slow
def test_a_killed_night_loses_and_doubles_nothing(serve, watch, hands, picture):
    """However often a capturing night is killed, each finding ends with one complete capture, and none is half."""
    routes = {f"/{n}.jpg": picture(f"ours {n}") for n in range(12)}
    served = serve({"/": "".join(f"<img src={name} alt=a{name}>" for name in routes)} | routes)
    folder = watch(served.site())
    for number in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", _NIGHT, str(folder.root)], env=os.environ | {"PYTHONPATH": "."}
        )
        time.sleep(0.6 + 0.12 * number)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(folder, executor=hands, look=_ours)

    captures = _captured(folder)
    complete = [one for one in captures if one.is_complete]
    assert sorted(one.image_url for one in complete) == sorted(f"{served.url}{name}" for name in routes)
    for one in captures:
        kept = _kept(folder, one)
        if one.is_complete:
            assert {role for role, _ in kept} == {"page", "image"}


@pytest.mark.browser
def test_the_screenshot_is_drawn_from_what_was_kept(serve, watch, hands, monkeypatch):
    """Chromium shows the kept page with its picture and style, runs no script, and the site is asked nothing more."""
    monkeypatch.undo()
    if browser_program() is None:
        pytest.skip("needs Chromium and playwright")
    rgb = np.zeros((200, 300, 3), dtype=np.uint8)
    rgb[:] = (200, 30, 40)
    page = (
        "<link rel=stylesheet href=/s.css><img src=/p.png width=300 height=200>"
        "<script>document.body.append('scripted')</script><img src=/other.png>"
    )
    served = serve(
        {
            "/": page,
            "/p.png": encode(Picture(rgb), format="png"),
            "/s.css": "body { margin: 0; background: #0a0 }",
        }
    )
    folder = watch(served.site())
    run(folder, executor=hands, look=_ours)

    (capture,) = _captured(folder)
    vault = Vault(folder.evidence)
    files = {part["role"]: part for part in capture.parts if "media" in part}
    shown = open_picture(vault.get(files["screenshot"]["body"])).rgb
    assert tuple(shown[100, 150]) == (200, 30, 40)
    assert tuple(shown[600, 900]) == (0, 170, 0)
    markup = vault.get(files["dom"]["body"]).decode()
    assert "p.png" in markup
    assert "scripted</body>" not in markup
    assert files["screenshot"]["made_with"].startswith("Chromium ")
    assert sorted(served.paths) == ["/", "/other.png", "/p.png", "/s.css"]
