"""The threads of Bolt's listeners, each of which works for a delivery that has a place."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from bot.transport.deliveries.places import Deliveries

P = ParamSpec("P")
T = TypeVar("T")

LISTENER_THREADS = 5
"""Threads for events, and as many for clicks; Bolt's own number."""


class ListenerThreads(Executor):
    """Runs Bolt's listeners. A delivery keeps its place until its listener has ended.

    Clicks and commands have threads of their own, so that they wait behind no events.
    """

    def __init__(self, deliveries: Deliveries, threads: int = LISTENER_THREADS) -> None:
        self._deliveries = deliveries
        self._for_events = ThreadPoolExecutor(threads, "listener")
        self._for_clicks = ThreadPoolExecutor(threads, "click")

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Runs `fn` for this thread's delivery. Raises RuntimeError after `shutdown`."""
        delivery = self._deliveries.current
        if delivery is None:
            return self._for_events.submit(fn, *args, **kwargs)

        def run() -> T:
            try:
                return fn(*args, **kwargs)
            finally:
                self._deliveries.release(delivery)

        threads = self._for_events if delivery.is_event else self._for_clicks
        self._deliveries.hold(delivery)
        try:
            return threads.submit(run)
        except RuntimeError:
            self._deliveries.release(delivery)
            raise

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes nothing more; with `wait` returns once what was taken has ended."""
        self._for_clicks.shutdown(wait, cancel_futures=cancel_futures)
        self._for_events.shutdown(wait, cancel_futures=cancel_futures)
