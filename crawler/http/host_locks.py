"""Locks by which all sites and processes share hosts and addresses."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from filelock import FileLock, Timeout

_BUSY_S = 0.2


@dataclass(frozen=True, slots=True)
class HostLock:
    """A lock, or how many seconds to stay away."""

    wait_s: float = 0.0
    lock: FileLock | None = None

    def release(self) -> None:
        """Let the next one ask."""
        if self.lock is not None:
            self.lock.release()


@dataclass(frozen=True, slots=True)
class HostLocks:
    """Locks in a folder that all workers of a night see.

    A worker that dies lets go of its own.

    A host's pause counts from the last request of whichever site asked it, by the time its stamp was written.
    """

    folder: Path

    def take(self, key: str, pause_s: float = 0.0, *, patience_s: float = 0.0) -> HostLock:
        """Take the lock of a host or an address.

        `key` is a host or numeric address. `pause_s` must have gone since anyone last took it; `patience_s` is how long
        to wait for whoever holds it.
        """
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        stamp, lock = self.folder / f"{name}.at", FileLock(self.folder / f"{name}.lock")
        try:
            lock.acquire(timeout=patience_s)
            rest = _rest(stamp, pause_s)
            if rest > 0:
                lock.release()
                return HostLock(rest)
            stamp.touch()
        except Timeout:
            return HostLock(max(_BUSY_S, pause_s / 2))
        except OSError:  # no room for a lock: each site still keeps its own pause
            lock.release()
            return HostLock()
        return HostLock(lock=lock)


def _rest(stamp: Path, pause_s: float) -> float:
    """Give what is left of the pause, 0 after a clock set back."""
    try:
        gone = time.time() - stamp.stat().st_mtime
    except FileNotFoundError:
        return 0.0
    return max(0.0, pause_s - gone) if gone >= 0 else 0.0


def hold(address: str, host_locks: HostLocks | None, patience_s: float) -> Callable[[], None]:
    """Take an address for one request, and give its release.

    Raises:
        TimeoutError: Another request of ours holds it for longer than our patience.
    """
    if host_locks is not None:
        taken = host_locks.take(address, patience_s=patience_s)
        release, is_ours = taken.release, not taken.wait_s
    else:
        lock = _lock_of(address)
        release, is_ours = lock.release, lock.acquire(timeout=patience_s)
    if not is_ours:
        raise TimeoutError(f"{address} is busy with another request of ours")
    return release


@lru_cache(maxsize=4096)
def _lock_of(address: str) -> threading.Lock:  # noqa: ARG001 (the key: one lock for each)
    """Give this process's lock of a public address, whatever hosts share it."""
    return threading.Lock()
