"""The queue on RQ: an entry is a job's name and a key, and only our jobs can be run.

RQ's JSON serializer does not stop whoever can write to Redis from naming any function of the
standard library, so the job class refuses every function but one, and every callback.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from types import FrameType
from typing import cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from rq import Queue as RqQueueClass
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from router.errors import QueueError, is_shortage
from workers.ports import RUN_SECONDS, QueueRuns

JOB_FUNCTION = "beagle.step"
"""The function name in every entry. It is part of the wire format and never imported."""
CONNECT_SECONDS = 2.0
FAILED_SECONDS = 7 * 24 * 3600
RUNS_KEY = "beagle:runs:"
"""Prefix of the counters of each queue's jobs."""
KEY_LIMIT = 64
"""Most characters of a job's name and of its key."""
RETRY_SECONDS = 0.5
Run = Callable[[str, str], None]
"""Runs one job, given its name and key."""


def connect_redis(url: str) -> Redis:
    """Returns a client that fails within seconds when the server is down; it connects later."""
    # A pooled connection to a server that was restarted fails at its first use, so commands are
    # tried once more, at once.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(
        url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS, retry=retry
    )


def is_alive(url: str) -> bool:
    """Returns whether a server answers there now.

    A server that only refuses is alive: with a full disk Valkey refuses even to be pinged. Where
    this process has no file handle left to ask, the server is not to blame.
    """
    try:
        with connect_redis(url) as client:
            return bool(client.ping())
    except ResponseError:
        return True
    except (RedisError, OSError) as error:
        return is_shortage(error)


def server_time(url: str) -> float:
    """Returns the server's own time in unix seconds. Raises QueueError when none answers."""
    try:
        with connect_redis(url) as client:
            seconds, microseconds = client.time()
    except RedisError as error:
        raise QueueError(
            f"asking the queue for the time: Redis did not answer ({type(error).__name__})"
        ) from error

    return float(seconds) + float(microseconds) / 1_000_000


def workers_per_queue(url: str) -> dict[str, int]:
    """Returns how many workers serve each queue now; empty when Redis does not answer."""
    try:
        with connect_redis(url) as client:
            counts: Counter[str] = Counter()
            for worker in SimpleWorker.all(connection=client):
                counts.update(worker.queue_names())

            return dict(counts)
    except RedisError:
        return {}


class BeagleJob(Job):
    """An RQ job that can only run one of our jobs."""

    run: Run | None = None
    """Runs the job; set on a subclass by the worker, unset where jobs are only enqueued."""

    @property
    def func(self) -> Callable[..., None]:
        """The runner. Raises QueueError when the entry is not one of ours."""
        arguments = tuple(self.args)
        is_ours = (
            self.func_name == JOB_FUNCTION
            and self.instance is None
            and not self.kwargs
            and len(arguments) == 2
            and all(isinstance(part, str) and 0 < len(part) <= KEY_LIMIT for part in arguments)
        )

        runner = type(self).run
        if not is_ours or runner is None:
            raise QueueError(
                f"running job {self.id!r}: found function {str(self.func_name)[:KEY_LIMIT]!r}; "
                f"only {JOB_FUNCTION!r} may run, with a job and a key; "
                "somebody else writes to this Redis: give Beagle its own database and password"
            )

        return runner

    # RQ would import and call whatever a callback is named in Redis, so there are none.

    @property
    def success_callback(self) -> None:
        """Always None."""

    @property
    def failure_callback(self) -> None:
        """Always None."""

    @property
    def stopped_callback(self) -> None:
        """Always None."""


