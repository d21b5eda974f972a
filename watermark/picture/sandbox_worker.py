"""Decodes one file after another for the sandbox's parent.

Started as `python -m watermark.picture.sandbox_worker`. A request is HEAD, a JSON object and the file; the answer is
any number of messages, the last of them END or an error; before all READY. What libraries write about broken files
goes nowhere.
"""

import json
import os
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from watermark.errors import PictureTooLargeError, WatermarkError
from watermark.picture.decode import DecodeLimits, Frame, Header, open_frames, open_picture, read_header

HEAD = struct.Struct(">IQ")  # bytes of JSON, bytes of the file
MESSAGE = struct.Struct(">cIII")  # kind; of a frame its number, width, height; else bytes of JSON, 0, 0
READY, HEADER, FRAME, END, UNREADABLE, TOO_LARGE, STARVED = b"R", b"H", b"F", b"E", b"U", b"L", b"M"


def read_exactly(stream: IO[bytes], size: int) -> bytes:
    """Read so many bytes, or all there are."""
    blocks, left = [], size
    while left and (block := stream.read(left)):
        blocks.append(block)
        left -= len(block)
    return b"".join(blocks)


def main() -> None:
    """Serve until the parent closes its end."""
    out = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    out.write(MESSAGE.pack(READY, 0, 0, 0))
    out.flush()
    while len(head := read_exactly(sys.stdin.buffer, HEAD.size)) == HEAD.size:
        words, size = HEAD.unpack(head)
        asked = json.loads(read_exactly(sys.stdin.buffer, words))
        data = read_exactly(sys.stdin.buffer, size)
        if len(data) < size:
            return
        limits = DecodeLimits(**asked["limits"])
        _hold(limits)
        for message in _answer(data, asked, limits):
            out.write(message)
            out.flush()  # a frame that is finished counts, even if time is up in the next


def _answer(data: bytes, asked: dict[str, Any], limits: DecodeLimits) -> Iterator[bytes | memoryview]:
    try:
        yield from _said(HEADER, _plain(read_header(data, limits)))
        for frame in _frames(data, asked, limits):
            rgb = np.ascontiguousarray(frame.picture.rgb)
            yield MESSAGE.pack(FRAME, frame.number, frame.picture.width, frame.picture.height)
            yield rgb.data.cast("B")
    except WatermarkError as error:
        large = TOO_LARGE if isinstance(error, PictureTooLargeError) else UNREADABLE
        kind = STARVED if isinstance(error.__cause__, MemoryError) else large
        yield from _said(kind, {"message": str(error), "hint": error.hint})
    except MemoryError:
        yield from _said(STARVED, {"message": "", "hint": ""})
    else:
        yield from _said(END, {})


def _frames(data: bytes, asked: dict[str, Any], limits: DecodeLimits) -> Iterator[Frame]:
    if asked["frame"] is not None:
        number = int(asked["frame"])
        yield Frame(number, open_picture(data, limits, longest=asked["longest"], frame=number))
    elif asked["pixels"]:
        yield from open_frames(data, limits, longest=asked["longest"])


def _said(kind: bytes, value: dict[str, Any]) -> Iterator[bytes]:
    words = json.dumps(value).encode()
    yield MESSAGE.pack(kind, len(words), 0, 0)
    yield words


def _plain(header: Header) -> dict[str, Any]:
    return asdict(header) | {"taken_at": header.taken_at.isoformat() if header.taken_at else None}


def _hold(limits: DecodeLimits) -> None:
    """Let the system hold the caps on memory and time.

    The cap on processor time also ends an orphan.
    """
    try:
        import resource  # noqa: PLC0415 (there is none on Windows, where the parent's clock is the only cap)
    except ImportError:
        return
    memory = _held() + limits.max_memory
    seconds = int(time.process_time() + limits.max_seconds) + 2
    for which, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds)):
        with suppress(ValueError, OSError):  # a system that knows no such cap, or has a lower one already
            resource.setrlimit(which, (most, resource.getrlimit(which)[1]))


@cache
def _held() -> int:
    """Bytes of address space before any picture, 0 if unknown."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
