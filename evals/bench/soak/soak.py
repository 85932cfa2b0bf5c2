"""A long run of the whole product: what grows, what is lost, and what a request costs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.sandbox.delivery.event_limit import EVENTS_PER_HOUR
from evals.bench.soak.people import SentMessage, SoakPeople
from evals.bench.soak.process_usage import UsageLog
from evals.bench.soak.schedule import Schedule
from evals.bench.soak.stack import SoakStack, soak_stack
from evals.figures import print_figures
from router.log import set_up_logs
from router.store.usage.latency import quantile
from workers.runtime.processes import wait_until

WARM_MESSAGES = 24
"""Two rounds over all routes, so that nothing that is loaded once counts as growth."""
LEAST_STEPS = 60
"""People do so much beside their messages, however slow the machine is and short the run."""
SAMPLES = 300
MIN_SAMPLE_SECONDS = 0.5
CORE = ("bot", "worker-answer", "broker")
"""The processes that every request passes; the database is in the first two."""


def main(
    minutes: Annotated[float, typer.Option(help="For how long.")] = 15.0,
    rate: Annotated[float, typer.Option(help="Messages a second.")] = 3.0,
    words_per_second: Annotated[float, typer.Option(help="How fast the model writes.")] = 100.0,
    wait: Annotated[
        float, typer.Option(help="Seconds without an answer after which the rest is given up.")
    ] = 120.0,
    seed: Annotated[int, typer.Option(help="Chooses what people do.")] = 0,
    events_per_hour: Annotated[
        int, typer.Option(help="Events that Slack delivers; it drops the rest.")
    ] = EVENTS_PER_HOUR,
    keep: Annotated[str, typer.Option(help="A folder that the logs are copied into.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure what grows in a long run over every route, button and command.

    Documents are read again, digests are made, the router is trained from corrections and Slack's
    connection breaks meanwhile. Exits with 1 where a message got no answer or two.
    """
    set_up_logs("auto", "error")
    options = SoakOptions(minutes, rate, words_per_second, wait, seed, events_per_hour)
    figures = measure(options, Path(keep) if keep else None)

    print_figures(figures, as_json=as_json, width=20)
    raise typer.Exit(0 if figures["unanswered"] == figures["doubled"] == 0 else 1)


@dataclass(frozen=True, slots=True)
class SoakOptions:
    """How long messages are posted, how many a second, and how fast the model writes.

    The run gives up `wait_seconds` after the last answer. `seed` chooses what people do. Slack
    delivers `events_per_hour` of the workspace.
    """

    minutes: float
    rate: float
    words_per_second: float = 100.0
    wait_seconds: float = 120.0
    seed: int = 0
    events_per_hour: int = EVENTS_PER_HOUR


def measure(options: SoakOptions, logs: Path | None = None) -> dict[str, Any]:
    """Runs a soak and returns its figures; the processes' logs are copied to `logs`."""
    with soak_stack(options.words_per_second) as stack:
        stack.limit_events(options.events_per_hour)
        people = SoakPeople(stack.slack, options.seed)
        soak = _Soak(stack, people, options.minutes * 60, options.rate)
        soak.run(options.wait_seconds)
        if logs is not None:
            stack.copy_logs(logs)

        return soak.figures()


class _Soak:
    """One run: three threads that post, click and sample."""

    def __init__(self, stack: SoakStack, people: SoakPeople, seconds: float, rate: float) -> None:
        self._stack = stack
        self._people = people
        self._seconds = seconds
        self._rate = rate
        self._usage = UsageLog()
        self._sent: list[SentMessage] = []
        self._disk_before: dict[str, int] = {}
        self._all_posted = threading.Event()

    def run(self, wait_seconds: float) -> None:
        """Warms up, runs, and waits until everything is answered."""
        warm = [self._people.ask() for _ in range(WARM_MESSAGES)]
        self._wait_for(warm, wait_seconds)
        self._disk_before = self._stack.disk_bytes()
        self._usage.sample(self._stack.pids())

        threads = [
            threading.Thread(target=self._post, name="poster", daemon=True),
            threading.Thread(target=self._act, name="clicker", daemon=True),
        ]
        for thread in threads:
            thread.start()

        every = max(MIN_SAMPLE_SECONDS, self._seconds / SAMPLES)
        for thread in threads:
            while thread.is_alive():
                thread.join(every)
                self._usage.sample(self._stack.pids())

        self._wait_for(self._sent, wait_seconds)
        self._usage.sample(self._stack.pids())

    def figures(self) -> dict[str, Any]:
        """Returns the counts, times and sizes of the run."""
        counts = self._stack.answers(self._sent)
        own = [seconds for seconds in counts.own_seconds if seconds is not None]
        sent = len(self._sent)
        processes = self._usage.figures()
        core_cpu = sum(processes[name]["cpu_seconds"] for name in CORE)
        disk = self._stack.disk_bytes()
        growth = {name: size - self._disk_before[name] for name, size in disk.items()}

        return {
            "minutes": round(self._seconds / 60, 2),
            "rate": self._rate,
            "sent": sent,
            "answered": sent - counts.unanswered,
            "unanswered": counts.unanswered,
            "doubled": counts.doubled,
            "events_dropped_by_slack": self._stack.dropped_events(),
            "own_p50_ms": round(quantile(own, 0.5) * 1000, 1),
            "own_p95_ms": round(quantile(own, 0.95) * 1000, 1),
            "cpu_ms_per_request": round(core_cpu / sent * 1000, 1),
            "all_cpu_ms_per_request": round(self._usage.cpu_seconds() / sent * 1000, 1),
            "growth": round(self._usage.growth(), 4),
            "processes": processes,
            "disk_bytes_per_request": {name: round(size / sent) for name, size in growth.items()},
            "buttons": len(self._people.pressed),
            "presses": self._people.pressed.total(),
            "presses_too_late": dict(self._people.failed),
            "log_errors": self._stack.log_errors(),
        }

    def _wait_for(self, messages: list[SentMessage], stalled_seconds: float) -> None:
        """Waits until each message is answered, or none was for `stalled_seconds`."""
        unanswered = len(messages) + 1
        while unanswered:
            before = unanswered

            def has_fewer(before: int = before) -> bool:
                return self._stack.answers(messages).unanswered < before

            if not wait_until(has_fewer, stalled_seconds):
                return

            unanswered = self._stack.answers(messages).unanswered

    def _post(self) -> None:
        start = time.monotonic()
        for number in range(round(self._seconds * self._rate)):
            self._pause(start + number / self._rate)
            self._sent.append(self._people.ask())

        self._all_posted.set()

    def _act(self) -> None:
        """Clicks as often as people ask, and does what is due."""
        start = time.monotonic()
        schedule = Schedule(self._stack, self._people, self._seconds)
        step = 0
        while step < LEAST_STEPS or not self._all_posted.is_set():
            self._pause(start + step / self._rate)
            self._people.act(step)
            schedule.run_due(time.monotonic() - start)
            step += 1

    def _pause(self, until: float) -> None:
        """Waits for that time; what is left when all is posted is done at once."""
        self._all_posted.wait(max(0.0, until - time.monotonic()))
