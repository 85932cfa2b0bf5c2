"""Learns in the background: soon after a correction, and when labels changed in another process."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from router.log import get_log

LOOK_SECONDS = 5.0


class Learning:
    """One thread that runs `learn` when it is asked to or `state` has changed; many wishes at once are one run."""

    def __init__(
        self,
        learn: Callable[[], object],
        state: Callable[[], object],
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self._learn, self._state, self._seconds = learn, state, seconds
        self._wanted = threading.Condition()
        self._asked = self._done = 0
        self._stopped = False
        self._known = state()
        self._log = get_log(part="learning")
        self._thread = threading.Thread(target=self._loop, name="learning", daemon=True)

    def start(self) -> None:
        """Labels count from now on."""
        self._thread.start()

    def stop(self) -> None:
        """A run that has begun is finished, none begins."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()

        if self._thread.is_alive():
            self._thread.join()

    def soon(self, wait: float = 0.0) -> bool:
        """The labels so far will be learned; True when that was done within `wait` seconds."""
        with self._wanted:
            self._asked += 1
            mine = self._asked
            self._wanted.notify_all()

            return self._wanted.wait_for(lambda: self._done >= mine, wait)

    def _loop(self) -> None:
        while True:
            with self._wanted:
                self._wanted.wait_for(
                    lambda: self._stopped or self._asked > self._done, self._seconds
                )
                if self._stopped:
                    return

                asked = self._asked

            try:
                state = self._state()
                if asked > self._done or state != self._known:
                    self._learn()
                    self._known = state
            except SQLAlchemyError as error:
                self._log.warning("not_learned", error=type(error).__name__)

            with self._wanted:
                self._done = asked
                self._wanted.notify_all()
