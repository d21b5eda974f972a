"""A stranger's file opened in a process of its own.

What hangs, floods the memory or crashes there ends there.

Decoders are native code that Python cannot interrupt, so a helper process decodes, with a deadline kept here and a cap
on memory kept by the system. It lives on from picture to picture (one more costs some milliseconds), and is replaced
after it had to be ended. Only sizes and pixels come back over a pipe, nothing that this process would execute.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from watermark.errors import PictureTooLargeError, UnreadablePictureError, WatermarkError
from watermark.picture import sandbox_worker
from watermark.picture.decode import DecodeLimits, Frame, Header, check_bytes
from watermark.picture.pixels import Picture
from watermark.picture.sandbox_worker import HEAD, MESSAGE, read_exactly

PROCESSES = 2  # at most, for all threads: decoding is a tenth of the work
_PIPE = 1024 * 1024  # bytes; a kernel's usual 64 KiB costs a switch each
_STARTED = 60.0  # seconds for the process to start, on a machine that is busy
_LONGEST_SAID = 64 * 1024  # bytes of JSON
_SLOW, _FELL, _STARVED = "slow", "fell", "starved"


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """An opened file's header, and the frames asked for."""

    header: Header
    frames: tuple[Frame, ...] = ()


class _EndedError(Exception):
    """The process was ended, or ended by itself.

    `why` is one of the words above.
    """

    def __init__(self, why: str, code: int | None = None) -> None:
        super().__init__(why)
        self.why, self.code = why, code


class Sandbox:
    """Opens files in processes of its own, for several threads."""

    def __init__(self, processes: int = PROCESSES) -> None:
        """Start nothing before the first file."""
        self._free = threading.Semaphore(processes)
        self._idle: list[_Worker] = []
        atexit.register(self.close)

    def header(self, data: bytes, limits: DecodeLimits | None = None) -> Header:
        """Read a file's header.

        Errors are those of `open_frames`.
        """
        return self._open(data, limits, longest=None, frame=None, pixels=False).header

    def open_picture(
        self, data: bytes, limits: DecodeLimits | None = None, *, longest: int | None = None, frame: int = 0
    ) -> Picture:
        """Decode one frame, as `decode.open_picture` does.

        Errors are those of `open_frames`.
        """
        return self._open(data, limits, longest=longest, frame=frame, pixels=True).frames[0].picture

    def open_first(
        self, data: bytes, limits: DecodeLimits | None = None, *, longest: int | None = None
    ) -> Opened:
        """Read a file's header and decode its first frame.

        Errors are those of `open_frames`.
        """
        return self._open(data, limits, longest=longest, frame=0, pixels=True)

    def open_frames(
        self, data: bytes, limits: DecodeLimits | None = None, *, longest: int | None = None
    ) -> Opened:
        """Decode frames as `decode.open_frames` does, while time allows.

        Raises:
            UnreadablePictureError: not a picture, or one that makes its decoder crash.
            PictureTooLargeError: beyond the limits, those on time and memory among them.
            WatermarkError: no process can be started.
        """
        return self._open(data, limits, longest=longest, frame=None, pixels=True)

    def close(self) -> None:
        """End the processes that wait.

        More are started when they are needed.
        """
        while self._idle:
            self._idle.pop().end()

    def _open(self, data: bytes, limits: DecodeLimits | None, **asked: object) -> Opened:
        limits = limits or DecodeLimits()
        check_bytes(data, limits)
        with self._free:
            worker = self._idle.pop() if self._idle else _Worker()
            try:
                return self._asked(worker, data, limits, asked)
            except _EndedError as error:
                if error.why == _SLOW or worker.served <= 1:
                    raise _sentence(error, limits) from None
            # What earlier pictures left in a process must not be laid at this one's door.
            try:
                return self._asked(_Worker(), data, limits, asked)
            except _EndedError as error:
                raise _sentence(error, limits) from None

    def _asked(
        self, worker: "_Worker", data: bytes, limits: DecodeLimits, asked: dict[str, object]
    ) -> Opened:
        try:
            opened = worker.open(data, limits, asked)
        except WatermarkError:
            self._idle.append(worker)
            raise
        except BaseException:
            worker.end()
            raise
        if worker.alive:
            self._idle.append(worker)
        return opened


