"""Reads one PDF in a process of its own.

Started as `python -m crawler.extract.pdf_worker` with the file on standard input. The answer is any number of
pictures, each after its page's number and its length.
"""

import io
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

HEAD = struct.Struct(">II")  # page, bytes
LOCKED, BROKEN, CUT = 3, 4, 5
MEMORY = 1024 * 1024 * 1024
SECONDS = 50
MOST_BYTES = 256 * 1024 * 1024
MOST_PICTURES, MOST_PAGES, MOST_PIXELS = 2000, 1000, 40_000_000
_DEEPEST = 8
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_AS_THEY_ARE = {"DCTDecode", "JPXDecode"}  # JPEG and JPEG 2000


def read(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give the pages' numbers and pictures that were written."""
    while len(head := stream.read(HEAD.size)) == HEAD.size:
        number, size = HEAD.unpack(head)
        picture = stream.read(size)
        if len(picture) == size:
            yield number, picture


def main() -> int:
    """Write the pictures of the PDF on standard input, and give the exit code."""
    import pypdfium2  # noqa: PLC0415 (a parent needs only the numbers above)

    body = sys.stdin.buffer.read()
    _hold()
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        return LOCKED if getattr(error, "err_code", 0) == _WRONG_PASSWORD else BROKEN
    written = 0
    for count, (number, picture) in enumerate(_pictures(document)):
        written += len(picture)
        if written > MOST_BYTES or count >= MOST_PICTURES:
            return CUT
        sys.stdout.buffer.write(HEAD.pack(number, len(picture)) + picture)
        sys.stdout.buffer.flush()
    return CUT if len(document) > MOST_PAGES else 0


def _pictures(document: Any) -> Iterator[tuple[int, bytes]]:  # noqa: ANN401 (a library without types)
    from pypdfium2 import PdfiumError, raw  # noqa: PLC0415 (as above)

    seen: set[int] = set()
    for number in range(min(len(document), MOST_PAGES)):
        with suppress(PdfiumError):
            page = document[number]
            for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST):
                with suppress(PdfiumError, ValueError, OSError):
                    picture = _picture(image)
                    if picture and hash(picture) not in seen:
                        seen.add(hash(picture))
                        yield number + 1, picture
            page.close()


def _picture(image: Any) -> bytes:  # noqa: ANN401 (as above)
    """Give a picture's own bytes where they are a file, else a PNG."""
    filters = image.get_filters()
    if len(filters) == 1 and filters[0] in _AS_THEY_ARE:
        return bytes(image.get_data(decode_simple=False))
    width, height = image.get_px_size()
    if width * height > MOST_PIXELS:
        return b""
    out = io.BytesIO()
    image.get_bitmap(render=False).to_pil().convert("RGB").save(out, "PNG", compress_level=1)
    return out.getvalue()


def _hold() -> None:
    """Let the system hold the caps on memory, time and output."""
    try:
        import resource  # noqa: PLC0415 (there is none on Windows, where the parent's clock is the only cap)
    except ImportError:
        return
    caps = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, MOST_BYTES + 1024 * 1024),
    )
    for which, most in caps:
        with suppress(ValueError, OSError):  # a system that knows no such cap, or has a lower one already
            resource.setrlimit(which, (most, most))


if __name__ == "__main__":
    sys.exit(main())
