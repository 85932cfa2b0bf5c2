"""Kills every kind of process during a run and counts lost and duplicated answers."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from bot.demo.stack import LocalStack, kill_process
from evals.bench.stacks.local_postgresql import LocalPostgresql, own_postgresql
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
    bot_kills: Annotated[int, typer.Option(help="kill -9 of the bot.")] = 5,
    database_kills: Annotated[
        int, typer.Option(help="kill -9 of a PostgreSQL server; 0 keeps everything in SQLite.")
    ] = 0,
    seconds: Annotated[
        float, typer.Option(help="Seconds over which the messages are posted.")
    ] = 40.0,
    seed: Annotated[int, typer.Option(help="Chooses the moments of the kills.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost and duplicated answers while workers, bot, broker and database are killed."""
    set_up_logs("auto", "error")
    kills = {
        "worker": worker_kills,
        "broker": broker_kills,
        "bot": bot_kills,
        "database": database_kills,
    }
    totals = measure(requests, kills, seconds, seed)
    print_figures(totals, as_json=as_json, width=15)

    raise typer.Exit(0 if totals["lost"] == totals["duplicates"] == 0 else 1)


def measure(requests: int, kills: Mapping[str, int], seconds: float, seed: int) -> dict[str, float]:
    """Posts `requests` messages over `seconds`, with so many kills of each kind of process.

    A kind is `worker`, `broker`, `bot` or `database`; with a kill of the last everything is kept
    in PostgreSQL.
    """
    with _stack(with_server=kills["database"] > 0) as (stack, server):
        start = time.monotonic()
        killer = _Killer(stack, server, kills, seconds, seed)
        killer.start()
        timestamps = post_messages(stack, 0, requests, seconds)
        killer.join()
        wait_for_answers(stack, timestamps, WAIT_SECONDS)
        counts = count_answers(stack, timestamps)
        return {
            "requests": requests,
            "done": counts.answered,
            "lost": requests - counts.answered,
            "duplicates": counts.duplicates,
            **{f"{kind}_kills": killer.killed[kind] for kind in kills},
            "seconds": round(time.monotonic() - start, 1),
        }


@contextmanager
def _stack(*, with_server: bool) -> Iterator[tuple[LocalStack, LocalPostgresql | None]]:
    """Starts the product, on a PostgreSQL server of its own where one is to be killed."""
    with ExitStack() as undo:
        server = undo.enter_context(own_postgresql()) if with_server else None
        stack = message_stack(
            MODEL_SECONDS,
            2,
            persist=False,
            database=server.url.render_as_string(hide_password=False) if server else "",
            lease_seconds="4",
            reaper_interval_seconds="1",
            concurrency="8",
        )
        yield undo.enter_context(stack), server


class _Killer(threading.Thread):
    """Kills processes at seeded moments while messages are posted. `killed` counts them by kind."""

    def __init__(
        self,
        stack: LocalStack,
        server: LocalPostgresql | None,
        kills: Mapping[str, int],
        seconds: float,
        seed: int,
    ) -> None:
        super().__init__(name="killer", daemon=True)
        self._stack, self._server = stack, server
        self.killed: Counter[str] = Counter()
        self._rng = random.Random(seed)  # noqa: S311  # chooses moments, not secrets
        moments = []
        for kind, count in kills.items():
            for _ in range(count):
                moments.append((self._rng.uniform(0.05, 0.95) * seconds, kind))

        self._moments = sorted(moments)

    def run(self) -> None:
        start, pause = time.monotonic(), threading.Event()
        for moment, kind in self._moments:
            pause.wait(max(0.0, start + moment - time.monotonic()))
            self.killed[kind] += self._kill(kind)

    def _kill(self, kind: str) -> bool:
        """Returns whether there was a process to kill: a broker may be about to start."""
        if kind == "worker":
            workers = sorted(name for name in self._stack.children if name.startswith("worker"))
            self._stack.kill(self._rng.choice(workers))
        elif kind == "bot":
            self._stack.kill("bot")
        elif kind == "database":
            assert self._server is not None
            self._server.kill()
        elif self._stack.broker.pid is not None:
            kill_process(self._stack.broker.pid)
        else:
            return False

        return True
