"""The sandbox's clock: real time, or a clock that a test advances by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    """A scheduled call."""

    def cancel(self) -> None:
        """Prevents the call. Has no effect after it has run."""
        ...


class Clock(Protocol):
    """Returns the time and schedules calls on the event loop."""

    def now(self) -> float:
        """Returns unix seconds."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Runs `callback` on the event loop after `seconds`."""
        ...


class LoopClock:
    """A `Clock` on real time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Implements `Clock.call_later`."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class _ScheduledCall:
    """A `Timer` of a manual clock."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A `Clock` that stands still until `advance`.

    Use it on the sandbox's event loop only: `sandbox.call(lambda: clock.advance(5))`.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._sequence = itertools.count()
        self._scheduled: list[tuple[float, int, _ScheduledCall]] = []

    def now(self) -> float:
        """Implements `Clock.now`."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Implements `Clock.call_later`."""
        call = _ScheduledCall(callback)
        # The sequence number keeps calls for the same time in order; calls cannot be compared.
        heapq.heappush(self._scheduled, (self._now + seconds, next(self._sequence), call))
        return call

    def advance(self, seconds: float) -> None:
        """Moves time forward and runs the calls that become due, in order."""
        until = self._now + seconds
        while self._scheduled and self._scheduled[0][0] <= until:
            # Each call sees the time for which it was scheduled, and may schedule further calls.
            self._now, _, call = heapq.heappop(self._scheduled)
            if call.callback is not None:
                call.callback()

        self._now = until


async def pause(clock: Clock, seconds: float) -> None:
    """Returns after `seconds` on the clock."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    timer = clock.call_later(seconds, end)
    try:
        await over
    finally:
        timer.cancel()


async def wait_with_timeout(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """Returns the result of `work`. Cancels it and raises TimeoutError after `seconds`."""
    task = asyncio.ensure_future(work)
    timeout = asyncio.ensure_future(pause(clock, seconds))

    try:
        await asyncio.wait({task, timeout}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        timeout.cancel()
        task.cancel()
