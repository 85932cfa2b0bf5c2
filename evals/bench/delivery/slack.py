"""Behaviour under Slack's faults: refusals, resets, duplicates, revoked token, lost socket.

Also double clicks, and the time to the first visible sign of life.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Annotated, Any
from urllib.error import HTTPError

import typer

from bot.demo.stack import LocalStack
from bot.sandbox.oauth_browser import install_app
from bot.sandbox.seed_data import TEAM_ID
from bot.sandbox.workspace import Workspace
from evals.bench.delivery.clicks import VAGUE, choose_twice_and_late, correct_twice
from evals.bench.stacks.message_stack import (
    CHANNEL,
    count_answers,
    message_stack,
    post_messages,
    wait_for_all,
    wait_for_answers,
)
from evals.figures import print_figures
from router.log import set_up_logs
from router.store.usage.latency import quantile
from workers.runtime.processes import wait_until

WAIT_SECONDS = 480.0
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
REVOKED_SECONDS = 15.0
INSTALL_TRIES = 5
CLICKED_ANSWERS = 12
"""Answers that are clicked, by each kind of click."""


def main(
    requests: Annotated[int, typer.Option(help="Messages under faults.")] = 300,
    rate: Annotated[float, typer.Option(help="Messages a second.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count lost and duplicated answers under Slack's faults; time reconnects and first signs."""
    set_up_logs("auto", "error")
    totals: dict[str, Any] = {}

    with message_stack(0.05, 1, lease_seconds="4", reaper_interval_seconds="1") as stack:
        wait_for_all(stack, 0.1)
        post_messages(stack, 0, 5, 1.0)
        wait_for_all(stack, WAIT_SECONDS)
        totals |= {f"back_after_{kind}_s": _reconnect_seconds(stack, kind) for kind in BREAKS}
        totals[f"back_after_{DEAD_SECONDS:.0f}_s_dead_s"] = _reconnect_seconds(stack, "dead")
        totals |= _measure_calm(stack, rate)

    # As in production: all processes share one rate limit, and the workspace has installed
    # the bot.
    with message_stack(
        0.05,
        1,
        by_oauth=True,
        lease_seconds="4",
        reaper_interval_seconds="1",
        slack_rate_limiting="true",
    ) as stack:
        post_messages(stack, 0, 5, 1.0)
        wait_for_all(stack, WAIT_SECONDS)
        totals |= _measure_faults(stack, requests, rate)

    print_figures(totals, as_json=as_json, width=24)

    clicks_ok = totals["clicks_applied"] == totals["clicks_expected"]
    no_loss = not any(totals[name] for name in ("lost", "duplicates", "calm_lost", "early_calls"))
    raise typer.Exit(0 if clicks_ok and no_loss else 1)


def _measure_calm(stack: LocalStack, rate: float) -> dict[str, Any]:
    """Returns the times to the first visible sign without faults."""
    signs = _FirstSigns(stack)
    timestamps = post_messages(stack, 5, round(rate * 30), 30.0)
    wait_for_answers(stack, timestamps, WAIT_SECONDS)
    seconds = signs.seconds(timestamps)

    return {
        "calm_requests": len(timestamps),
        "calm_lost": len(timestamps) - count_answers(stack, timestamps).answered,
        "first_sign_p50_ms": round(quantile(seconds, 0.5) * 1000),
        "first_sign_p95_ms": round(quantile(seconds, 0.95) * 1000),
    }


