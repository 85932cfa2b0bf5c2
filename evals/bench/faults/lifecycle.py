"""Kills processes during rollouts and checks that no half-promoted version answers."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.demo.stack import LocalStack, kill_process
from evals.bench.faults.audit_monitor import AuditMonitor, broken_audit, state_path, wrong_answers
from evals.bench.stacks.rollout_stack import (
    accept_rows,
    approve_candidate,
    ask_route,
    candidate_id,
    candidate_state,
    press_button,
    rollout_stack,
)
from evals.figures import print_figures
from router.lifecycle_evidence import TunedEvidence
from router.log import set_up_logs
from router.store.weekly.candidates import CandidateTransition
from router.text.printable import print_line
from workers.runtime.processes import wait_until

ROLLOUT_SECONDS = 300.0
POLL_SECONDS = 0.25
ASK_EVERY_POLLS = 3
"""Polls between two questions."""
TRAINER = b"workers.training.subprocess"
KINDS = ("worker-compute", "worker-answer", "trainer", "broker", "bot")
ODDS = (40, 20, 20, 10, 10)
ORPHAN_SECONDS = 10.0
STARTED = b'_started"'
"""The end of the log events `bot_started` and `worker_started`, as a log line holds it."""
END_STATES = ("live", "kept_prompt", "rolled_back")
KILLS_PER_ROLLOUT = 4
"""The fewest kills expected before a candidate is live."""


def main(
    kills: Annotated[int, typer.Option(help="kill -9, in all.")] = 100,
    gap: Annotated[
        float,
        typer.Option(
            help="Seconds until the next kill, on average; what is starting is not killed again."
        ),
    ] = 4.0,
    seed: Annotated[int, typer.Option(help="Chooses moments and victims.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count half-promoted answers, repeated steps and orphans under kill -9."""
    set_up_logs("auto", "error")
    start = time.monotonic()

    with rollout_stack(2 + kills // KILLS_PER_ROLLOUT) as (stack, routes):
        monitor = AuditMonitor(stack.store, {routes[0]: candidate_id(routes[0])})
        monitor.start()
        reference = _roll_out(stack, routes[0])
        killer = Killer(stack, kills, gap, seed)
        killer.start()

        rolled_out = [routes[0]]
        while killer.is_alive() and len(rolled_out) < len(routes):
            rolled_out.append(routes[len(rolled_out)])
            monitor.watch(rolled_out[-1], candidate_id(rolled_out[-1]))
            _roll_out(stack, rolled_out[-1])

        killer.join()
        # Without further kills, every interrupted rollout must reach its end.
        for name in rolled_out:
            _roll_out(stack, name)

        monitor.stop()
        totals = _totals(stack, rolled_out, reference, killer) | {
            "polls": monitor.polls,
            "half_promoted": len(monitor.wrong),
            "seen": monitor.wrong[:5],
            "orphans": _orphans(stack),
            "seconds": round(time.monotonic() - start, 1),
        }

    print_figures(totals, as_json=as_json, width=16)

    raise typer.Exit(0 if _is_clean(totals) else 1)


class Killer(threading.Thread):
    """Kills processes at random moments; `killed` counts the kills by kind of process."""

    def __init__(self, stack: LocalStack, kills: int, gap: float, seed: int) -> None:
        super().__init__(name="killer", daemon=True)
        self._stack, self._kills, self._gap = stack, kills, gap
        self._rng = random.Random(seed)  # noqa: S311  # chooses moments, not secrets
        self._starts: dict[str, int] = {}
        self.killed: Counter[str] = Counter()

    def run(self) -> None:
        """Kills until the planned number is reached."""
        pause = threading.Event()
        while self.killed.total() < self._kills:
            pause.wait(self._rng.expovariate(1 / self._gap))
            kind = self._rng.choices(KINDS, ODDS)[0]

            trainers = _trainers(self._stack) if kind == "trainer" else []
            if kind == "trainer" and not trainers:
                # No trainer may run now. It dies with its worker where one does.
                kind = "worker-compute"

            if self._kill(kind, trainers):
                self.killed[kind] += 1

    def _kill(self, kind: str, trainers: Sequence[int]) -> bool:
        """Kills a process of that kind; returns whether one ran that could leave work half done."""
        if kind == "trainer":
            with suppress(ProcessLookupError):
                kill_process(trainers[0])

            return True

        if kind == "broker":
            pid = self._stack.broker.pid
            if pid is not None:
                kill_process(pid)
            return pid is not None

        starts = (self._stack.folder / "logs" / f"{kind}.log").read_bytes().count(STARTED)
        if starts <= self._starts.get(kind, 0):
            return False  # still starting after the last kill

        self._starts[kind] = starts
        self._stack.kill(kind)
        return True


def _roll_out(stack: LocalStack, name: str) -> list[str]:
    """Rolls a candidate out and returns the states it went through.

    Ada presses the buttons. Ends when the candidate is live or time is up.
    """
    if candidate_state(stack, name) == "digested":
        approve_candidate(stack, name)

    polls, deadline = 0, time.monotonic() + ROLLOUT_SECONDS
    while candidate_state(stack, name) not in END_STATES and time.monotonic() < deadline:
        wait_until(lambda: False, POLL_SECONDS)
        polls += 1

        current = candidate_state(stack, name)
        if current == "dataset":
            press_button(stack, name, "rollout_review")
            wait_until(lambda: bool(stack.sandbox.actor("ada").views()), 1.0)
            accept_rows(stack)
            press_button(stack, name, "rollout_accept")
        elif current in ("shadow", "canary"):
            if polls % ASK_EVERY_POLLS == 0:
                ask_route(stack, name, polls // ASK_EVERY_POLLS)
            if current == "shadow":
                press_button(stack, name, "rollout_canary")

    if polls:
        print_line(
            f"{name}: {candidate_state(stack, name)} after {polls} polls",
            file=sys.stderr,
            flush=True,
        )

    return state_path(stack.store.candidates.history(candidate_id(name)))


def _totals(
    stack: LocalStack, rolled_out: list[str], reference: list[str], killer: Killer
) -> dict[str, Any]:
    histories = {name: stack.store.candidates.history(candidate_id(name)) for name in rolled_out}
    answers = [wrong_answers(stack.store, name, history) for name, history in histories.items()]
    ends = Counter(candidate_state(stack, name) for name in rolled_out)

    return {
        "kills": killer.killed.total(),
        "killed": dict(sorted(killer.killed.items())),
        "walks": len(rolled_out),
        "ended": dict(ends),
        "same_path": sum(state_path(history) == reference for history in histories.values()),
        "said_why": [why for name in rolled_out if (why := _reason_not_live(stack, name))],
        "answers": sum(count for count, _ in answers),
        "wrong_version": sum(wrong for _, wrong in answers),
        "broken_audit": sum(len(broken_audit(history)) for history in histories.values()),
        "trained": dict(_training_counts(histories.values())),
    }


def _training_counts(histories: Iterable[Sequence[CandidateTransition]]) -> Counter[str]:
    """Counts trained versions by kind: a head takes seconds, an adapter minutes."""
    trained = (
        edge.evidence.versions
        for history in histories
        for edge in history
        if isinstance(edge.evidence, TunedEvidence)
    )
    return Counter(kind for versions in trained for kind in versions)


def _reason_not_live(stack: LocalStack, name: str) -> str:
    """Returns the recorded reason why a candidate is not live; empty if it is live."""
    edge = stack.store.candidates.history(candidate_id(name))[-1]
    reasons: tuple[str, ...] = getattr(edge.evidence, "reasons", ())
    reason = edge.evidence.explanation or "; ".join(reasons) or "nothing"
    return "" if edge.after == "live" else f"{name} {edge.after}: {reason}"


def _trainers(stack: LocalStack) -> list[int]:
    """Returns the process ids of the stack's running trainers."""
    data_folder = f"BEAGLE_DATA={stack.folder}".encode()
    pids = []

    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if TRAINER in (process / "cmdline").read_bytes() and data_folder in (
                process / "environ"
            ).read_bytes().split(b"\0"):
                pids.append(int(process.name))

    return pids


def _orphans(stack: LocalStack) -> int:
    """Counts trainers whose worker is gone, after giving them time to notice."""
    workers = {child.pid for child in stack.children.values()}

    def orphans() -> list[int]:
        return [pid for pid in _trainers(stack) if _parent(pid) not in workers]

    wait_until(lambda: not orphans(), ORPHAN_SECONDS)
    return len(orphans())


def _parent(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[1])

    return os.getpid()


def _is_clean(totals: dict[str, Any]) -> bool:
    wrong = ("half_promoted", "wrong_version", "broken_audit", "orphans")
    return not any(totals[name] for name in wrong) and totals["ended"] == {"live": totals["walks"]}