class RqQueue:
    """The `Queue` port on Redis or Valkey. `queue_of_job` maps each job to its queue.

    The jobs in `first` are put at the head of theirs.
    """

    def __init__(
        self, url: str, queue_of_job: Mapping[str, str], first: Collection[str] = ()
    ) -> None:
        self._first = first
        self._client = connect_redis(url)
        self._queue_of_job = queue_of_job
        self._queues = {}
        for name in sorted(set(queue_of_job.values())):
            self._queues[name] = RqQueueClass(
                name, connection=self._client, serializer=JSONSerializer, job_class=BeagleJob
            )

    def enqueue(self, job: str, key: str) -> None:
        """See `Queue.enqueue`. An unknown job is refused here, not in the worker."""
        queue = self._queue_of_job.get(job)
        if queue is None:
            known = ", ".join(sorted(self._queue_of_job))
            raise QueueError(f"enqueueing job {job!r}: unknown; known: {known}")

        try:
            # No time-out: jobs limit themselves, and RQ would raise at any line of them.
            self._queues[queue].enqueue_call(
                JOB_FUNCTION,
                args=(job, key),
                timeout=-1,
                result_ttl=0,
                failure_ttl=FAILED_SECONDS,
                description=job,
                at_front=job in self._first,
            )
        except RedisError as error:
            raise QueueError(
                f"enqueueing job {job!r}: Redis did not answer ({type(error).__name__})"
            ) from error

    def depth(self) -> Mapping[str, int]:
        """See `Queue.depth`."""
        try:
            return {name: queue.count for name, queue in self._queues.items()}
        except RedisError as error:
            raise QueueError(
                f"counting the queue: Redis did not answer ({type(error).__name__})"
            ) from error

    def record_run(self, job: str, seconds: float, *, failed: bool) -> None:
        """See `Queue.record_run`. The counters are a hash for each queue, in the server."""
        queue = self._queue_of_job.get(job)
        if queue is None:
            return  # an entry of an older release, under the job's old name

        name = RUNS_KEY + queue
        try:
            with self._client.pipeline(transaction=False) as commands:
                commands.hincrby(name, "failed" if failed else "ok")
                commands.hincrbyfloat(name, "seconds", seconds)
                for bound in RUN_SECONDS:
                    if seconds <= bound:
                        commands.hincrby(name, str(bound))

                commands.execute()
        except RedisError:
            return

    def runs(self) -> Mapping[str, QueueRuns]:
        """See `Queue.runs`."""
        found = {}
        try:
            for queue in self._queues:
                # redis-py says that it may return a coroutine, which only its async client does.
                stored = cast(dict[bytes, bytes], self._client.hgetall(RUNS_KEY + queue))
                counts = {key.decode(): float(value) for key, value in stored.items()}
                found[queue] = QueueRuns(
                    ok=int(counts.get("ok", 0)),
                    failed=int(counts.get("failed", 0)),
                    seconds=counts.get("seconds", 0.0),
                    buckets=[int(counts.get(str(bound), 0)) for bound in RUN_SECONDS],
                )
        except RedisError as error:
            raise QueueError(
                f"reading the queue's counters: Redis did not answer ({type(error).__name__})"
            ) from error

        return found

    def compact(self) -> None:
        """See `Queue.compact`. Done by rewriting the append-only file."""
        try:
            self._client.bgrewriteaof()
        except ResponseError:
            return  # a rewrite is under way, or this server keeps no such file
        except RedisError as error:
            raise QueueError(
                f"compacting the queue: Redis did not answer ({type(error).__name__})"
            ) from error

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


class _Worker(SimpleWorker):
    """Serves one queue without forking; we decide about restarts.

    Torch hangs in a forked child that inherits its threads.
    """

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 1.0
    stopped: threading.Event

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Records that the stop was asked for, then lets RQ finish the running job."""
        self.stopped.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # rq leaves it so


def run_worker(
    url: str, queue: str, run: Run, stopped: threading.Event, *, burst: bool = False
) -> None:
    """Takes entries from one queue and calls `run` until SIGTERM or SIGINT, which set `stopped`.

    With `burst` it returns once the queue is empty. Serve one queue per process: a worker of
    several pops without RQ's intermediate list, and an entry that a killed worker had popped is
    lost. Call it in the main thread, because RQ installs signal handlers.
    """
    client = connect_redis(url)
    job_class = type("WorkerJob", (BeagleJob,), {"run": staticmethod(run)})

    while not stopped.is_set():
        try:
            rq_queue = RqQueueClass(
                queue, connection=client, serializer=JSONSerializer, job_class=job_class
            )
            worker = _Worker(
                [rq_queue],
                connection=client,
                serializer=JSONSerializer,
                job_class=job_class,
                maintenance_interval=15,
                worker_ttl=30,
                log_job_description=False,
            )

            worker.stopped = stopped
            worker.work(burst=burst, logging_level="WARNING")
        except RedisError:
            # RQ gives up in places where a server that is being restarted does not answer yet.
            stopped.wait(RETRY_SECONDS)

        if burst:
            return
