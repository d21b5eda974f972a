"""Makes and serves the sites that the crawl benchmarks visit: two hosts of pages with JPEGs."""

import io
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from sample_clinic.drawing.everyday import draw_everyday

PROGRESSIVE = 0.15
WORDS = [
    "hair",
    "scalp",
    "before",
    "after",
    "result",
    "session",
    "clinic",
    "density",
    "natural",
    "line",
    "colour",
    "crown",
    "temple",
]


def make(folder: Path, *, pages: int) -> None:
    """Write two sites of pages/2 pages with two JPEGs each (mean about 1.1 megapixels); kept when already there."""
    marker = folder / f"made-{pages}"
    if marker.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(5)
    bases = [Image.fromarray(draw_everyday(seed, (1800, 1350)).rgb) for seed in range(12)]
    for site in ("a", "b"):
        root = folder / site
        root.mkdir(parents=True)
        for number in range(pages // 2):
            (root / _page_name(number)).write_text(_page(number, pages // 2, rng), encoding="utf-8")
            for kind in ("before", "after"):
                (root / f"{kind}-{number}.jpg").write_bytes(_jpeg(bases, rng))
        shutil.copy(root / _page_name(0), root / "index.html")
    marker.touch()


def _page_name(number: int) -> str:
    return f"post-{number:05d}.html"


def _page(number: int, pages: int, rng: np.random.Generator) -> str:
    links = {int(n) for n in rng.integers(0, pages, 92)} | {(number + 1) % pages, (number * 2 + 1) % pages}
    body = []
    for target in sorted(links):
        words = " ".join(rng.choice(WORDS, 45))
        body.append(
            f'<article class="post type-post status-publish"><header><h2 class="entry-title">'
            f'<a href="/{_page_name(target)}" rel="bookmark">{words[:40]}</a></h2></header>'
            f'<div class="entry-content"><p class="has-text-align-left">{words}</p></div></article>'
        )
    pictures = (
        f'<img class="wp-image" src="/before-{number}.jpg" alt="before {number}">'
        f'<img class="wp-image" data-src="/after-{number}.jpg" src="data:," alt="after {number}">'
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Post {number}</title></head><body>'
        f"<h1>Post {number}</h1>{pictures}{''.join(body)}</body></html>"
    )


def _jpeg(bases: list[Image.Image], rng: np.random.Generator) -> bytes:
    width = int(rng.integers(800, 1600))
    height = width * 3 // 4
    base = bases[int(rng.integers(len(bases)))]
    left, top = int(rng.integers(0, 1800 - width + 1)), int(rng.integers(0, 1350 - height + 1))
    picture = np.asarray(base.crop((left, top, left + width, top + height)), dtype=np.int16)
    noisy = picture + rng.integers(-5, 6, picture.shape, dtype=np.int16)
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(
        out, "JPEG", quality=72, progressive=bool(rng.random() < PROGRESSIVE)
    )
    return out.getvalue()


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve both sites with nginx on free loopback ports, and give their addresses."""
    ports = (_free_port(), _free_port())
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port} backlog=512; root {folder.resolve() / site}; etag on; }}\n"
        for port, site in zip(ports, ("a", "b"), strict=True)
    )
    conf = folder / "nginx.conf"
    conf.write_text(
        f"daemon off; worker_processes 1; pid {folder.resolve()}/nginx.pid; error_log stderr crit;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; sendfile on; tcp_nodelay on; "
        f"types {{ text/html html; image/jpeg jpg; }}\n{servers}}}\n",
        encoding="utf-8",
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or "nginx"
    process = subprocess.Popen([program, "-c", str(conf.resolve())])
    try:
        _wait_for(ports)
        yield tuple(f"http://127.0.0.1:{port}/" for port in ports)  # type: ignore[misc]
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_for(ports: tuple[int, ...]) -> None:
    for port in ports:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
