"""What happens now and then during a soak, whatever its length."""

from __future__ import annotations

from collections.abc import Callable

from evals.bench.soak.people import SoakPeople
from evals.bench.soak.stack import SoakStack

INGESTS = 12
CORRECTIONS = 12
RECONNECTS = 10
DIGESTS = 3
BREAKS = ("disconnect", "fin", "rst", "close", "warning")
"""How Slack's connection ends: announced, closed, reset, by a frame; the last one only warns."""


class Schedule:
    """Spreads ingests, corrections, lost connections and digests evenly over the run."""

    def __init__(self, stack: SoakStack, people: SoakPeople, seconds: float) -> None:
        self._stack = stack
        self._breaks = 0
        tasks: list[tuple[Callable[[], None], int]] = [
            (stack.change_document, INGESTS),
            (people.correct, CORRECTIONS),
            (self._break_connection, RECONNECTS),
            (people.make_digest, DIGESTS),
        ]

        self._due: list[tuple[float, Callable[[], None]]] = []
        for task, times in tasks:
            for number in range(times):
                # Half a step in: neither at the start nor at the end, where nothing waits for it.
                self._due.append(((number + 0.5) * seconds / times, task))

        self._due.sort(key=lambda entry: entry[0])

    def run_due(self, elapsed: float) -> None:
        """Runs what was to happen by `elapsed` seconds after the start."""
        while self._due and self._due[0][0] <= elapsed:
            _, task = self._due.pop(0)
            task()

    def _break_connection(self) -> None:
        self._stack.slack.sandbox.inject_fault(BREAKS[self._breaks % len(BREAKS)])
        self._breaks += 1
