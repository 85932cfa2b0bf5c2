"""Limits how many calls reach a small server at once; the others wait here instead of inside it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from router.errors import ModelError
from router.fairness import Contender, turn_order

_Waiter = tuple[str, str]
"""The workspace and the person for whom a call is made."""


class BusyError(ModelError):
    """There was no capacity for the call. The model did not fail, so no breaker counts it."""


class ConcurrencyLimiter:
    """A semaphore that serves people in turn, and whose waiters can be told to give up.

    A free slot goes round between workspaces, and between the people of each (`router.fairness`).
    """

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiters: list[_Waiter] = []
        self._busy: Counter[_Waiter] = Counter()
        self._served_at: dict[_Waiter, float] = {}
        self._turns = 0
        self._stalls = 0
        self._signs_of_life = 0
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many callers wait for a slot now."""
        with self._changed:
            return len(self._waiters)

    @contextmanager
    def acquire(
        self, timeout_seconds: float, team: str = "", user: str = ""
    ) -> Iterator[ModelSlot]:
        """Holds a slot for a person while the block runs.

        Raises BusyError when no slot gets free in time, or when a stall is reported meanwhile.
        """
        waiter = (team, user)
        with self._changed:
            waited = bool(self._waiters) or self._free <= 0
            self._wait_for_turn(waiter, timeout_seconds)
            self._begin(waiter)

        # Outside of the condition, or no second holder could enter.
        try:
            yield ModelSlot(self, waited)
        finally:
            with self._changed:
                self._free += 1
                self._busy[waiter] -= 1
                if not self._busy[waiter]:
                    del self._busy[waiter]

                self._forget_idle()
                self._changed.notify_all()

    @property
    def signs_of_life(self) -> int:
        """How often the server has sent something to any holder of a slot."""
        with self._changed:
            return self._signs_of_life

    def count_sign_of_life(self) -> int:
        """Counts that the server has just sent something; returns `signs_of_life`."""
        with self._changed:
            self._signs_of_life += 1
            return self._signs_of_life

    def report_silence(self, last_sign: int) -> None:
        """Makes every waiting caller raise BusyError now, unless the server sent something since.

        `last_sign` is `signs_of_life` when the reporting caller last heard of it. A server that
        sent something to somebody else meanwhile is slow, not silent: those who wait may still be
        served in time.
        """
        with self._changed:
            if self._signs_of_life == last_sign:
                self._stalls += 1
                self._changed.notify_all()

    def _wait_for_turn(self, waiter: _Waiter, timeout_seconds: float) -> None:
        # Only stalls that happen while we wait count: the server may have recovered since.
        stalls_before = self._stalls
        self._waiters.append(waiter)

        try:
            in_time = self._changed.wait_for(
                lambda: self._stalls > stalls_before or self._is_next(waiter), timeout_seconds
            )
        finally:
            self._waiters.remove(waiter)

        if self._stalls > stalls_before:
            raise BusyError(
                "waiting for the model: it stopped answering others; try again soon", retry=True
            )

        if not in_time:
            # The turn may have been ours in this moment; another waiter has to look again.
            self._changed.notify_all()
            raise BusyError(
                f"waiting for the model: no free slot within {timeout_seconds:.0f} s; "
                "try again when it is less busy",
                retry=True,
            )

    def _is_next(self, waiter: _Waiter) -> bool:
        if self._free <= 0:
            return False

        people = []
        for person, count in Counter(self._waiters).items():
            team, user = person
            served_at = self._served_at.get(person, 0.0)
            people.append(Contender(team, user, count, self._busy[person], served_at))

        # People who only hold slots count for their workspace.
        for person in self._busy.keys() - set(self._waiters):
            people.append(Contender(*person, 0, self._busy[person]))

        teams_served: dict[str, float] = {}
        for (team, _), number in self._served_at.items():
            teams_served[team] = max(number, teams_served.get(team, 0.0))

        first = turn_order(people, teams_served)[0]
        return (first.team, first.user) == waiter

    def _begin(self, waiter: _Waiter) -> None:
        self._free -= 1
        self._turns += 1
        self._busy[waiter] += 1
        self._served_at[waiter] = self._turns
        # Somebody else may be next for another free slot.
        self._changed.notify_all()

    def _forget_idle(self) -> None:
        """Forgets people who neither hold nor wait for a slot, once everything is idle."""
        if not self._waiters and not self._busy:
            self._served_at.clear()


class ModelSlot:
    """One of the limiter's slots, while it is held; used by its holder's thread alone."""

    def __init__(self, limiter: ConcurrencyLimiter, waited: bool) -> None:
        self.waited = waited
        """Whether it was not free at once."""
        self._limiter = limiter
        self._last_sign = limiter.signs_of_life

    def heard(self) -> None:
        """Tells that the server has just sent something."""
        self._last_sign = self._limiter.count_sign_of_life()

    def report_silence(self) -> None:
        """Tells that the server has sent this holder nothing for as long as one waits for it."""
        self._limiter.report_silence(self._last_sign)
