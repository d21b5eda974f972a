"""Where a night's slices run: workers of this machine, made anew when one dies or hangs, or a given executor."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager

from crawler.run.slices import Done, Task, crawl_slices
from crawler.visit.download import Kit

FELL = "a worker died or hung twice while this site was visited"
Group = Future[Done]


class Hands:
    """Takes groups of slices; a worker's death costs the groups in the air, and never the night."""

    def __init__(self, workers: int, given: Executor | None = None) -> None:
        """Use so many workers of this machine, or those of an executor."""
        self.workers, self._given = workers, given
        self._others = set(multiprocessing.active_children())
        self._executor = given or _pool(workers)

    def submit(self, tasks: list[Task], kit: Kit, at_once: int) -> Group:
        """Hand over a group; workers that died since are replaced first."""
        try:
            return self._executor.submit(crawl_slices, tasks, kit, at_once)
        except BrokenExecutor:
            self.renew()
            return self._executor.submit(crawl_slices, tasks, kit, at_once)

    def gather(self, done: set[Group], flying: set[Group]) -> tuple[set[Group], bool]:
        """Give the groups that ended, and whether workers fell: then all that were in the air ended with them."""
        if not any(isinstance(one.exception(), BrokenExecutor) for one in done):
            return done, False
        wait(flying)
        self.renew()
        return flying, True

    def renew(self) -> None:
        """End our workers for good and take new ones; does nothing to an executor that was given."""
        if self._given is None:
            self.end()
            self._executor = _pool(self.workers)

    def end(self) -> None:
        """End our workers at once, whatever they are doing; they leave SIGTERM to us, so it takes a kill."""
        if self._given is None:
            self.kill()
            self._executor.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """Kill our workers, so that what they hang in ends as if they had died."""
        if self._given is None:
            for worker in set(multiprocessing.active_children()) - self._others:
                worker.kill()

    def close(self) -> None:
        """Let our workers go, once they have nothing more to do."""
        if self._given is None:
            self._executor.shutdown()


@contextmanager
def hands_for(executor: Executor | None, workers: int) -> Iterator[Hands]:
    """Give the hands of a night, and end them with it; `workers` 0 means one for each core."""
    hands = Hands(workers or os.cpu_count() or 1, executor)
    try:
        yield hands
    except BaseException:
        hands.end()
        raise
    hands.close()


def _pool(workers: int) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_leave_signals_to_the_parent)


def _leave_signals_to_the_parent() -> None:
    """Ctrl-C and a service's stop reach the whole group; only the parent decides what that means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
