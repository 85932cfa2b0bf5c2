"""The jobs of each queue are counted and timed, in the queue itself."""

import pytest

from tests.fixtures.delivery import make_context
from workers.fakes import MemoryQueue
from workers.ports import QueueRuns
from workers.runtime.queue import RqQueue
from workers.worker import run_job

__all__ = ["make_context"]

PLACES = {"answer": "answer", "embed": "compute"}


@pytest.fixture(params=["redis", "memory"])
def queue(request):
    if request.param == "memory":
        return MemoryQueue(PLACES)
    return RqQueue(request.getfixturevalue("broker").url, PLACES)


def test_jobs_are_counted_by_queue_and_result(queue):
    queue.record_run("answer", 0.2, failed=False)
    queue.record_run("answer", 20.0, failed=False)
    queue.record_run("answer", 9999.0, failed=True)
    queue.record_run("carry_out", 1.0, failed=False)

    runs = queue.runs()

    answer = runs["answer"]
    assert (answer.ok, answer.failed, answer.seconds) == (2, 1, pytest.approx(10019.2))
    assert list(answer.buckets) == [0, 1, 1, 1, 1, 2, 2, 2]
    assert runs["compute"] == QueueRuns(buckets=runs["compute"].buckets)
    assert sum(runs["compute"].buckets) == 0


def test_a_queue_that_is_away_loses_the_count_and_nothing_else():
    RqQueue("redis://127.0.0.1:9/0", PLACES).record_run("answer", 1.0, failed=False)


@pytest.mark.parametrize(("error", "expected"), [(None, (1, 0)), (ValueError("no"), (0, 1))])
def test_a_worker_counts_what_it_ran(make_context, monkeypatch, error, expected):
    def run(_context, _key):
        if error is not None:
            raise error

    monkeypatch.setattr("workers.jobs.embed.run", run)
    context = make_context()

    run_job(context, "embed", "k")

    counted = context.queue.runs()["compute"]
    assert (counted.ok, counted.failed) == expected