class _Worker:
    """One process that decodes."""

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        try:
            self._process = subprocess.Popen(
                # -P: never a module of the folder in which the user stands
                [sys.executable, "-P", "-m", sandbox_worker.__name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pipesize=_PIPE,
                env=os.environ | {"PYTHONPATH": path},
            )
        except OSError as error:
            raise WatermarkError(
                f"expected to start a process that opens pictures, found: {error.strerror}",
                hint="free some memory and try again",
            ) from error
        self.served, self.alive = 0, True
        try:
            with self._deadline(_STARTED):
                _whole(_there(self._process.stdout), MESSAGE.size)
        except _EndedError as error:
            self.end()
            raise WatermarkError(
                f"expected a process that opens pictures, it ended as it started (exit code {error.code})",
                hint="free some memory and try again; if that is no help, install pairwatch again",
            ) from None

    def open(self, data: bytes, limits: DecodeLimits, asked: dict[str, object]) -> Opened:
        """Ask for one file.

        Raises:
            _EndedError: the process is gone, and nothing of the file was seen.
            WatermarkError: what the process says against the file.
        """
        self.served += 1
        header: Header | None = None
        frames: list[Frame] = []
        try:
            with self._deadline(limits.max_seconds):
                self._send(data, limits, asked)
                for message in self._answer(limits.max_pixels):
                    if isinstance(message, Header):
                        header = message
                    elif len(frames) < limits.max_frames:
                        frames.append(message)
        except _EndedError:
            self.end()
            if not frames:
                raise
        if header is None or (asked["pixels"] and not frames):
            raise _EndedError(_FELL)
        return Opened(header, tuple(frames))

    def end(self) -> None:
        """End the process, whatever it does."""
        self.alive = False
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kill the process when time is up."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, EOFError):
            code = self._process.wait()
            slow = late.is_set() or code == -getattr(signal, "SIGXCPU", 0)
            raise _EndedError(_SLOW if slow else _FELL, code) from None
        finally:
            timer.cancel()
            timer.join()

    def _send(self, data: bytes, limits: DecodeLimits, asked: dict[str, object]) -> None:
        words = json.dumps({"limits": asdict(limits), **asked}).encode()
        stream = _there(self._process.stdin)
        for block in (HEAD.pack(len(words), len(data)), words, data):
            stream.write(block)
        stream.flush()

    def _answer(self, most: int) -> Iterator[Header | Frame]:
        stream = _there(self._process.stdout)
        while True:
            kind, first, second, third = MESSAGE.unpack(_whole(stream, MESSAGE.size))
            if second * third > most or (kind != sandbox_worker.FRAME and first > _LONGEST_SAID):
                raise EOFError  # whoever took the process over must not fill our memory
            if kind == sandbox_worker.FRAME:
                yield Frame(first, _pixels(stream, second, third))
                continue
            said = json.loads(_whole(stream, first))
            if kind == sandbox_worker.END:
                return
            if kind != sandbox_worker.HEADER:
                raise _error(kind, said)
            yield _header(said)


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise EOFError
    return stream


def _whole(stream: IO[bytes], size: int) -> bytes:
    data = read_exactly(stream, size)
    if len(data) < size:
        raise EOFError
    return data


def _pixels(stream: IO[bytes], width: int, height: int) -> Picture:
    rgb = np.empty((height, width, 3), np.uint8)
    view = rgb.data.cast("B")
    at = 0
    while at < len(view):
        read = stream.readinto(view[at:])  # type: ignore[attr-defined]
        if not read:
            raise EOFError
        at += read
    return Picture(rgb)


def _header(said: dict[str, Any]) -> Header:
    taken_at = said.pop("taken_at")
    return Header(**said, taken_at=datetime.fromisoformat(taken_at) if taken_at else None)


def _error(kind: bytes, said: dict[str, Any]) -> Exception:
    if kind == sandbox_worker.STARVED:
        return _EndedError(_STARVED)
    if kind == sandbox_worker.TOO_LARGE:
        return PictureTooLargeError(said["message"], hint=said["hint"])
    return UnreadablePictureError(said["message"], hint=said["hint"])


def _sentence(error: _EndedError, limits: DecodeLimits) -> WatermarkError:
    raised = "save the picture again, or raise the limit under [pictures] in pairwatch.toml"
    if error.why == _SLOW:
        return PictureTooLargeError(
            f"expected a picture that opens within {limits.max_seconds:g} seconds, this one takes longer",
            hint=raised,
        )
    if error.why == _STARVED:
        return PictureTooLargeError(
            f"expected a picture that opens in {limits.max_memory // 1024**2:,} MiB of memory, "
            "this one asks for more",
            hint=raised,
        )
    return UnreadablePictureError(
        f"expected a picture, found a file that makes its decoder crash (exit code {error.code})",
        hint="save it again as JPEG or PNG",
    )


@cache
def sandbox() -> Sandbox:
    """The one that this process shares."""
    return Sandbox()


if hasattr(os, "register_at_fork"):  # a child must not talk to its parent's processes
    os.register_at_fork(after_in_child=sandbox.cache_clear)
