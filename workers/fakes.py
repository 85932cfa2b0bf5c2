"""Stand-ins in memory for the queue, for Slack and for what Slack knows: for tests, benches and reading along."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence

from router.errors import PathError, QueueError
from router.types import Decision, Outcome, Request
from workers.ports import Place, SharedFile, Step


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
            raise QueueError(
                f"waking step {step!r}: unknown; known: {', '.join(sorted(self._places))}"
            )

        self.jobs.append((step, key))

    def depth(self) -> Mapping[str, int]:
        """As the port says."""
        self._up()
        counted = Counter(self._places[step] for step, _ in self.jobs)
        return {place: counted[place] for place in set(self._places.values())}

    def compact(self) -> None:
        """As the port says: it has no files."""
        self._up()

    def _up(self) -> None:
        if self.down:
            raise QueueError("reaching the queue: it was told to be down")


class MemoryReplies:
    """The `Replies` port without Slack: `answers` holds what is visible, `posts` counts new messages."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Decision, Outcome]] = {}
        self.streamed: dict[str, str] = {}
        self.steps: dict[str, list[Step]] = {}
        self.posts: Counter[str] = Counter()
        self.failures: deque[Exception] = deque()
        self._lock = threading.Lock()

    def working(self, request: Request, decision: Decision) -> None:
        """As the port says: nothing to see here."""

    def stream(self, request: Request, decision: Decision, text: str) -> None:
        """As the port says."""
        with self._lock:
            self.streamed[request.id] = self.streamed.get(request.id, "") + text

    def step(self, request: Request, decision: Decision, step: Step) -> None:
        """As the port says."""
        with self._lock:
            self.steps.setdefault(request.id, []).append(step)

    def deliver(self, request: Request, decision: Decision, outcome: Outcome) -> None:
        """As the port says; raises what waits in `failures` first."""
        with self._lock:
            if self.failures:
                raise self.failures.popleft()

            self.posts[request.id] += request.id not in self.answers
            self.answers[request.id] = (decision, outcome)


class MemoryDirectory:
    """The `Directory` port without Slack: a workspace whose people are full members unless they are in `guests_here`.

    A channel that nobody described is private and empty. `asked` has every question.
    """

    def __init__(self) -> None:
        self.guests_here: set[str] = set()
        self.unknown: set[str] = set()
        self.places: dict[str, Place] = {}
        self.inside: dict[str, list[str]] = {}
        self.files: dict[str, SharedFile] = {}
        self.asked: list[str] = []
        self.down = False

    def guests(self, team: str, users: Sequence[str]) -> Mapping[str, bool]:
        """As the port says."""
        self._up("guests")
        return {user: user in self.guests_here for user in users if user not in self.unknown}

    def place(self, team: str, channel: str) -> Place:
        """As the port says."""
        self._up(f"place {channel}")
        return self.places.get(channel) or Place(
            channel, channel.lower(), public=False, shared=False
        )

    def members(self, team: str, channel: str) -> Sequence[str]:
        """As the port says."""
        self._up(f"members {channel}")
        return self.inside.get(channel, [])

    def file(self, team: str, file: str, largest: int) -> SharedFile:
        """As the port says."""
        self._up(f"file {file}")

        found = self.files.get(file)
        if found is None or len(found.data) > largest:
            raise PathError(
                f"asking for file {file!r}: there is none of at most {largest} bytes", retry=False
            )

        return found

    def _up(self, what: str) -> None:
        self.asked.append(what)
        if self.down:
            raise PathError("asking Slack: it was told to be down", retry=True)
