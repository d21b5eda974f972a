"""Real web sites on loopback for the crawler's tests, and somebody who visits them."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from crawler.clock import Clock, SystemClock
from crawler.model import Judgement, Site, SiteState, SliceResult
from crawler.settings import Plan
from crawler.store.database import open_watch
from crawler.store.sites import Sites
from crawler.visit.context import VisitContext
from crawler.visit.site import Budget, crawl_site
from gallery.settings import DataFolder

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("patient")

TYPES = {
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".xml": "text/xml",
    ".txt": "text/plain",
}


@dataclass
class Answer:
    """What a path answers: bytes, status, and headers beside the usual ones."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Route = bytes | str | Answer | Callable[[BaseHTTPRequestHandler], Answer | None]


@dataclass
class Served:
    """A site that is being served; `asked` holds (path, headers) of every request, in order."""

    url: str
    port: int
    routes: dict[str, Route]
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, without robots.txt and the usual place of a sitemap."""
        return [path for path, _ in self.asked if path not in ("/robots.txt", "/sitemap.xml")]

    def site(self, **changes) -> Site:
        """The site as it would be listed, without any pause between requests."""
        allowance = frozenset({f"127.0.0.1:{self.port}"})
        return replace(Site(id=1, url=f"{self.url}/", allowance=allowance, delay_s=0.0), **changes)


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.sent = self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def do_GET(self):
            served.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            served.times.append(SystemClock().monotonic())
            path = self.path if self.path in served.routes else self.path.split("?")[0]
            route = served.routes.get(path, served.routes.get("*", Answer(b"not here", 404)))
            answer = route(self) if callable(route) else route
            if answer is None:
                self.close_connection = True
                return
            self.reply(answer)

        def reply(self, answer):
            answer = (
                Answer(answer.encode() if isinstance(answer, str) else answer)
                if isinstance(answer, str | bytes)
                else answer
            )
            kind = TYPES.get(Path(self.path.split("?")[0]).suffix, "text/html; charset=utf-8")
            tag = f'"{hashlib.sha256(answer.body).hexdigest()}"'
            status, body = answer.status, answer.body
            if status == 200 and self.headers.get("If-None-Match") == tag:
                status, body = 304, b""
            headers = {"Content-Type": kind, "ETag": tag, "Content-Length": str(len(body))} | answer.headers
            head = f"HTTP/1.1 {status} X\r\n" + "".join(
                f"{name}: {value}\r\n" for name, value in headers.items()
            )
            self.wfile.write(head.encode("utf-8") + b"\r\n" + body)

        def log_message(self, *args):
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A visitor who hangs up on a hostile page is what the tests want."""


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve routes (path → bytes, text, Answer or a function) on loopback until the test ends."""
    with _serving() as start:
        yield start


@pytest.fixture(scope="module")
def serve_long() -> Iterator[Callable[..., Served]]:
    """Serve as `serve` does until the module's last test ends."""
    with _serving() as start:
        yield start


@contextmanager
def _serving() -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:

        def start(routes: dict[str, Route], host: str = "127.0.0.1") -> Served:
            served = Served("", 0, routes)
            server = _Server((host, 0), _handler(served))
            served.port = server.server_port
            served.url = f"http://{host}:{served.port}"
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return served

        yield start


def look_blindly(body: bytes, name: str) -> Judgement:
    """An eye that sees that a picture is there, and no more; other processes can have it too."""
    return Judgement(digest=f"sha256:{hashlib.sha256(body).hexdigest()}", verdict="none", upto=1)


@pytest.fixture
def picture() -> Callable[[str], bytes]:
    """Give bytes that begin like a JPEG and differ by name; nothing decodes them."""
    return lambda name: b"\xff\xd8\xff\xe0" + name.encode() + b"\xff\xd9"


@pytest.fixture
def answer() -> type[Answer]:
    """What a route gives when the status or a header matters."""
    return Answer


QUICK = Plan(contact="https://example.org/contact", delay_s=0.0, retry_s=0.05, request_s=3.0)


@pytest.fixture
def hands() -> Iterator[Executor]:
    """Threads instead of processes: the same slices, started quicker, and a clock can be given."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def blind() -> Callable[[bytes, str], Judgement]:
    """An eye that sees that a picture is there, and no more."""
    return look_blindly


@dataclass
class Visitor:
    """Visits one site slice by slice, keeping its state."""

    plan: Plan = QUICK
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    look: Callable[[bytes, str], Judgement] = look_blindly
    clock: Clock = field(default_factory=SystemClock)
    state: SiteState = field(default_factory=SiteState)
    extra: dict[str, Any] = field(default_factory=dict)
    upto: int = 1

    def visit(self, site: Site, *, requests: int = 5000, seconds: float = 30.0) -> SliceResult:
        """Run one slice."""
        context = VisitContext(
            plan=self.plan, began=self.began, judge=self.look, upto=self.upto, clock=self.clock, **self.extra
        )
        budget = Budget(requests=requests, seconds=seconds, bytes=10**9)
        result, self.state = crawl_site(site, self.state, budget, context)
        return result

    def next_night(self) -> None:
        """Let a day pass."""
        self.began = datetime.now(UTC) + timedelta(milliseconds=1)


@pytest.fixture
def visitor() -> Visitor:
    """Somebody who visits without pauses, and looks at pictures blindly."""
    return Visitor()


@pytest.fixture
def watch(tmp_path: Path) -> Callable[..., DataFolder]:
    """Make a data folder whose list holds the given sites."""

    def make(*sites: Site, settings: str = "") -> DataFolder:
        folder = DataFolder(tmp_path / "data")
        db = open_watch(folder.database)
        listed = Sites(db)
        for site in sites:
            listed.put(site, datetime.now(UTC))
        db.close()
        folder.settings_file.write_text(
            "[crawler]\ndelay_s = 0\nretry_s = 0.05\n" + settings, encoding="utf-8"
        )
        return folder

    return make
