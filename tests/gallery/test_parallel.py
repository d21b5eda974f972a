"""Work on every core: what a few tasks share, and what goes to other processes."""

import os
import threading

import pytest

from gallery.parallel import in_parallel

both = threading.Barrier(2)


def met(number):
    """Wait until another task is at work too."""
    both.wait(timeout=20)
    return number, os.getpid()


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has nothing to share")
def test_a_few_photographs_are_worked_on_beside_each_other_in_this_process():
    """Staff who publish two photographs wait for one: both are at work at the same time, and stay in order."""
    assert list(in_parallel(met, [1, 2])) == [(1, os.getpid()), (2, os.getpid())]


def halved(number):
    """Halve an even number."""
    if number % 2:
        raise ValueError(number)
    return number // 2, os.getpid()


def test_many_go_to_other_processes_in_order():
    """Of many, none is done in this process, and the answers come in the order of the tasks."""
    answers = list(in_parallel(halved, range(0, 40, 2)))
    assert [number for number, _ in answers] == list(range(20))
    assert os.getpid() not in {process for _, process in answers} or os.cpu_count() == 1


@pytest.mark.parametrize("tasks", [[3], [2, 3], [*range(0, 40, 2), 3]], ids=["one", "a few", "many"])
def test_what_a_task_raises_reaches_who_asked(tasks):
    """An error in a task is not swallowed, wherever it was done."""
    with pytest.raises(ValueError, match="3"):
        list(in_parallel(halved, tasks))
