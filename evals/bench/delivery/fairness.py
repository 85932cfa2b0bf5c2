"""One person's thousands of messages beside another workspace that asks now and then."""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from evals.figures import print_figures
from router.catalog.version import Version
from router.config import Settings
from router.log import set_up_logs
from router.store import Store, open_store
from router.store.usage.latency import quantile
from router.store.versions.versions import StoredVersion
from router.types import Decision, Request
from workers.context import Context
from workers.fakes import MemoryQueue, MemoryReplies
from workers.jobs import queue_of_job
from workers.llm.fakes import ScriptedModel
from workers.runtime.leases import Leases
from workers.runtime.thread_pool import BoundedThreadPool
from workers.worker import run_job

ROUTE = "greet"
VERSION = Version(route=ROUTE, kind="prompt", prompt="Say hello to {{ message }}.")
BUSY, CALM = ("T-busy", "U-busy"), ("T-calm", "U-calm")
WAIT_SECONDS = 60.0
PAUSE_SECONDS = 0.002


def main(
    messages: Annotated[int, typer.Option(help="Messages of the one person.")] = 5000,
    questions: Annotated[int, typer.Option(help="Questions of the other workspace.")] = 40,
    every: Annotated[float, typer.Option(help="Seconds between two questions.")] = 0.25,
    model_seconds: Annotated[float, typer.Option(help="How long one call takes.")] = 0.05,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how long another workspace waits beside one person's thousands of messages.

    One worker with all its slots, a real store and an instant queue; Slack is in memory.
    """
    set_up_logs("auto", "error")
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        alone = _measure(Path(folder) / "alone.db", 0, questions, every, model_seconds)
        beside = _measure(Path(folder) / "beside.db", messages, questions, every, model_seconds)

    p95_alone, p95_beside = quantile(alone, 0.95), quantile(beside, 0.95)
    figures = {
        "messages": messages,
        "questions": questions,
        "p95_alone": round(p95_alone, 3),
        "p95_beside": round(p95_beside, 3),
        "rise_s": round(p95_beside - p95_alone, 3),
    }
    print_figures(figures, as_json=as_json, width=12)


def _measure(
    file: Path, messages: int, questions: int, every: float, model_seconds: float
) -> list[float]:
    """Returns the seconds from each question of the calm workspace to its answer.

    The busy person's messages all wait before the first question.
    """
    store = open_store(f"sqlite:///{file}")
    worker = FairnessBench(store, model_seconds)
    for number in range(messages):
        worker.ask(*BUSY, number)

    worker.start()
    keys = []
    pause = threading.Event()
    for number in range(questions):
        keys.append(worker.ask(*CALM, number))
        pause.wait(every)

    seconds = [worker.wait_for(key) for key in keys]
    worker.stop()
    store.close()

    return seconds


class FairnessBench:
    """A worker: takes wake-up calls in their order and runs them in a pool."""

    def __init__(self, store: Store, model_seconds: float) -> None:
        settings = Settings(_env_file=None)
        self.store = store
        body = VERSION.model_dump(mode="json")
        store.versions.insert(StoredVersion("", ROUTE, VERSION.id, "prompt", "live", body, 1.0))
        self._queue = MemoryQueue(queue_of_job())
        self._replies = MemoryReplies()
        self._leases = Leases(
            store.requests, "bench", time.time, settings.lease_seconds, settings.person_slots
        )
        self._context = Context(
            settings=settings,
            store=store,
            queue=self._queue,
            model=ScriptedModel(seconds=model_seconds),
            replies=self._replies,
            leases=self._leases,
            now=time.time,
            random=lambda: 0.5,
        )
        self._pool = BoundedThreadPool(self._run, settings.concurrency)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="worker")
        self._numbers = itertools.count(1)

    def ask(self, team: str, user: str, number: int) -> str:
        """Stores a decided request and wakes the worker; returns its id."""
        key = f"{team}-{number}"
        now = time.time()
        ts = f"{next(self._numbers)}.0"
        self.store.requests.insert(Request(key, team, "C1", user, ts, key, "hello", now), now)
        decision = Decision("route", ROUTE, 1.0, 1.0, 1.0, (), "bench", VERSION.id)
        self.store.decisions.insert_first(key, decision, now)
        self._queue.enqueue("answer", key)

        return key

    def wait_for(self, key: str) -> float:
        """Returns the seconds from a request's arrival to its answer."""
        ends_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends_at:
            seconds = self.store.requests.answer_seconds(key)
            if seconds is not None:
                return seconds

            self._stopped.wait(PAUSE_SECONDS)

        return WAIT_SECONDS

    def serve_one(self) -> None:
        """Runs the oldest wake-up call in this thread."""
        self._run(*self._queue.jobs.popleft())

    def answered(self) -> list[Request]:
        """Returns the requests that were answered, in that order."""
        requests = [self.store.requests.get(key) for key in self._replies.answers]
        return [request for request in requests if request is not None]

    def start(self) -> None:
        """Begins to take wake-up calls."""
        self._leases.start()
        self._thread.start()

    def stop(self) -> None:
        """Finishes what was begun and leaves the rest."""
        self._stopped.set()
        self._thread.join()
        self._pool.drain()
        self._leases.stop()

    def _run(self, job: str, key: str) -> None:
        run_job(self._context, job, key)

    def _loop(self) -> None:
        while not self._stopped.is_set():
            if self._queue.jobs:
                self._pool.submit(*self._queue.jobs.popleft())
            else:
                self._stopped.wait(PAUSE_SECONDS)
