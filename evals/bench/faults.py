"""Breaks the model server in every way and measures how long people wait until they are told."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.demo.stack import Cast, Stage
from bot.replies.replies import EVENT_TYPE
from router.log import set_up_logs
from workers.llm.fake_server import FAULTS, Fault, ModelServer, model_server
from workers.runtime.processes import wait_until

CHANNEL = "general"
ASKED = {
    "free": "@beagle !rewrite please make this sentence a little clearer",
    "structured": "@beagle !triage the wifi is down",
}
OTHER = "@beagle what can you do?"
PROMISED_SECONDS = 15.0
WAIT_SECONDS = 60.0


def main(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Measure, for each fault of the model server, how long a person waits for an answer or an honest word."""
    set_up_logs("auto", "error")
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="bg") as folder:
        server = stack.enter_context(model_server())
        extra = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": server.url,
            "BEAGLE_MODEL_KEY": "none",
        }

        cast = Cast(workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False)
        with Stage(Path(folder), cast) as stage:
            rows = [_measured(stage, server, fault) for fault in FAULTS]
            stack.pop_all().close()  # now nothing listens there any more
            rows.append(_row(stage, "down"))

    slowest = max(row[name] for row in rows for name in ASKED)
    report = {"faults": rows, "slowest_seconds": slowest, "promised_seconds": PROMISED_SECONDS}
    sys.stdout.write((json.dumps(report) if as_json else _words(report)) + "\n")

    if slowest > PROMISED_SECONDS:
        raise typer.Exit(1)


def _measured(stage: Stage, server: ModelServer, fault: Fault) -> dict[str, Any]:
    """One fault, on a worker whose breaker is closed: afterwards the server is well and has been seen to be."""
    server.fault = fault
    row = _row(stage, fault)
    server.fault = "none"
    stage.kill("worker-0")
    wait_until(stage.ready, WAIT_SECONDS)
    _seconds(stage, ASKED["free"])

    return row


def _row(stage: Stage, fault: str) -> dict[str, Any]:
    """Seconds until something is said to a free and a structured request, and to one that needs no model meanwhile."""
    row: dict[str, Any] = {"fault": fault}
    for name, text in ASKED.items():
        row[name], row[f"{name}_said"] = _seconds(stage, text)

    row["other"], _ = _seconds(stage, OTHER)
    return row


def _seconds(stage: Stage, text: str) -> tuple[float, str]:
    """How long until the finished answer stands in the thread, and how it begins."""
    ada = stage.sandbox.actor("ada")
    ts = ada.say(CHANNEL, text)
    start = time.monotonic()
    found: list[str] = []

    def told() -> bool:
        found[:] = [m["text"] for m in ada.thread(CHANNEL, ts) if _finished(m)]
        return bool(found)

    wait_until(told, WAIT_SECONDS)
    return round(time.monotonic() - start, 2), (found or ["(nothing)"])[0][:60]


def _finished(message: dict[str, Any]) -> bool:
    return (message.get("metadata") or {}).get("event_type") == EVENT_TYPE


def _words(report: dict[str, Any]) -> str:
    lines = [f"{'fault':12}{'free':>8}{'structured':>12}{'other route':>13}"]
    lines += [
        f"{r['fault']:12}{r['free']:>7.1f}s{r['structured']:>11.1f}s{r['other']:>12.1f}s"
        for r in report["faults"]
    ]
    lines.append(
        f"the slowest was told after {report['slowest_seconds']:.1f} s; promised are {PROMISED_SECONDS:.0f} s"
    )

    return "\n".join(lines)
