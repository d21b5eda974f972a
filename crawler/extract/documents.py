"""Pictures inside PDF brochures and icon files."""

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from crawler.errors import CrawlerError
from crawler.extract import pdf_worker
from crawler.extract.elements import ExtractedPage
from crawler.extract.signals import Signal
from crawler.extract.sniff import Content
from crawler.model import ImageLink

SECONDS = 60.0
_MOST_ICONS = 32
_ICON = struct.Struct("<BBBBHHII")
_PNG = b"\x89PNG\r\n\x1a\n"


class UnreadableDocumentError(CrawlerError):
    """A document could not be opened."""


def extract_document(body: bytes, content: Content) -> ExtractedPage:
    """Give the pictures inside a PDF or an icon file, each once.

    Raises:
        UnreadableDocumentError: It is broken or locked, or takes too long or too much memory.
    """
    if content is Content.ICON:
        return _page((f"size {number}", picture) for number, picture in enumerate(_icons(body), 1))
    with tempfile.TemporaryFile() as said:
        code = _run(body, said)
        said.seek(0)
        found = tuple(pdf_worker.read(said))
    if code and not found:
        raise UnreadableDocumentError(_WHY.get(code, f"its reader ended with exit code {code}"))
    page = _page((f"page {number}", picture) for number, picture in found)
    return ExtractedPage(images=page.images, signals=(Signal.CUT,)) if code else page


_WHY = {
    pdf_worker.LOCKED: "a PDF without a password was expected, this one is locked",
    pdf_worker.BROKEN: "a PDF was expected, this one is broken",
}


def _run(body: bytes, said: IO[bytes]) -> int:
    """Let a process of its own read a PDF, and give its exit code."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        return subprocess.run(
            # -P: never a module of the folder in which the user stands
            [sys.executable, "-P", "-m", pdf_worker.__name__],
            input=body,
            stdout=said,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
            env=os.environ | {"PYTHONPATH": path},
        ).returncode
    except subprocess.TimeoutExpired:
        return pdf_worker.CUT


def _page(pictures: Iterator[tuple[str, bytes]]) -> ExtractedPage:
    images: dict[str, ImageLink] = {}
    for where, picture in pictures:
        url = f"data:image/*;sha256,{hashlib.sha256(picture).hexdigest()}"
        images.setdefault(url, ImageLink(url=url, element="document", via=where, body=picture))
    return ExtractedPage(images=tuple(images.values()))


def _icons(body: bytes) -> Iterator[bytes]:
    """Give an icon file's pictures as PNG or BMP files.

    Each is a PNG, or a BMP without its file header and with its mask counted into its height.
    """
    count = min(body[4], _MOST_ICONS, (len(body) - 6) // _ICON.size)
    for entry in _ICON.iter_unpack(body[6 : 6 + _ICON.size * count]):
        size, start = entry[6:]
        picture = body[start : start + size]
        if picture.startswith(_PNG):
            yield picture
        elif len(picture) > 40:  # noqa: PLR2004 (the shortest BMP header)
            length, width, height, planes, bits = struct.unpack_from("<IiiHH", picture)
            used = struct.unpack_from("<I", picture, 32)[0] or (1 << bits if bits <= 8 else 0)  # noqa: PLR2004
            offset = 14 + length + 4 * min(used, 256)
            head = b"BM" + struct.pack("<IHHI", 14 + len(picture), 0, 0, offset)
            yield head + struct.pack("<IiiHH", length, width, height // 2, planes, bits) + picture[16:]
