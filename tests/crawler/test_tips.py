"""A reader's hint is looked at at once, and what could not be looked at is said."""

import struct
import zlib

import pytest
from click.testing import CliRunner

from pairwatch import cli


def _png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(range(side))) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("/ok.html", 0, "Images looked at: 1"),
        ("/private/x.html", 1, "robots.txt disallows it"),
        ("/text.jpg", 1, "No image could be looked at"),
        ("/empty.html", 1, "No image could be looked at"),
    ],
)
def test_a_tip_says_what_it_could_not_look_at(serve, watch, path, code, says):
    """Forbidden, unreadable or without a picture: it is said, and the exit code is not that of "nothing found"."""
    served = serve(
        {"/ok.html": '<img src="/a.png">', "/a.png": _png(64), "/text.jpg": "just words", "/empty.html": "<p>x</p>",
         "/private/x.html": '<img src="/a.png">', "/robots.txt": "User-agent: *\nDisallow: /private/"}
    )  # fmt: skip
    folder = watch(served.site())

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "tip", f"{served.url}{path}"])

    assert says in shown.output
    assert shown.exit_code == code


@pytest.mark.parametrize("name", ["nosuch.jpg", "broken.jpg"])
def test_a_file_that_is_not_there_or_no_picture_is_said(watch, tmp_path, monkeypatch, name):
    """A name that ends like a picture is a file and never a host; bytes that are none are not "nothing found"."""
    folder = watch()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"just words")

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "tip", name])

    assert shown.exit_code == 1
    assert {"nosuch.jpg": "nosuch.jpg cannot be read", "broken.jpg": "not a picture"}[name] in shown.output
