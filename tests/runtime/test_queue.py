"""The queue wakes workers, and a job can only name a known step."""

from __future__ import annotations

import resource
import threading

import pytest
from rq import Queue as RqQueueClass
from rq.serializers import JSONSerializer

from router.errors import QueueError
from workers.fakes import MemoryQueue
from workers.jobs import first_jobs, queue_of_job
from workers.runtime.queue import BeagleJob, RqQueue, connect_redis, is_alive, run_worker

PLACES = {"answer": "answer", "embed": "compute"}


@pytest.fixture(params=["redis", "memory"])
def queue(request):
    if request.param == "memory":
        return MemoryQueue(PLACES)
    return RqQueue(request.getfixturevalue("broker").url, PLACES)


def run_all(url, queue="answer"):
    done = []
    run_worker(
        url, queue, lambda step, key: done.append((step, key)), threading.Event(), burst=True
    )
    return done


def test_each_step_waits_in_its_own_queue(queue):
    queue.enqueue("answer", "r1")
    queue.enqueue("answer", "r2")
    queue.enqueue("embed", "d1")
    assert queue.depth() == {"answer": 2, "compute": 1}


def test_an_unknown_step_is_refused_with_the_known_ones(queue):
    with pytest.raises(QueueError, match="answer, embed"):
        queue.enqueue("os.system", "x")


def test_a_worker_runs_what_was_queued_in_order(broker):
    queue = RqQueue(broker.url, PLACES)
    for n in range(3):
        queue.enqueue("answer", f"r{n}")

    assert run_all(broker.url) == [("answer", "r0"), ("answer", "r1"), ("answer", "r2")]


def test_what_a_person_confirmed_does_not_wait_behind_wake_up_calls(broker):
    queue = RqQueue(broker.url, queue_of_job(), first_jobs())
    for n in range(3):
        queue.enqueue("answer", f"r{n}")
    queue.enqueue("execute_proposal", "p1")

    assert run_all(broker.url)[0] == ("execute_proposal", "p1")


def test_vectors_of_a_page_do_not_wait_behind_measurements(broker):
    queue = RqQueue(broker.url, queue_of_job(), first_jobs())
    queue.enqueue("measure_tier", "T1 reply quick")
    queue.enqueue("embed", "T1")
    queue.enqueue("embed_shard", "0")

    assert [job for job, _ in run_all(broker.url, "compute")] == [
        "embed",
        "measure_tier",
        "embed_shard",
    ]


def test_a_finished_job_leaves_nothing_in_redis(broker):
    RqQueue(broker.url, PLACES).enqueue("answer", "r1")
    run_all(broker.url)
    assert not connect_redis(broker.url).keys("rq:job:*")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("os.system", ("true",)),
        ("beagle.step", ("answer",)),
        ("beagle.step", ("answer", "r1", "x")),
        ("beagle.step", ("answer", {"a": 1})),
        ("beagle.step", ("answer", "k" * 100)),
    ],
)
def test_a_foreign_job_never_runs(broker, function, arguments):
    foreign = RqQueueClass(
        "answer", connection=connect_redis(broker.url), serializer=JSONSerializer
    )
    job = foreign.enqueue_call(function, args=arguments)
    assert run_all(broker.url) == []
    assert job.get_status().value == "failed"


def test_a_callback_named_in_redis_never_runs(broker, tmp_path):
    RqQueue(broker.url, PLACES).enqueue("answer", "r1")
    client = connect_redis(broker.url)
    (key,) = client.keys("rq:job:*")
    client.hset(key, "success_callback_name", "os.abort")
    assert run_all(broker.url) == [("answer", "r1")]


def test_a_raw_pickle_never_runs(broker):
    foreign = RqQueueClass("answer", connection=connect_redis(broker.url), job_class=BeagleJob)
    foreign.enqueue_call("os.system", args=("true",))
    assert run_all(broker.url) == []


def test_a_queue_that_is_away_says_so(tmp_path):
    queue = RqQueue(f"unix://{tmp_path}/none.sock", PLACES)
    with pytest.raises(QueueError, match="did not answer"):
        queue.enqueue("answer", "r1")


def test_the_embedded_broker_ends_with_its_owner(broker):
    assert is_alive(broker.url)
    broker.stop()
    assert not is_alive(broker.url)


def test_a_server_that_refuses_is_alive(broker):
    with connect_redis(broker.url) as client:
        # As with a full disk, every command is refused.
        client.execute_command("ACL", "SETUSER", "default", "-ping")
        try:
            assert is_alive(broker.url)
        finally:
            client.execute_command("ACL", "SETUSER", "default", "+ping")


def test_a_process_without_a_file_handle_does_not_blame_the_server(broker):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert is_alive(broker.url)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        assert is_alive(broker.url)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
