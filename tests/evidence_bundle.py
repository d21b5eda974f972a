"""Makes the bundle that `make evidence-check` gives to other people's tools.

`python -m tests.evidence_bundle FOLDER` visits a site on loopback with all ways of sending a body, seals what was kept,
and writes beside the bundle which payload each address really sent.
"""

import gzip
import hashlib
import json
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from crawler.desk.evidence import export, seal
from crawler.evidence.bundle import Tier
from crawler.model import Judgement
from crawler.run import capturing
from crawler.run.night import run
from crawler.store.database import open_watch, watch
from crawler.store.findings import Findings
from crawler.store.sites import Sites
from gallery.settings import DataFolder
from tests.crawler.conftest import Answer, _serving
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture


def look(body: bytes, name: str) -> Judgement:
    """See our mark in every picture."""
    return Judgement(
        digest=f"sha256:{hashlib.sha256(body).hexdigest()}", verdict="copy", upto=1, carries_our_mark=True
    )


def _chunked(body: bytes):
    def answer(handler):
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for start in range(0, len(body), 1000):
            piece = body[start : start + 1000]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    return answer


def practice_with_findings(root: Path, count: int, *, browser: bool) -> tuple[DataFolder, dict[str, bytes]]:
    """Let a night keep so many findings, and give the payload of every address."""
    folder = DataFolder(root)
    folder.root.mkdir(parents=True)
    folder.settings_file.write_text("[crawler]\ndelay_s = 0\n", encoding="utf-8")
    rng = np.random.default_rng(7)
    routes: dict[str, object] = {}
    payloads: dict[str, bytes] = {}
    for number in range(count):
        rgb = rng.integers(0, 255, (300, 240, 3), dtype=np.uint8)
        picture = encode(Picture(rgb), format="png" if number % 3 == 0 else "jpeg")
        path = f"/Photos/{number}.png?B={number}&a=x" if number % 3 == 0 else f"/photos/{number}.jpg"
        page = f"<link rel=stylesheet href=/s.css><h1>Result {number}</h1><img src='{path}' alt='r'>".encode()
        payloads[path], payloads[f"/p{number}.html"] = picture, page
        routes[path] = _chunked(picture) if number % 3 == 0 else Answer(picture)
        packed = gzip.compress(page) if number % 2 else zlib.compress(page)
        routes[f"/p{number}.html"] = Answer(
            packed, headers={"Content-Encoding": "gzip" if number % 2 else "deflate"}
        )
    start = "".join(f"<a href=/p{number}.html>{number}</a>" for number in range(count)).encode()
    routes |= {"/": start, "/s.css": b"h1 { color: teal }"}
    payloads["/s.css"] = b"h1 { color: teal }"
    if not browser:
        capturing.browser_program = lambda: None
    with _serving() as serve, ThreadPoolExecutor(2) as hands:
        served = serve(routes)
        db = open_watch(folder.database)
        Sites(db).put(served.site(), datetime.now(UTC))
        db.close()
        run(folder, executor=hands, look=look)
    return folder, {served.url + path: body for path, body in payloads.items()}


def main(out: Path) -> None:
    """Write a bundle, its key and the payloads into a folder."""
    folder, payloads = practice_with_findings(out / "practice", 6, browser=True)
    with watch(folder) as db:
        numbers = tuple(one.id for one in Findings(db).all())
    now = datetime.now(UTC)
    for tier in (Tier.COUNSEL, Tier.PUBLIC):
        made = seal(folder, numbers, tier, by="evidence-check", purpose="a test", now=now)
        export(folder, made.number, out / tier, to="a test", by="evidence-check", now=now)
    told = {url: hashlib.sha256(body).hexdigest() for url, body in payloads.items()}
    (out / "payloads.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
