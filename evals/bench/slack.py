"""What Slack does to a bot: refusals, resets, doubled deliveries, dead sockets; and how soon people see a sign."""

from __future__ import annotations

import json
import threading
import time
from typing import Annotated, Any

import typer

from bot.sandbox.workspace import Workspace
from bot.stage import Stage
from evals.bench.crowd import CHANNEL, crowd, say, told, wait_for_all
from router.log import set_up_logs
from router.store.stats import quantile
from workers.process import wait_until

WAIT_SECONDS = 240.0
POST, UPDATE = "chat.postMessage", "chat.update"
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "ratelimited", "on": POST, "share": 0.1, "seconds": 1},
    {"kind": "ratelimited", "on": UPDATE, "share": 0.1, "seconds": 1},
    {"kind": "500", "on": POST, "share": 0.05},
    {"kind": "502", "on": "*", "share": 0.03},
    {"kind": "504", "on": UPDATE, "share": 0.05},
    {"kind": "reset_before", "on": POST, "share": 0.05},
    {"kind": "reset_after", "on": POST, "share": 0.05},
    {"kind": "reset_after", "on": "chat.startStream", "share": 0.05},
    {"kind": "reset_after", "on": UPDATE, "share": 0.05},
    {"kind": "duplicate", "on": "*", "share": 0.1},
    {"kind": "reorder", "on": "*", "share": 0.05},
)
BREAKS = ("disconnect", "fin", "rst")
DEAD_SECONDS = 5.0


def main(
    requests: Annotated[int, typer.Option(help="Messages under faults.")] = 300,
    rate: Annotated[float, typer.Option(help="Messages a second.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost and doubled answers under Slack's faults, time the socket's return and the first sign of life."""
    set_up_logs("auto", "error")
    with crowd(0.05, 1, lease_seconds="4", reap_seconds="1") as stage:
        wait_for_all(stage, 0.1)
        say(stage, 0, 5, 1.0)
        wait_for_all(stage, WAIT_SECONDS)
        totals: dict[str, Any] = {f"back_after_{kind}_s": _back(stage, kind) for kind in BREAKS}
        totals[f"back_after_{DEAD_SECONDS:.0f}_s_dead_s"] = _back(stage, "dead")
        signs = _Signs(stage)
        said = say(stage, 5, round(rate * 30), 30.0)
        _all_answered(stage, said)
        seconds = signs.seconds(said)
        totals |= {
            "calm_requests": len(said),
            "calm_lost": len(said) - told(stage, said).answered,
            "first_sign_p50_ms": round(quantile(seconds, 0.5) * 1000),
            "first_sign_p95_ms": round(quantile(seconds, 0.95) * 1000),
        }
        for fault in FAULTS:
            stage.sandbox.fault(**fault)
        hurt = say(stage, 1000, requests, requests / rate)
        _all_answered(stage, hurt)
        struck = stage.sandbox.call(lambda: [one["struck"] for one in stage.sandbox.platform.faults.described()])
        seen = told(stage, hurt)
        totals |= {
            "requests": requests,
            "faults": sum(struck),
            "lost": requests - seen.answered,
            "duplicates": seen.duplicates,
        }
    print(json.dumps(totals) if as_json else "\n".join(f"{name:24} {value}" for name, value in totals.items()))
    raise typer.Exit(0 if totals["lost"] == totals["duplicates"] == totals["calm_lost"] == 0 else 1)


def _all_answered(stage: Stage, said: list[str]) -> None:
    """Each message has its answer, or the time is over: what a dead socket swallowed Slack sends again in a minute."""
    wait_until(lambda: told(stage, said).answered == len(said), WAIT_SECONDS)
    wait_for_all(stage, WAIT_SECONDS)


def _back(stage: Stage, kind: str) -> float:
    """Seconds from the break to the next connection; from a dead Slack's return where it was dead."""
    start = time.monotonic()
    if kind == "dead":
        stage.sandbox.fault(kind, seconds=DEAD_SECONDS)
    else:
        stage.sandbox.fault(kind)
    wait_until(lambda: not stage.sandbox.call(lambda: stage.sandbox.workspace.connected), 2.0)
    if kind == "dead":
        wait_until(lambda: not stage.sandbox.call(lambda: stage.sandbox.platform.dead), DEAD_SECONDS + 2)
        start = time.monotonic()
    wait_until(lambda: stage.sandbox.call(lambda: stage.sandbox.workspace.connected), 60.0)
    return round(time.monotonic() - start, 2)


class _Signs:
    """When each thread first showed something of the bot: its status, or a message."""

    def __init__(self, stage: Stage) -> None:
        self._first: dict[str, float] = {}
        self._lock = threading.Lock()
        stage.sandbox.call(lambda: stage.sandbox.workspace.subscribe(self._hear))
        self._workspace: Workspace = stage.sandbox.workspace
        self._place = stage.sandbox.actor("ada").channel(CHANNEL)

    def seconds(self, said: list[str]) -> list[float]:
        """For each message the seconds until then; a message without any sign counts as a minute."""
        with self._lock:
            return [self._first.get(ts, float(ts) + 60.0) - float(ts) for ts in said]

    def _hear(self, change: dict[str, Any]) -> None:
        ours = change["type"] == "status" or (change["type"] == "message" and change["message"].get("bot_id"))
        thread = change.get("thread_ts")
        if ours and thread:
            with self._lock:
                self._first.setdefault(str(thread), time.time())
