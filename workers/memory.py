"""Stand-ins in memory for the queue and for Slack: for tests, benches and reading along."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping

from router.errors import QueueError
from router.types import Decision, Outcome, Request


class MemoryQueue:
    """The `Queue` port without a server: wake-ups wait in `jobs` until somebody takes them."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self.jobs: deque[tuple[str, str]] = deque()
        self.down = False

    def wake(self, step: str, key: str) -> None:
        """As the port says."""
        self._up()
        if step not in self._places:
            raise QueueError(f"waking step {step!r}: unknown; known: {', '.join(sorted(self._places))}")
        self.jobs.append((step, key))

    def depth(self) -> Mapping[str, int]:
        """As the port says."""
        self._up()
        counted = Counter(self._places[step] for step, _ in self.jobs)
        return {place: counted[place] for place in set(self._places.values())}

    def _up(self) -> None:
        if self.down:
            raise QueueError("reaching the queue: it was told to be down")


class MemoryReplies:
    """The `Replies` port without Slack: `answers` holds what is visible, `posts` counts new messages."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Decision, Outcome]] = {}
        self.streamed: dict[str, str] = {}
        self.posts: Counter[str] = Counter()
        self.failures: deque[Exception] = deque()
        self._lock = threading.Lock()

    def working(self, request: Request, decision: Decision) -> None:
        """As the port says: nothing to see here."""

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """As the port says."""
        with self._lock:
            self.streamed[request.id] = self.streamed.get(request.id, "") + text

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """As the port says; raises what waits in `failures` first."""
        with self._lock:
            if self.failures:
                raise self.failures.popleft()
            self.posts[request.id] += request.id not in self.answers
            self.answers[request.id] = (decision, outcome)
