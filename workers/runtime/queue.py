"""The queue on RQ: jobs carry two short strings, and only our steps can be run.

RQ's JSON serializer does not stop whoever can write to Redis from naming any function of the
standard library, so the job class refuses every function but one, and every callback.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry
from rq import Queue as RqQueueClass
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from router.errors import QueueError

STEP = "beagle.step"
CONNECT_SECONDS = 2.0
FAILED_SECONDS = 7 * 24 * 3600
KEY_LIMIT = 64
Run = Callable[[str, str], None]


def connect(url: str) -> Redis:
    """A client that fails within seconds when the server is down; nothing is connected yet."""
    # One more try at once: a pooled connection to a server that was restarted fails on its first
    # use.
    retry = Retry(NoBackoff(), 1)
    return Redis.from_url(
        url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS, retry=retry
    )


def alive(url: str) -> bool:
    """Whether a server answers there now."""
    try:
        with connect(url) as client:
            return bool(client.ping())
    except RedisError:
        return False


def listeners(url: str) -> dict[str, int]:
    """How many workers are on each queue now; empty when Redis does not answer."""
    try:
        with connect(url) as client:
            found = SimpleWorker.all(connection=client)
            return dict(Counter(name for worker in found for name in worker.queue_names()))
    except RedisError:
        return {}


class StepJob(Job):
    """A job that can only be one of our steps."""

    run: Run | None = None
    """What does the step; set on a subclass by the worker, unset where jobs are only made."""

    @property
    def func(self) -> Callable[..., None]:
        """The runner, if the job is one of ours."""
        arguments = tuple(self.args)
        ours = (
            self.func_name == STEP
            and self.instance is None
            and not self.kwargs
            and len(arguments) == 2
            and all(isinstance(part, str) and 0 < len(part) <= KEY_LIMIT for part in arguments)
        )

        runner = type(self).run
        if not ours or runner is None:
            raise QueueError(
                f"running job {self.id!r}: found function {str(self.func_name)[:KEY_LIMIT]!r}; only {STEP!r} may run, "
                "with a step and a key; somebody else writes to this Redis: give Beagle its own database and password"
            )

        return runner

    @property
    def success_callback(self) -> None:
        """Never: a callback's name comes from Redis too."""

    @property
    def failure_callback(self) -> None:
        """Never, likewise."""

    @property
    def stopped_callback(self) -> None:
        """Never, likewise."""


class RqQueue:
    """The `Queue` port on Redis or Valkey. `places` says which queue a step waits in."""

    def __init__(self, url: str, places: Mapping[str, str]) -> None:
        self._client = connect(url)
        self._places = places
        self._queues = {
            name: RqQueueClass(
                name, connection=self._client, serializer=JSONSerializer, job_class=StepJob
            )
            for name in sorted(set(places.values()))
        }

    def wake(self, step: str, key: str) -> None:
        """As the port says. A step that nobody knows is refused here, not in the worker."""
        place = self._places.get(step)
        if place is None:
            raise QueueError(
                f"waking step {step!r}: unknown; known: {', '.join(sorted(self._places))}"
            )

        try:
            self._queues[place].enqueue_call(
                STEP,
                args=(step, key),
                timeout=-1,
                result_ttl=0,
                failure_ttl=FAILED_SECONDS,
                description=step,
            )
        except RedisError as error:
            raise QueueError(
                f"waking step {step!r}: Redis did not answer ({type(error).__name__})"
            ) from error

    def depth(self) -> Mapping[str, int]:
        """As the port says."""
        try:
            return {name: queue.count for name, queue in self._queues.items()}
        except RedisError as error:
            raise QueueError(
                f"counting the queue: Redis did not answer ({type(error).__name__})"
            ) from error

    def compact(self) -> None:
        """As the port says; a rewrite that is under way already does it as well."""
        try:
            self._client.bgrewriteaof()
        except ResponseError:
            return  # one is being written now, or this server keeps no log
        except RedisError as error:
            raise QueueError(
                f"compacting the queue: Redis did not answer ({type(error).__name__})"
            ) from error

    def close(self) -> None:
        """The connections are closed."""
        self._client.close()


class _StepWorker(SimpleWorker):
    """One queue, no fork (torch hangs in a forked child that inherits its threads), restarts decided by us."""

    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 1.0
    stopped: threading.Event

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Remember that this stop was asked for, then let RQ finish what it holds."""
        self.stopped.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # rq leaves it so


def work(url: str, queue: str, run: Run, stopped: threading.Event, *, burst: bool = False) -> None:
    """Take jobs from one queue and `run` them, until SIGTERM or SIGINT; set `stopped` then.

    One queue per process: a worker of several pops without RQ's intermediate list, and a job that a
    killed worker had popped is never seen again. Call it in the main thread, because RQ installs
    signal handlers.
    """
    client = connect(url)
    job_class = type("WorkerStepJob", (StepJob,), {"run": staticmethod(run)})

    while not stopped.is_set():
        try:
            worker = _StepWorker(
                [
                    RqQueueClass(
                        queue, connection=client, serializer=JSONSerializer, job_class=job_class
                    )
                ],
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
            # RQ gives up in places where a broker that is being restarted does not answer yet.
            stopped.wait(0.5)

        if burst:
            return
