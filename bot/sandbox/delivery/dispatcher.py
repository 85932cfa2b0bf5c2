"""Brings events and interactions to the bot: Slack's attempts and pauses, and the faults that strike on the way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.sandbox.clock import Clock, pause
from bot.sandbox.faults.faults import Fault, Faults

Json = dict[str, Any]
Kind = Literal["events_api", "interactive", "slash_commands"]

RETRY_SECONDS = (0.0, 60.0, 300.0)
"""Slack sends an event again at once, after a minute, and after five more."""
ACK_SECONDS = 3.0
REORDER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from the bot. `reason` says in Slack's word why it is not `ok`."""

    ok: bool
    body: Any = None
    reason: str = ""
    no_retry: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing on its way. `attempt` counts from 0; `reason` is why the last attempt failed."""

    kind: Kind
    payload: Json
    attempt: int = 0
    reason: str = ""


class Transport(Protocol):
    """Brings one parcel to the bot, once."""

    async def send(self, parcel: Parcel) -> Answer:
        """The bot's answer, or why there is none, at the latest after `ACK_SECONDS`."""
        ...


class Delivery:
    """Whatever should reach the bot passes here. `told` hears of each attempt: name, event id, attempt, outcome.

    `counts` has the attempts begun, by name, and `retries` and `given_up`; `ended` is the number of
    those that ended.
    """

    def __init__(
        self, clock: Clock, faults: Faults, retries: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self.transport: Transport | None = None
        self.retries = retries
        self.counts: Counter[str] = Counter()
        self.ended = 0
        self.told: Callable[[str, str, int, str], None] = lambda *_: None
        self._clock, self._faults = clock, faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[asyncio.Event] = []

    def event(self, payload: Json) -> None:
        """The event is on its way; whether and when it arrives is for the bot and the faults to decide."""
        fault = self._faults.on_delivery(payload["event"]["type"])
        held, self._held = self._held, []
        self._start(self._deliver(payload, fault))

        if fault is not None and fault.kind == "duplicate":
            self._start(self._deliver(payload, None))

        for later in held:
            later.set()

    async def ask(self, kind: Kind, payload: Json) -> Answer:
        """The bot's answer to something a person did. Slack never sends these again."""
        return await self._send(
            Parcel(kind, payload), payload.get("command") or payload.get("type", kind)
        )

    async def stop(self) -> None:
        """Nothing is on its way any more."""
        for task in self._tasks:
            task.cancel()

        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, payload: Json, fault: Fault | None) -> None:
        name = payload["event"]["type"]
        if fault is not None:
            await self._hold(fault)

        reason = ""
        for attempt, seconds in enumerate((0.0, *self.retries)):
            if attempt and seconds:
                await pause(self._clock, seconds)

            lost = attempt == 0 and fault is not None and fault.kind == "drop"
            answer = Answer(False, reason="timeout")
            if not lost:
                answer = await self._send(Parcel("events_api", payload, attempt, reason), name)
            if attempt == 0 and fault is not None and fault.kind == "unacked":
                answer = Answer(False, reason="timeout")
            if answer.ok or answer.no_retry:
                return

            reason = answer.reason

        self.counts["given_up"] += 1

    async def _hold(self, fault: Fault) -> None:
        """Wait as the fault wants: a while, or until another event has gone ahead."""
        if fault.kind == "delay":
            await pause(self._clock, fault.seconds)
        elif fault.kind == "reorder":
            overtaken = asyncio.Event()
            self._held.append(overtaken)
            timer = self._clock.call_later(REORDER_SECONDS, overtaken.set)
            await overtaken.wait()
            timer.cancel()

    async def _send(self, parcel: Parcel, name: str) -> Answer:
        self.counts[name] += 1
        if parcel.attempt:
            self.counts["retries"] += 1

        transport = self.transport
        answer = (
            Answer(False, reason="connection_failed")
            if transport is None
            else await transport.send(parcel)
        )

        outcome = "acknowledged" if answer.ok else answer.reason
        self.ended += 1
        self.told(name, str(parcel.payload.get("event_id", "")), parcel.attempt, outcome)

        return answer
