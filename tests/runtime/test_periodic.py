"""A periodic task continues after a failed run."""

from __future__ import annotations

import threading

import pytest

from router.errors import QueueError
from workers.runtime.scheduling.periodic import PeriodicTask, stop_all


@pytest.mark.parametrize("error", [QueueError("away"), KeyError("unforeseen")])
def test_a_regular_task_runs_again_after_it_failed(error):
    again = threading.Event()
    runs = []

    def task():
        runs.append(1)
        if len(runs) == 1:
            raise error

        again.set()

    every = PeriodicTask("test", 0.01, task)
    every.start()

    try:
        assert again.wait(60)
    finally:
        every.stop()


def test_a_run_without_an_end_does_not_keep_the_process_from_ending():
    runs, end = threading.Event(), threading.Event()

    def endless() -> None:
        runs.set()
        end.wait()

    task = PeriodicTask("endless", 60.0, endless)
    task.start()
    assert runs.wait(30)

    task.stop(seconds=0.0)

    end.set()


def test_tasks_that_stop_together_have_one_time_limit():
    started, end = threading.Barrier(4), threading.Event()

    def endless() -> None:
        started.wait(30)
        end.wait()

    tasks = [PeriodicTask(f"endless-{number}", 60.0, endless) for number in range(3)]
    for task in tasks:
        task.start()
    started.wait(30)

    stop_all(tasks, seconds=0.0)

    end.set()
