"""Delivers events and interactions to the bot, with Slack's retries and the injected faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.sandbox.clock import Clock, pause
from bot.sandbox.delivery.event_limit import EventLimit
from bot.sandbox.faults.faults import FaultInjector, InjectedFault
from bot.sandbox.json_types import Json

EnvelopeKind = Literal["events_api", "interactive", "slash_commands"]

RETRY_SECONDS = (0.0, 60.0, 300.0)
"""Slack retries an event at once, after a minute, and after another five minutes."""
ACK_SECONDS = 3.0
REORDER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """The outcome of one attempt. `reason` is Slack's code for why it is not `ok`."""

    ok: bool
    body: Any = None
    reason: str = ""
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """One delivery attempt. `attempt` counts from 0; `reason` is why the last one failed."""

    kind: EnvelopeKind
    payload: Json
    attempt: int = 0
    reason: str = ""


class Transport(Protocol):
    """Sends envelopes to the bot."""

    async def send(self, envelope: Envelope) -> DeliveryResult:
        """Sends once, without retries. Returns the outcome within `ACK_SECONDS`."""
        ...


class Dispatcher:
    """Sends everything that is meant for the bot.

    `on_attempt` is called after each attempt with name, event id, attempt and outcome. `counts`
    holds the attempts by name, plus `retries`, `given_up` and `rate_limited`; `finished` is how
    many have ended. An event is on its way for `delay` real seconds, which lets none overtake
    another: that is the fault `reorder`.
    """

    def __init__(
        self,
        clock: Clock,
        faults: FaultInjector,
        retries: Sequence[float] = RETRY_SECONDS,
        delay: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.transport: Transport | None = None
        self.retries = retries
        self.limit = EventLimit()
        self.counts: Counter[str] = Counter()
        self._acknowledged: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self.finished = 0
        self.on_attempt: Callable[[str, str, int, str], None] = lambda *_: None
        self._clock = clock
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._held_back: list[asyncio.Event] = []
        self._delay = delay
        self._arrival_order = asyncio.Lock()

    @property
    def never_acknowledged(self) -> set[str]:
        """The kinds of event, with their subtypes, that were sent and acknowledged not once.

        A slow bot acknowledges a repetition; what it does not know, it never does. Attempts that a
        fault spoils, or that reach no bot, do not count.
        """
        return set(self._refused) - set(self._acknowledged)

    @property
    def under_way(self) -> int:
        """The deliveries that have not ended, those that wait for a retry among them."""
        return len(self._tasks)

    def dispatch_event(self, payload: Json) -> None:
        """Delivers an event in the background, with retries."""
        fault = self._faults.match_delivery(payload["event"]["type"])
        if fault is not None and fault.kind == "lose":
            self.counts["given_up"] += 1
            return

        is_admitted, notice = self.limit.admit(payload, self._clock.now())
        if notice is not None:
            self._start(self._notify(notice))
        if not is_admitted:
            self.counts["rate_limited"] += 1
            return

        overtaken = self._held_back
        self._held_back = []

        self._start(self._deliver(payload, fault))
        if fault is not None and fault.kind == "duplicate":
            self._start(self._deliver(payload, None))

        # Events held back by `reorder` follow the one that has just started.
        for event in overtaken:
            event.set()

    async def dispatch_interaction(self, kind: EnvelopeKind, payload: Json) -> DeliveryResult:
        """Delivers an interaction or a command and waits. Slack never retries these."""
        name = payload.get("command") or payload.get("type", kind)
        return await self._send(Envelope(kind, payload), name)

    async def settle(self) -> None:
        """Returns once the bot has acknowledged, or Slack given up, all that has happened."""
        while self._tasks:
            await asyncio.wait(self._tasks)
            # What is done leaves the set in the loop's next round.
            await asyncio.sleep(0)

    async def stop(self) -> None:
        """Cancels all deliveries."""
        for task in self._tasks:
            task.cancel()

        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        # The event loop holds only weak references to tasks.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json, fault: InjectedFault | None) -> None:
        name = payload["event"]["type"]
        await self._travel()
        if fault is not None:
            await self._hold_back(fault)

        reason = ""
        for attempt, seconds in enumerate((0.0, *self.retries)):
            if attempt and seconds:
                await pause(self._clock, seconds)

            # Both faults look like a timeout to Slack; only with `unacked` the bot has the event.
            fault_kind = fault.kind if fault is not None and attempt == 0 else ""
            result = DeliveryResult(False, reason="timeout")
            if fault_kind != "drop":
                sent = await self._send(Envelope("events_api", payload, attempt, reason), name)
                if fault_kind != "unacked":
                    result = sent

            if not fault_kind and result.reason != "connection_failed":
                outcomes = self._acknowledged if result.ok else self._refused
                outcomes[_kind_of(payload["event"])] += 1
            if result.ok or result.no_retry:
                return

            reason = result.reason

        self.counts["given_up"] += 1

    async def _travel(self) -> None:
        seconds = self._delay()
        if seconds > 0:
            loop = asyncio.get_running_loop()
            arrival = loop.time() + seconds
            # Those who wait for a lock get it in their order; timers for one moment end in any.
            async with self._arrival_order:
                await asyncio.sleep(max(0.0, arrival - loop.time()))

    async def _notify(self, notice: Json) -> None:
        """Sends a notice about the deliveries themselves, once."""
        await self._send(Envelope("events_api", notice), str(notice["type"]))

    async def _hold_back(self, fault: InjectedFault) -> None:
        """Waits for the fault's delay, or until another event has overtaken this one."""
        if fault.kind == "delay":
            await pause(self._clock, fault.seconds)
        elif fault.kind == "reorder":
            overtaken = asyncio.Event()
            self._held_back.append(overtaken)

            # Without a later event this one would never be delivered.
            timer = self._clock.call_later(REORDER_SECONDS, overtaken.set)
            await overtaken.wait()
            timer.cancel()

    async def _send(self, envelope: Envelope, name: str) -> DeliveryResult:
        self.counts[name] += 1
        if envelope.attempt:
            self.counts["retries"] += 1

        if self.transport is None:
            result = DeliveryResult(False, reason="connection_failed")
        else:
            result = await self.transport.send(envelope)

        self.finished += 1
        outcome = "acknowledged" if result.ok else result.reason
        self.on_attempt(name, str(envelope.payload.get("event_id", "")), envelope.attempt, outcome)

        return result


def _kind_of(event: Json) -> str:
    subtype = event.get("subtype")
    return f"{event['type']}/{subtype}" if subtype else str(event["type"])
