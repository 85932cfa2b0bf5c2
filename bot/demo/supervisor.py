"""Starts the demo's processes again when one of them ends by itself, and says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Protocol

CHECK_SECONDS = 1.0
MAX_RESTARTS = 3
MIN_NOTICE_SECONDS = 20.0
WINDOW_SECONDS = 120.0
"""A process that ended more often in that time is left alone: something is wrong with it."""

RESTARTED = "{name} had ended and was started again; what waits for it is answered in a moment."
GIVEN_UP = "{name} keeps ending and is not started any more; its log says why: {log}"


class Processes(Protocol):
    """What is watched: processes by name."""

    def ended(self) -> Collection[str]:
        """Returns the names of those that ended by themselves."""
        ...

    def start_again(self, name: str) -> None:
        """Starts one of them as it was started first."""
        ...

    def ready(self) -> bool:
        """Returns whether all of them do their work."""
        ...

    def log_path(self, name: str) -> str:
        """Returns where its log is."""
        ...


class Supervisor:
    """`check` is called every CHECK_SECONDS. `tell` shows a line to whoever uses the demo.

    An empty line takes the last one away. `now` gives seconds that never go back.
    """

    def __init__(
        self, processes: Processes, tell: Callable[[str], object], now: Callable[[], float]
    ) -> None:
        self._processes = processes
        self._tell = tell
        self._now = now
        self._restarts: dict[str, list[float]] = defaultdict(list)
        self._given_up: set[str] = set()
        self._waits = False
        self._told_at = 0.0

    def check(self) -> None:
        """Starts what has ended; takes the notice away when everything works again."""
        for name in sorted(set(self._processes.ended()) - self._given_up):
            self._restart(name)

        # A process that died counts as ready for a while, and people need time to read.
        is_read = self._now() - self._told_at >= MIN_NOTICE_SECONDS
        if self._waits and is_read and self._processes.ready():
            self._waits = False
            self._tell("")

    def _restart(self, name: str) -> None:
        now = self._now()
        recent = [at for at in self._restarts[name] if now - at < WINDOW_SECONDS]
        if len(recent) >= MAX_RESTARTS:
            self._given_up.add(name)
            self._waits = False
            self._tell(GIVEN_UP.format(name=name, log=self._processes.log_path(name)))
            return

        self._restarts[name] = [*recent, now]
        self._told_at = now
        self._processes.start_again(name)
        self._waits = True
        self._tell(RESTARTED.format(name=name))
