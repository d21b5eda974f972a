"""Ends requests that are past their deadline, whatever they are waiting for."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Watched:
    """A request under way, with a second handle on its socket."""

    deadline: float
    twin: socket.socket | None = None
    cut: bool = False
    release: Callable[[], None] | None = None
    sent: bytes | None = None


@dataclass(slots=True)
class Watchdog:
    """Ends requests that are past their deadline."""

    watched: dict[int, Watched] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    thread: threading.Thread | None = None

    def begin(self, watched: Watched) -> None:
        """Watch a request until `end`."""
        with self.lock:
            self.watched[id(watched)] = watched
            if self.thread is None:
                self.thread = threading.Thread(target=self._watch, name="fetch-watchdog", daemon=True)
                self.thread.start()

    def end(self, watched: Watched) -> None:
        """The request is over."""
        with self.lock:
            self.watched.pop(id(watched), None)

    def _watch(self) -> None:
        idle_since = time.monotonic()
        while True:
            time.sleep(0.25)
            now = time.monotonic()
            with self.lock:
                if self.watched:
                    idle_since = now
                elif now - idle_since > 5:  # noqa: PLR2004 (nothing to watch: let the thread go)
                    self.thread = None
                    return
                for watched in self.watched.values():
                    if now > watched.deadline and watched.twin is not None and not watched.cut:
                        watched.cut = True
                        _shut(watched.twin)


def _shut(twin: socket.socket) -> None:
    try:
        twin.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


WATCHDOG = Watchdog()
