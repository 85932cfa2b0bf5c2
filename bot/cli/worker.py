"""`beagle worker`: a worker process."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.terminal import load_settings


def main(
    queue: Annotated[str, typer.Option(help="The queue to take jobs from: answer or compute.")],
) -> None:
    """Run one worker on one queue."""
    from bot.app import WorkerProcess

    WorkerProcess(load_settings()).run(queue)
