"""Injects every fault into the model server and times the reply that users see."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.demo.stack import LocalStack, StackConfig
from bot.replies.posting import EVENT_TYPE
from router.log import set_up_logs
from router.text.printable import print_line
from workers.llm.fake_server import FAULTS, FakeServer, Fault, fake_model_server
from workers.runtime.processes import wait_until

CHANNEL = "general"
REQUESTS = {
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
    """Measure how long a user waits for an answer or an error message under each fault."""
    set_up_logs("auto", "error")
    with ExitStack() as exits, tempfile.TemporaryDirectory(prefix="bg") as folder:
        server = exits.enter_context(fake_model_server())
        extra = {
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": server.url,
            "BEAGLE_MODEL_KEY": "none",
        }

        config = StackConfig(
            workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False
        )
        with LocalStack(Path(folder), config) as stack:
            rows = [_measure_fault(stack, server, fault) for fault in FAULTS]
            exits.pop_all().close()  # now nothing listens there any more
            rows.append(_row(stack, "down"))

    slowest = max(row[name] for row in rows for name in REQUESTS)
    report = {"faults": rows, "slowest_seconds": slowest, "promised_seconds": PROMISED_SECONDS}
    print_line(json.dumps(report) if as_json else _as_text(report))

    if slowest > PROMISED_SECONDS:
        raise typer.Exit(1)


def _measure_fault(stack: LocalStack, server: FakeServer, fault: Fault) -> dict[str, Any]:
    """Measures one fault on a worker whose circuit breaker is closed.

    Afterwards the server works again and a new worker has had an answer from it.
    """
    server.fault = fault
    row = _row(stack, fault)
    server.fault = "none"
    stack.kill("worker-0")
    wait_until(stack.ready, WAIT_SECONDS)
    _answer_seconds(stack, REQUESTS["free"])

    return row


def _row(stack: LocalStack, fault: str) -> dict[str, Any]:
    """Returns the seconds to the reply for a free-text, a structured and a no-model request."""
    row: dict[str, Any] = {"fault": fault}
    for name, text in REQUESTS.items():
        row[name], row[f"{name}_said"] = _answer_seconds(stack, text)

    row["other"], _ = _answer_seconds(stack, OTHER)
    return row


def _answer_seconds(stack: LocalStack, text: str) -> tuple[float, str]:
    """Returns the seconds until the finished answer, and how that answer begins."""
    ada = stack.sandbox.actor("ada")
    ts = ada.say(CHANNEL, text)
    start = time.monotonic()
    replies: list[str] = []

    def is_answered() -> bool:
        replies[:] = [m["text"] for m in ada.thread(CHANNEL, ts) if _is_finished(m)]
        return bool(replies)

    wait_until(is_answered, WAIT_SECONDS)
    return round(time.monotonic() - start, 2), (replies or ["(nothing)"])[0][:60]


def _is_finished(message: dict[str, Any]) -> bool:
    return (message.get("metadata") or {}).get("event_type") == EVENT_TYPE


def _as_text(report: dict[str, Any]) -> str:
    lines = [f"{'fault':12}{'free':>8}{'structured':>12}{'other route':>13}"]
    lines += [
        f"{r['fault']:12}{r['free']:>7.1f}s{r['structured']:>11.1f}s{r['other']:>12.1f}s"
        for r in report["faults"]
    ]
    lines.append(
        f"the slowest reply took {report['slowest_seconds']:.1f} s; "
        f"the limit is {PROMISED_SECONDS:.0f} s"
    )

    return "\n".join(lines)
