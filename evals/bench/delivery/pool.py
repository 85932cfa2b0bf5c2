"""Many slow model calls at once in one worker process: total time and peak memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from evals.bench.stacks.message_stack import (
    count_answers,
    message_stack,
    post_messages,
    wait_for_all,
)
from evals.figures import print_figures
from router.log import set_up_logs

WAIT_SECONDS = 120.0


def main(
    requests: Annotated[int, typer.Option(help="Calls at once.")] = 32,
    model_seconds: Annotated[float, typer.Option(help="How long one call takes.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how many slow calls one worker process serves together."""
    set_up_logs("auto", "error")
    with message_stack(model_seconds, 1) as stack:
        warm = post_messages(stack, 0, 1, 0.0)
        wait_for_all(stack, WAIT_SECONDS)
        start = time.monotonic()
        timestamps = post_messages(stack, len(warm), requests, 0.0)
        wait_for_all(stack, WAIT_SECONDS)
        seconds = time.monotonic() - start
        totals = {
            "requests": requests,
            "done": count_answers(stack, timestamps).answered,
            "model_seconds": model_seconds,
            "seconds": round(seconds, 2),
            "worker_mb": round(_resident_mb(stack.children["worker-0"].pid), 1),
        }

    print_figures(totals, as_json=as_json, width=13)


def _resident_mb(pid: int) -> float:
    """The process's peak of resident memory, in MB; needs Linux."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024

    raise OSError(f"reading the memory of process {pid}: /proc has no peak for it")
