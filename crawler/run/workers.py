"""The processes in which a night's slices run."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager

from crawler.run.slices import Done, Task, crawl_slices
from crawler.visit.context import VisitContext

DIED = "a worker died or hung twice while this site was visited"
Group = Future[Done]


class WorkerPool:
    """Runs groups of slices, and replaces workers that die."""

    def __init__(self, workers: int, given: Executor | None = None) -> None:
        """Use so many workers of this machine, or those of an executor."""
        self.workers, self._given = workers, given
        self._others = set(multiprocessing.active_children())
        self._executor = given or _pool(workers)

    def submit(self, tasks: list[Task], context: VisitContext, at_once: int) -> Group:
        """Hand over a group, once workers that died since are replaced."""
        try:
            return self._executor.submit(crawl_slices, tasks, context, at_once)
        except BrokenExecutor:
            self.renew()
            return self._executor.submit(crawl_slices, tasks, context, at_once)

    def collect(self, done: set[Group], in_flight: set[Group]) -> tuple[set[Group], bool]:
        """Give the groups that ended, and whether workers died.

        All that were under way end with them.
        """
        if not any(isinstance(one.exception(), BrokenExecutor) for one in done):
            return done, False
        wait(in_flight)
        self.renew()
        return in_flight, True

    def renew(self) -> None:
        """End our own workers for good and take new ones."""
        if self._given is None:
            self.end()
            self._executor = _pool(self.workers)

    def end(self) -> None:
        """End our own workers at once, whatever they are doing."""
        if self._given is None:
            self.kill()
            self._executor.shutdown(cancel_futures=True)

    def kill(self) -> None:
        """Kill our own workers, since they leave SIGTERM to us."""
        if self._given is None:
            for worker in set(multiprocessing.active_children()) - self._others:
                worker.kill()

    def close(self) -> None:
        """Let our own workers go once they have nothing more to do."""
        if self._given is None:
            self._executor.shutdown()


@contextmanager
def worker_pool(executor: Executor | None, workers: int) -> Iterator[WorkerPool]:
    """Give the workers of a night, 0 for one each core."""
    pool = WorkerPool(workers or os.cpu_count() or 1, executor)
    try:
        yield pool
    except BaseException:
        pool.end()
        raise
    pool.close()


def _pool(workers: int) -> ProcessPoolExecutor:
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=spawn, initializer=_leave_signals_to_the_parent)


def _leave_signals_to_the_parent() -> None:
    """Ignore what reaches the whole group, such as Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
