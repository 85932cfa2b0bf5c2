"""`beagle worker`: a worker process."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.terminal import load_settings
from router.errors import InputError
from workers.jobs import POOLED, queues
from workers.runtime.heap import limit_heap
from workers.runtime.tracing import traced_process


def main(
    queue: Annotated[str, typer.Option(help="The queue to take jobs from: answer or compute.")],
) -> None:
    """Run one worker on one queue."""
    if queue not in queues():
        known = " or ".join(repr(name) for name in queues())
        raise InputError(f"starting a worker: there is no queue {queue!r}; expected {known}")

    # Not where large matrices are made and freed all the time: mapping each one takes longer.
    if queue in POOLED:
        limit_heap()

    from bot.app import WorkerProcess

    settings = load_settings()
    with traced_process(settings.otel_url, f"worker {queue}"):
        WorkerProcess(settings).run(queue)