def _measure_faults(stack: LocalStack, requests: int, rate: float) -> dict[str, Any]:
    """Posts and clicks under faults; half way the token is revoked and the bot reinstalled."""
    for fault in FAULTS:
        stack.sandbox.inject_fault(**fault)

    half = requests // 2
    timestamps = post_messages(stack, 1000, half, half / rate)
    vague = post_messages(stack, 5000, CLICKED_ANSWERS, CLICKED_ANSWERS / rate, VAGUE)
    wait_until(lambda: _received(stack, timestamps + vague), WAIT_SECONDS)
    waiting = stack.store.requests.open_count(0.0)[0]
    stack.sandbox.inject_fault("revoke")
    wait_until(lambda: False, REVOKED_SECONDS)
    installs = _install_again(f"http://127.0.0.1:{stack.port}")
    timestamps += post_messages(stack, 1000 + half, requests - half, (requests - half) / rate)
    wait_for_answers(stack, timestamps + vague, WAIT_SECONDS)
    chosen, corrections = (
        choose_twice_and_late(stack, vague),
        correct_twice(stack, timestamps, CLICKED_ANSWERS),
    )
    wait_for_answers(stack, timestamps + vague, WAIT_SECONDS)
    fault_counts = stack.sandbox.call(
        lambda: [fault["struck"] for fault in stack.sandbox.context.faults.describe()]
    )
    counts = count_answers(stack, timestamps + vague)

    return {
        "requests": len(timestamps + vague),
        "faults": sum(fault_counts),
        "waiting_when_revoked": waiting,
        "installs_tried": installs,
        "lost": len(timestamps + vague) - counts.answered,
        "duplicates": counts.duplicates,
        "clicks": chosen.clicks + corrections.clicks,
        "clicks_expected": chosen.expected + corrections.expected,
        "clicks_applied": chosen.applied + corrections.applied,
        "refused_by_rate": stack.sandbox.call(
            lambda: stack.sandbox.context.error_counts["ratelimited"]
        ),
        "early_calls": stack.sandbox.call(lambda: stack.sandbox.context.premature_calls.total()),
    }


def _install_again(address: str) -> int:
    """Installs as a person does, who starts again where a fault ended it; returns the tries.

    Slack takes a code once, so a fault in its answer to the exchange ends an install.
    """
    tries = 1
    while tries < INSTALL_TRIES:
        with suppress(HTTPError):
            install_app(address)
            return tries

        tries += 1

    install_app(address)
    return tries


def _received(stack: LocalStack, timestamps: list[str]) -> bool:
    """Returns whether the bot has stored each of these messages."""
    channel = stack.sandbox.actor("ada").channel(CHANNEL)
    return all(stack.store.requests.find(TEAM_ID, channel, ts) is not None for ts in timestamps)


def _reconnect_seconds(stack: LocalStack, kind: str) -> float:
    """Returns the seconds from the break to the next connection.

    Where Slack was down, they count from its return.
    """
    start = time.monotonic()
    if kind == "dead":
        stack.sandbox.inject_fault(kind, seconds=DEAD_SECONDS)
    else:
        stack.sandbox.inject_fault(kind)

    wait_until(lambda: not stack.sandbox.call(lambda: stack.sandbox.workspace.connected), 2.0)
    if kind == "dead":
        wait_until(
            lambda: not stack.sandbox.call(lambda: stack.sandbox.context.is_down), DEAD_SECONDS + 2
        )
        start = time.monotonic()

    wait_until(lambda: stack.sandbox.call(lambda: stack.sandbox.workspace.connected), 60.0)
    return round(time.monotonic() - start, 2)


class _FirstSigns:
    """When each thread first showed a sign of the bot: a status or a message."""

    def __init__(self, stack: LocalStack) -> None:
        self._first: dict[str, float] = {}
        self._lock = threading.Lock()
        stack.sandbox.call(lambda: stack.sandbox.workspace.subscribe(self._record))
        self._workspace: Workspace = stack.sandbox.workspace
        self._channel = stack.sandbox.actor("ada").channel(CHANNEL)

    def seconds(self, timestamps: list[str]) -> list[float]:
        """Returns each message's seconds to its first sign; 60 where there was none."""
        with self._lock:
            return [self._first.get(ts, float(ts) + 60.0) - float(ts) for ts in timestamps]

    def _record(self, change: dict[str, Any]) -> None:
        is_sign = change["type"] == "status" or (
            change["type"] == "message" and change["message"].get("bot_id")
        )
        thread = change.get("thread_ts")
        if is_sign and thread:
            with self._lock:
                self._first.setdefault(str(thread), time.time())
