"""Kills workers and the broker during a run and counts lost and duplicated answers."""

from __future__ import annotations

import random
import threading
import time
from typing import Annotated

import typer

from bot.demo.stack import LocalStack, kill_process
from evals.bench.stacks.message_stack import (
    count_answers,
    message_stack,
    post_messages,
    wait_for_answers,
)
from evals.figures import print_figures
from router.log import set_up_logs

MODEL_SECONDS = 0.05
WAIT_SECONDS = 300.0


def main(
    requests: Annotated[int, typer.Option(help="How many messages are posted.")] = 1000,
    worker_kills: Annotated[int, typer.Option(help="kill -9 of a worker.")] = 25,
    broker_kills: Annotated[
        int, typer.Option(help="kill -9 of the broker, which keeps nothing on disk.")
    ] = 4,
    seconds: Annotated[
        float, typer.Option(help="Seconds over which the messages are posted.")
    ] = 40.0,
    seed: Annotated[int, typer.Option(help="Chooses the moments of the kills.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost and duplicated answers while workers and a non-persistent broker are killed."""
    set_up_logs("auto", "error")
    start = time.monotonic()

    with message_stack(
        MODEL_SECONDS,
        2,
        persist=False,
        lease_seconds="4",
        reaper_interval_seconds="1",
        concurrency="8",
    ) as stack:
        killer = _Killer(stack, worker_kills, broker_kills, seconds, seed)
        killer.start()
        timestamps = post_messages(stack, 0, requests, seconds)
        killer.join()
        wait_for_answers(stack, timestamps, WAIT_SECONDS)
        counts = count_answers(stack, timestamps)
        totals = {
            "requests": requests,
            "done": counts.answered,
            "lost": requests - counts.answered,
            "duplicates": counts.duplicates,
            "worker_kills": killer.workers,
            "broker_kills": killer.brokers,
            "seconds": round(time.monotonic() - start, 1),
        }

    print_figures(totals, as_json=as_json, width=13)

    raise typer.Exit(0 if totals["lost"] == totals["duplicates"] == 0 else 1)


class _Killer(threading.Thread):
    """Kills workers and the broker at seeded moments while messages are posted.

    `workers` and `brokers` count the kills.
    """

    def __init__(
        self, stack: LocalStack, worker_kills: int, broker_kills: int, seconds: float, seed: int
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self._stack, self.workers, self.brokers = stack, 0, 0
        rng = random.Random(seed)  # noqa: S311  # chooses moments, not secrets
        moments = [(rng.uniform(0.05, 1.0) * seconds, "worker") for _ in range(worker_kills)]
        moments += [(rng.uniform(0.1, 0.9) * seconds, "broker") for _ in range(broker_kills)]
        self._moments = sorted(moments)
        self._rng = rng

    def run(self) -> None:
        start, pause = time.monotonic(), threading.Event()
        for moment, kind in self._moments:
            pause.wait(max(0.0, start + moment - time.monotonic()))
            if kind == "worker":
                self._stack.kill(
                    self._rng.choice(sorted(name for name in self._stack.children if name != "bot"))
                )

                self.workers += 1
            elif self._stack.broker.pid is not None:
                kill_process(self._stack.broker.pid)
                self.brokers += 1
