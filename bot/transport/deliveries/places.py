"""Bounds what this process has received from Slack and not finished.

Between Slack and a listener lie queues of libraries that have no bound: frames of the socket,
threads that store and acknowledge, threads that listen. Each entry in them belongs to a delivery
that was admitted here and keeps its place until its listener has ended, so together they hold no
more than there are places.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bot.payloads import EventBody
from bot.transport.events import receiving_team
from router.log import get_log

MAX_BYTES = 16_000_000
"""Bytes of all deliveries together, as Slack sent them; an event usually has some 2,000."""
CLICK_PLACES = 100
"""Places for clicks and commands beyond the bound: Slack repeats none, and a person waits."""
LAST_ATTEMPT = 3
"""The number of Slack's last repetition of an event (https://docs.slack.dev/apis/events-api)."""
MAX_REPEATS = 8
"""Repetitions that are remembered of a delivery that waits; Slack sends three."""


class Admission(Enum):
    """What becomes of a delivery.

    `TAKEN`: it has a place. `WAITING`: an earlier one of the same event has, and is not yet
    acknowledged. `KNOWN`: an earlier one is acknowledged, and its listener has not ended. `FULL`:
    there is no room.
    """

    TAKEN = "taken"
    WAITING = "waiting"
    KNOWN = "known"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivery before it is admitted.

    `body` is an event's payload, None for a click or a command. `size` is the length of what Slack
    sent, and `attempt` counts its repetitions from 0.
    """

    body: EventBody | None
    size: int
    attempt: int = 0

    def message(self) -> tuple[str, str, str] | None:
        """Returns workspace, channel and ts of the message that an event is about, if any."""
        event = self.body.get("event") if self.body else None
        if not self.body or not isinstance(event, dict) or not event.get("ts"):
            return None

        return _team(self.body), str(event.get("channel")), str(event["ts"])

    def key(self) -> str:
        """Returns what is the same for each repetition of an event; empty where there is none."""
        event_id = self.body.get("event_id") if self.body else None
        return f"{_team(self.body)}:{event_id}" if self.body and event_id else ""


@dataclass(slots=True, eq=False)
class Delivery:
    """A delivery that has a place, until each of its `holders` has released it.

    `repeats` are the marks of the repetitions that came before the acknowledgement.
    """

    key: str
    size: int
    is_event: bool
    message: tuple[str, str, str] | None
    holders: int = 1
    is_acknowledged: bool = False
    repeats: list[str] = field(default_factory=list)


class Deliveries:
    """The places of one process. Safe for many threads.

    `on_full` is called with each event that finds none, on the thread that received it, so it must
    return at once. `counts` are the deliveries so far: `taken`, `repeated`, `refused`, and of those
    `lost`, which Slack does not send again.
    """

    def __init__(
        self,
        max_count: int,
        max_bytes: int = MAX_BYTES,
        on_full: Callable[[Incoming], None] = lambda _: None,
    ) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self.on_full = on_full
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._by_key: dict[str, Delivery] = {}
        self._count = 0
        self._bytes = 0
        self._refused_since = 0
        self._local = threading.local()
        self._log = get_log(part="deliveries")

    @property
    def count(self) -> int:
        """How many have a place now."""
        return self._count

    @property
    def current(self) -> Delivery | None:
        """The delivery that this thread works on."""
        found: Delivery | None = getattr(self._local, "delivery", None)
        return found

    def admit(self, incoming: Incoming, mark: str = "") -> tuple[Admission, Delivery | None]:
        """Gives the delivery a place if there is room, and no earlier one of its event has one.

        A repetition of one that waits leaves its `mark` there, with which it is acknowledged later.
        """
        key, message = incoming.key(), incoming.message()
        with self._lock:
            earlier = self._by_key.get(key)
            if earlier is not None:
                self.counts["repeated"] += 1
                if earlier.is_acknowledged:
                    return Admission.KNOWN, earlier
                if mark and len(earlier.repeats) < MAX_REPEATS:
                    earlier.repeats.append(mark)

                return Admission.WAITING, earlier

            if self._has_room(incoming):
                delivery = Delivery(key, incoming.size, incoming.body is not None, message)
                self._take(delivery)
                return Admission.TAKEN, delivery

            self._refuse(incoming)

        if incoming.body is not None:
            self.on_full(incoming)

        return Admission.FULL, None

    @contextmanager
    def work_on(self, delivery: Delivery) -> Iterator[None]:
        """Makes the delivery this thread's `current` one, and releases it at the end."""
        self._local.delivery = delivery
        try:
            yield
        finally:
            self._local.delivery = None
            self.release(delivery)

    def hold(self, delivery: Delivery) -> None:
        """Keeps the place until one more `release`."""
        with self._lock:
            delivery.holders += 1

    def release(self, delivery: Delivery) -> None:
        """Frees the place, once every holder has released it."""
        with self._lock:
            delivery.holders -= 1
            if delivery.holders:
                return

            self._forget(delivery)
            self._count -= 1
            self._bytes -= delivery.size
            if self._refused_since and self._count <= self.max_count // 2:
                self._log.info("deliveries_taken_again", refused=self._refused_since)
                self._refused_since = 0

    def acknowledge(self, delivery: Delivery) -> list[str]:
        """Notes that Slack has its acknowledgement; returns the marks of the repetitions."""
        with self._lock:
            delivery.is_acknowledged = True
            marks, delivery.repeats = delivery.repeats, []
            return marks

    def next_repeat(self, delivery: Delivery) -> str | None:
        """Returns the mark of the newest repetition of a delivery that failed, to try it by that.

        None where none has come: the next one is then a delivery of its own.
        """
        with self._lock:
            if not delivery.repeats:
                self._forget(delivery)
                return None

            newest = delivery.repeats[-1]
            delivery.repeats.clear()
            return newest

    def holds_message(self, team: str, channel: str, ts: str) -> bool:
        """Returns whether any event of this message has a place: a mention comes as two."""
        with self._lock:
            held = self._by_key.values()
            return any(delivery.message == (team, channel, ts) for delivery in held)

    def _has_room(self, incoming: Incoming) -> bool:
        allowed = self.max_count if incoming.body is not None else self.max_count + CLICK_PLACES
        return self._count < allowed and self._bytes + incoming.size <= self.max_bytes

    def _take(self, delivery: Delivery) -> None:
        self.counts["taken"] += 1
        self._count += 1
        self._bytes += delivery.size
        if delivery.key:
            self._by_key[delivery.key] = delivery

    def _refuse(self, incoming: Incoming) -> None:
        self.counts["refused"] += 1
        if incoming.body is None or incoming.attempt >= LAST_ATTEMPT:
            self.counts["lost"] += 1
        if not self._refused_since:
            self._log.warning("deliveries_full", waiting=self._count, bytes=self._bytes)

        self._refused_since += 1

    def _forget(self, delivery: Delivery) -> None:
        if self._by_key.get(delivery.key) is delivery:
            del self._by_key[delivery.key]


def read_attempt(value: Any) -> int:
    """Returns the number of a repetition as Slack states it; 0 where it states none."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _team(body: EventBody) -> str:
    """Returns the workspace of an event; empty where the payload has another form than Slack's."""
    try:
        return receiving_team(body)
    except (AttributeError, KeyError, TypeError):
        return ""
