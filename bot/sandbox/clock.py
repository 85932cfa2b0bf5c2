"""The sandbox's time: the real one, or one that a test moves by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """The call does not happen."""
        ...


class Clock(Protocol):
    """Says what time it is, in unix seconds, and calls back later on the event loop."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """`callback` runs on the loop after `seconds`."""
        ...


class LoopClock:
    """Real time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """As the protocol says."""
        return asyncio.get_running_loop().call_later(seconds, callback)


class _Due:
    """One waiting call of a hand-moved clock."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """As the protocol says."""
        self.callback = None


class ManualClock:
    """Time that stands still until `advance`. Call it on the sandbox's loop (`Sandbox.advance` does)."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, _Due]] = []

    def now(self) -> float:
        """As the protocol says."""
        return self._now

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """As the protocol says."""
        due = _Due(callback)
        heapq.heappush(self._waiting, (self._now + seconds, next(self._order), due))
        return due

    def advance(self, seconds: float) -> None:
        """Time has moved on; what became due was called, in order."""
        until = self._now + seconds
        while self._waiting and self._waiting[0][0] <= until:
            self._now, _, due = heapq.heappop(self._waiting)
            if due.callback is not None:
                due.callback()

        self._now = until


async def pause(clock: Clock, seconds: float) -> None:
    """`seconds` have passed on the clock."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def end() -> None:
        if not over.done():
            over.set_result(None)

    timer = clock.call_later(seconds, end)
    try:
        await over
    finally:
        timer.cancel()


async def within(clock: Clock, seconds: float, work: Awaitable[T]) -> T:
    """What `work` gives. Raises TimeoutError, and cancels it, when it takes longer on the clock."""
    task = asyncio.ensure_future(work)
    over = asyncio.ensure_future(pause(clock, seconds))

    try:
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        over.cancel()
        task.cancel()
