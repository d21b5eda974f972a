"""Small websites on loopback.

They are served from memory over HTTP, each on a port of its own.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote, urlsplit

_TYPES = {"html": "text/html; charset=utf-8", "jpg": "image/jpeg", "png": "image/png", "txt": "text/plain"}


@dataclass(frozen=True, slots=True)
class ServedSite:
    """A served site and the paths that visitors asked for."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def serve(files: Mapping[str, bytes]) -> Iterator[ServedSite]:
    """Serve files on a free loopback port until the block ends.

    `files` goes from path, without a leading slash, to bytes.
    """
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).lstrip("/") or "index.html"
            asked.append(path)
            body = files.get(path, b"not here")
            self.send_response(HTTPStatus.OK if path in files else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", _TYPES.get(path.rsplit(".", 1)[-1], "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Keep the terminal for the story."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield ServedSite(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        server.server_close()


def page(title: str, body: str, links: Mapping[str, str] = {}) -> bytes:
    """Make a plain HTML page.

    `links` goes from path to words and becomes the page's menu.
    """
    menu = " ".join(f'<a href="{escape(path)}">{escape(words)}</a>' for path, words in links.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f"<body><nav>{menu}</nav><h1>{escape(title)}</h1>{body}</body></html>"
    ).encode()


def figure(path: str, alt: str) -> str:
    """Show one picture with its caption."""
    return f'<figure><img src="{escape(path)}" alt="{escape(alt)}"><figcaption>{escape(alt)}</figcaption></figure>'
