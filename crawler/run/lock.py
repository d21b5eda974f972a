"""What keeps a run alone in its folder and ends it plainly."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from crawler.errors import AnotherRunActiveError, RunStoppedError
from gallery.settings import DataFolder


@contextmanager
def exclusive(folder: DataFolder) -> Iterator[None]:
    """Hold the lock of a data folder.

    Raises:
        AnotherRunActiveError: Somebody else holds it.
    """
    lock = FileLock(folder.root / "crawl.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise AnotherRunActiveError(
            f"another crawl of {folder.root} is going on",
            hint="wait until it is done; a crawl that was killed lets go of its lock at once",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def stopping_plainly() -> Iterator[None]:
    """Turn a full disk or a locked database into one sentence.

    Raises:
        RunStoppedError: What was written before stays.
    """
    hint = "make room or close what holds the database; the next crawl goes on where this one stopped"
    try:
        yield
    except sqlite3.OperationalError as error:
        raise RunStoppedError(
            f"the run stopped: the database cannot be written ({error})", hint=hint
        ) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO):
            raise
        raise RunStoppedError(f"the run stopped: {error.strerror} ({error.filename})", hint=hint) from error
