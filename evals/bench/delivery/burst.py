"""Posts a thousand messages in five seconds and counts lost and duplicated answers."""

from __future__ import annotations

import time
from typing import Annotated

import typer

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
    seconds: Annotated[float, typer.Option(help="Within how long.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost and doubled answers after a burst of messages."""
    set_up_logs("auto", "error")
    with message_stack(MODEL_SECONDS, 1) as stack:
        start = time.monotonic()
        timestamps = post_messages(stack, 0, requests, seconds)
        burst = time.monotonic() - start
        wait_for_answers(stack, timestamps, WAIT_SECONDS)
        counts = count_answers(stack, timestamps)
        totals = {
            "requests": requests,
            "done": counts.answered,
            "lost": requests - counts.answered,
            "duplicates": counts.duplicates,
            "burst_seconds": round(burst, 1),
            "seconds": round(time.monotonic() - start, 1),
        }

    print_figures(totals, as_json=as_json, width=13)

    raise typer.Exit(0 if totals["lost"] == totals["duplicates"] == 0 else 1)
