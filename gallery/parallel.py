"""The same work on many things, on every core."""

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Protocol, TypeVar

from gallery.errors import UnavailableError
from watermark.errors import PairwatchError

_FEW = 12  # starting workers costs about as much as so many photographs

Task = TypeVar("Task")
Result = TypeVar("Result")
Item = TypeVar("Item")


class Progress(Protocol):
    """Hands `length` items on and shows how far they are."""

    def __call__(self, items: Iterable[Item], length: int, label: str) -> Iterator[Item]:
        """Give each item in turn."""


def silently(items: Iterable[Item], length: int, label: str) -> Iterator[Item]:  # noqa: ARG001 (a Progress)
    """Hand items on without showing anything."""
    return iter(items)


def in_background(name: str, works: Iterable[Callable[[], object]], trouble: str) -> threading.Thread:
    """Do works one by one in a thread of their own, and log what our errors say of each."""

    def do_all() -> None:
        for work in works:
            try:
                work()
            except PairwatchError:
                logging.getLogger(__name__).exception(trouble)

    thread = threading.Thread(target=do_all, name=name)
    thread.start()
    return thread


def in_parallel(
    work: Callable[[Task], Result], tasks: Sequence[Task], *, few: int = _FEW
) -> Iterator[Result]:
    """Do the same work on each task, in order, in parallel.

    As few tasks as `few` are done in this process.

    Threads are enough for a few photographs: decoding, resizing and encoding go on beside each other.
    """
    cores = min(os.cpu_count() or 1, len(tasks))
    if cores < 2:  # noqa: PLR2004 (nothing to share)
        yield from map(work, tasks)
        return
    if len(tasks) <= few:
        with ThreadPoolExecutor(cores) as pool:
            yield from pool.map(work, tasks)
        return
    chunk = max(1, min(8, len(tasks) // (4 * cores)))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as workers:
        try:
            yield from workers.map(work, tasks, chunksize=chunk)
        except BrokenProcessPool as error:
            raise UnavailableError(
                "a worker process was ended from outside before its work was done",
                hint="most often memory ran out: free some and run the same command again",
            ) from error
