"""Trains the router in the background when people have labelled something, in any process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from router.log import get_log

POLL_SECONDS = 5.0
"""How often `state` is compared while nobody requests a run."""


class BackgroundTrainer:
    """One thread that calls `train` on request, or when `state` has changed.

    Requests that arrive while a run is in progress share the next run.
    """

    def __init__(
        self,
        train: Callable[[], object],
        state: Callable[[], object],
        seconds: float = POLL_SECONDS,
    ) -> None:
        self._train = train
        self._state = state
        self._seconds = seconds
        # Guards the counters and `_stopped`. Requests are numbered: one is served as soon as
        # `_completed` has reached its number.
        self._condition = threading.Condition()
        self._requested = 0
        self._completed = 0
        self._stopped = False
        self._trained_state = state()
        self._log = get_log(part="learning")
        self._thread = threading.Thread(target=self._loop, name="learning", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Waits for a run in progress and ends the thread."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

        if self._thread.is_alive():
            self._thread.join()

    def request(self, wait: float = 0.0) -> bool:
        """Requests a run over the labels so far; returns whether it ended within `wait` seconds."""
        with self._condition:
            self._requested += 1
            number = self._requested
            self._condition.notify_all()

            return self._condition.wait_for(lambda: self._completed >= number, wait)

    def _loop(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopped or self._requested > self._completed, self._seconds
                )
                if self._stopped:
                    return

                # A request that comes after this line may have missed this run's labels, so it
                # waits for the next run.
                requested = self._requested

            try:
                state = self._state()
                if requested > self._completed or state != self._trained_state:
                    self._train()
                    self._trained_state = state
            except SQLAlchemyError as error:
                self._log.warning("router_training_failed", error=type(error).__name__)

            with self._condition:
                self._completed = requested
                self._condition.notify_all()
