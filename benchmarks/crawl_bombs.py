"""How much memory a hostile site can make a worker take: the peak of each bomb above that of a harmless visit.

Run: python -m benchmarks.crawl_bombs
Each visit is a fresh process that matches pictures against a catalogue, as a night's workers do. Counted every ten
milliseconds: what that process and the decoder that it starts hold together, shared pages in both.
"""

import argparse
import io
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAIRWATCH = [sys.executable, "-c", "import pairwatch; pairwatch.main()"]
MIB = 1024 * 1024
BAR_MIB = 200
Body = bytes | Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Bomb:
    """One hostile answer: its content type, and what makes its bytes or a stream of them."""

    name: str
    kind: str
    make: Callable[[], Body]
    headers: tuple[tuple[str, str], ...] = ()


def picture(mode: str, size: tuple[int, int], form: str, **options: object) -> bytes:
    """A picture of one colour; small as a file, large as pixels."""
    from PIL import Image

    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **options)
    return out.getvalue()


def animation(frames: int, size: tuple[int, int]) -> bytes:
    """A GIF whose frames differ by one grey level."""
    from PIL import Image

    pictures = [Image.new("L", size, number % 250) for number in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


def endless(chunk: bytes) -> Callable[[], Iterator[bytes]]:
    """A body without end."""

    def chunks() -> Iterator[bytes]:
        while True:
            yield chunk

    return chunks


def squeezed(chunk: bytes, mib: int) -> bytes:
    """So many MiB of one chunk, gzipped."""
    squeezer = zlib.compressobj(9, wbits=31)
    whole = chunk * (MIB // len(chunk))
    return b"".join(squeezer.compress(whole) for _ in range(mib)) + squeezer.flush()


def links() -> Iterator[bytes]:
    """Links to pages that never were, each another one."""
    return (b"<a href=/%d.html>x</a>" % number for number in range(10**8))


def bombs() -> Iterator[Bomb]:
    """Give every scenario; the first is harmless and gives the measure."""
    page, gzip = "text/html", (("Content-Encoding", "gzip"),)
    yield Bomb("a harmless picture", "image/jpeg", lambda: picture("RGB", (1200, 900), "JPEG"))
    yield Bomb("an image without end", "image/jpeg", lambda: endless(b"\xff\xd8\xff" + b"\0" * 65533))
    yield Bomb("a page without end", page, lambda: endless(b"<p>before and after</p>" * 3000))
    yield Bomb("a page of images without end", page, lambda: endless(b'<img src="/b.jpg" a=1>' * 3000))
    yield Bomb("a page of new links without end", page, lambda: links)
    yield Bomb("nesting without end", page, lambda: endless(b"<div>" * 12000))
    yield Bomb("4 GiB of HTML in 4 MiB of gzip", page, lambda: squeezed(b"<p>", 4096), gzip)
    yield Bomb("1 GiB of a JPEG in gzip", "image/jpeg", lambda: squeezed(b"\xff\xd8\xff\0", 1024), gzip)
    yield Bomb("1 GiB of style sheet in gzip", "text/css", lambda: squeezed(b"a{b:url(/c.jpg)}", 1024), gzip)
    yield Bomb(
        "1 GiB of sitemap in gzip",
        "text/xml",
        lambda: squeezed(b"<urlset><url><loc>/a</loc></url>", 1024),
        gzip,
    )
    yield Bomb(
        "PNG, 169 megapixels in 20 KB",
        "image/png",
        lambda: picture("1", (13000, 13000), "PNG", optimize=True),
    )
    yield Bomb(
        "PNG, 40 megapixels, the most allowed", "image/png", lambda: picture("RGBA", (6300, 6300), "PNG")
    )
    yield Bomb("JPEG, 39 megapixels", "image/jpeg", lambda: picture("RGB", (7200, 5400), "JPEG"))
    yield Bomb(
        "progressive JPEG, 39 megapixels",
        "image/jpeg",
        lambda: picture("RGB", (7200, 5400), "JPEG", progressive=True),
    )
    yield Bomb("WebP, 39 megapixels", "image/webp", lambda: picture("RGB", (7200, 5400), "WEBP"))
    yield Bomb(
        "TIFF, 39 megapixels of 32 bits",
        "image/tiff",
        lambda: picture("F", (7200, 5400), "TIFF", compression="tiff_lzw"),
    )
    yield Bomb("BMP, 10 megapixels in 30 MiB", "image/bmp", lambda: picture("RGB", (3600, 2900), "BMP"))
    yield Bomb("PNG, 20 megapixels", "image/png", lambda: picture("RGB", (5164, 3873), "PNG"))
    yield Bomb("WebP, 12 megapixels", "image/webp", lambda: picture("RGB", (4000, 3000), "WEBP"))
    yield Bomb("GIF of 100 frames of 4 megapixels", "image/gif", lambda: animation(100, (2000, 2000)))


class Handler(BaseHTTPRequestHandler):
    """Answers a page that shows and links the bomb, and the bomb itself."""

    protocol_version = "HTTP/1.1"
    bomb: Bomb
    held: tuple[Body]

    def do_GET(self) -> None:
        """Answer."""
        if self.path == "/":
            self._send(
                "text/html", b'<link rel=stylesheet href="/bomb"><img src="/bomb"><a href="/bomb">x</a>'
            )
        elif self.path == "/bomb":
            self._send(self.bomb.kind, self.held[0], self.bomb.headers)
        else:
            self.send_error(404)

    def _send(self, kind: str, body: Body, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", kind), *headers):
            self.send_header(name, value)
        if isinstance(body, bytes):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            for chunk in (body,) if isinstance(body, bytes) else body():
                self.wfile.write(chunk)
        except OSError:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def exploding(bomb: Bomb) -> Iterator[int]:
    """Serve a bomb, and give the port."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Armed", (Handler,), {"bomb": bomb, "held": (bomb.make(),)})
    )
    server.daemon_threads = True
    server.handle_error = lambda *_told: None  # type: ignore[method-assign]  # a visitor who hangs up is what is wanted
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _held(process: int) -> int:
    """KiB that a process and those it started hold now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
        kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        children = [
            path.read_text(encoding="ascii") for path in Path(f"/proc/{process}/task").glob("*/children")
        ]
    except (OSError, StopIteration):
        return 0
    return kib + sum(_held(int(child)) for text in children for child in text.split())


def visit(data: str, port: int, told: "multiprocessing.SimpleQueue[str]") -> None:
    """Visit the site as a worker does, and tell what became of the bomb."""
    from crawler.clock import SystemClock
    from crawler.match import Matcher
    from crawler.model import Site, SiteState
    from crawler.settings import Plan
    from crawler.visit.context import VisitContext
    from crawler.visit.site import Budget, crawl_site

    eye = Matcher(Path(data), 1, lambda _digest: None)
    context = VisitContext(
        plan=Plan(delay_s=0, request_s=20), began=datetime.now(UTC), judge=eye, upto=1, clock=SystemClock()
    )
    allowance = frozenset({f"127.0.0.1:{port}"})
    site = Site(id=1, url=f"http://127.0.0.1:{port}/", allowance=allowance, delay_s=0.0)
    result, _ = crawl_site(site, SiteState(), Budget(requests=30, seconds=30, bytes=1 << 40), context)
    failures = [failure.trouble for failure in result.failures if failure.url.endswith("/bomb")]
    looks = [look.trouble.partition(";")[0] or look.verdict for look in result.judgements]
    told.put("; ".join(dict.fromkeys(failures + looks)) or "read")


def peak(data: Path, bomb: Bomb, limit: float) -> tuple[int, str, float]:
    """Give the MiB held at the highest moment, what was said of the bomb, and the seconds."""
    spawn = multiprocessing.get_context("spawn")
    told = spawn.SimpleQueue()
    with exploding(bomb) as port:
        process = spawn.Process(target=visit, args=(str(data), port, told))
        begun, highest = time.monotonic(), 0
        process.start()
        while process.is_alive() and time.monotonic() - begun < limit:
            highest = max(highest, _held(int(process.pid or 0)))
            time.sleep(0.01)
        said = told.get() if not told.empty() else "no end within the limit"
        process.kill()
        process.join()
    return highest // 1024, said, time.monotonic() - begun


def main() -> None:
    """Visit every bomb, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--limit", type=float, default=45.0, help="seconds for one scenario")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data, ours = Path(scratch) / "data", Path(scratch)
        ours.joinpath("one.jpg").write_bytes(picture("RGB", (900, 675), "JPEG"))
        ours.joinpath("cases.csv").write_text(
            "case,stage,view,file\n1,before,front,one.jpg\n", encoding="utf-8"
        )
        for words in (["init"], ["import", str(ours / "cases.csv")]):
            command = [*PAIRWATCH, "--data", str(data), *words]
            subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        idle, worst = 0, 0
        print(f"{'':<42} {'peak MiB':>8} {'above':>6} {'s':>6}  said")
        for bomb in bombs():
            if idle and args.only not in bomb.name:
                continue
            highest, said, seconds = peak(data, bomb, args.limit)
            idle = idle or highest
            worst = max(worst, highest - idle)
            print(f"{bomb.name:<42} {highest:8} {highest - idle:6} {seconds:6.1f}  {said[:90]}", flush=True)
    print(f"worst: {worst} MiB above a harmless visit (bar {BAR_MIB})")


if __name__ == "__main__":
    main()
