"""Trains workspaces' routers in the background when their labels have changed, in any process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from router.errors import StoreAwayError
from router.log import get_log

POLL_SECONDS = 5.0
"""How often `states` are compared while nobody requests a run."""
REST_FACTOR = 4.0
"""A run that nobody waits for begins this many times the last run's length after its end: many
clicks become one run, and people's messages have the processor to themselves in between."""


@dataclass(slots=True)
class RequestedTraining:
    """A requested run; all who request it before it begins share it.

    One is urgent when somebody waits for its end. `callbacks` are called after it.
    """

    is_urgent: bool = False
    is_done: bool = False
    callbacks: list[Callable[[], object]] = field(default_factory=list)


class BackgroundTrainer:
    """One thread that calls `train` for a workspace on request, or when its state has changed.

    `states` returns the state of each workspace that has one; `train` is also called for a
    workspace that has none any more. `trained` are the states that need no run. Requests come
    before changes, and one that somebody waits for is served at once. `now` gives seconds that
    never go back.
    """

    def __init__(
        self,
        train: Callable[[str], object],
        states: Callable[[], Mapping[str, object]],
        trained: Mapping[str, object] | None = None,
        seconds: float = POLL_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._rests_until = 0.0
        self._train = train
        self._states = states
        self._seconds = seconds
        self._trained: dict[str, object] = dict(trained or {})
        # Guards the waiting runs, oldest first, and `_stopped`.
        self._condition = threading.Condition()
        self._waiting: dict[str, RequestedTraining] = {}
        self._stopped = False
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

    def request(self, team: str, wait: float = 0.0) -> bool:
        """Requests a run over the workspace's labels so far.

        Returns whether it ended within `wait` seconds.
        """
        return self.wait_for(self.request_run(team, is_urgent=wait > 0), wait)

    def request_run(self, team: str, *, is_urgent: bool) -> RequestedTraining:
        """Requests a run over the workspace's labels so far, and returns it."""
        with self._condition:
            run = self._waiting.setdefault(team, RequestedTraining())
            run.is_urgent = run.is_urgent or is_urgent
            self._condition.notify_all()

        return run

    def wait_for(self, run: RequestedTraining, seconds: float) -> bool:
        """Returns whether the run ended within that time."""
        with self._condition:
            return self._condition.wait_for(lambda: run.is_done, seconds)

    def call_after(self, run: RequestedTraining, callback: Callable[[], object]) -> None:
        """Calls the function once the run has ended: at once, or later in the trainer's thread."""
        with self._condition:
            if not run.is_done:
                run.callbacks.append(callback)
                return

        callback()

    def _loop(self) -> None:
        while not self._stopped:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._stopped or self._due_team() is not None, self._seconds
                )

            self._serve_requests()
            for team in self._changed():
                self._serve_requests()
                if self._stopped:
                    break
                # Later rounds see the same change.
                if self._is_rested():
                    self._run(team)

    def _is_rested(self) -> bool:
        return self._now() >= self._rests_until

    def _due_team(self) -> str | None:
        """Returns the workspace whose run is due; `_condition` is held."""
        for team, run in self._waiting.items():
            if run.is_urgent or self._is_rested():
                return team

        return None

    def _serve_requests(self) -> None:
        while True:
            with self._condition:
                team = self._due_team()
                if self._stopped or team is None:
                    return

                # Taken out first: a request that comes after this line may have missed this run's
                # labels, so it waits for the next run.
                run = self._waiting.pop(team)

            self._run(team)
            with self._condition:
                run.is_done = True
                self._condition.notify_all()

            for callback in run.callbacks:
                self._call(callback)

    def _call(self, callback: Callable[[], object]) -> None:
        try:
            callback()
        except Exception as error:  # noqa: BLE001  # telling one person must not end the training
            self._log.error("training_result_unsent", error=type(error).__name__)

    def _changed(self) -> list[str]:
        """Returns the workspaces whose state is not the one of their last run."""
        try:
            states = self._states()
        except (StoreAwayError, SQLAlchemyError) as error:
            self._log.warning("router_training_failed", error=type(error).__name__)
            return []

        gone = self._trained.keys() - states.keys()
        changed = [team for team in states if self._trained.get(team) != states[team]]
        return [*sorted(gone), *changed]

    def _run(self, team: str) -> None:
        """Trains one workspace, and notes until when the next run may wait."""
        start = self._now()
        self._train_once(team)
        end = self._now()
        self._rests_until = end + REST_FACTOR * (end - start)

    def _train_once(self, team: str) -> None:
        """Trains one workspace. A run that found no database is tried again at the next poll."""
        try:
            # Before the run, so that a label that comes meanwhile counts as a change.
            state = self._states().get(team)
            self._train(team)
        except (StoreAwayError, SQLAlchemyError) as error:
            self._log.warning("router_training_failed", team=team, error=type(error).__name__)
            return
        except Exception as error:  # noqa: BLE001  # one workspace must not end the others' training
            # The same labels would fail again, so they are not tried before they change.
            self._log.error("router_training_crashed", team=team, error=type(error).__name__)

        if state is None:
            self._trained.pop(team, None)
        else:
            self._trained[team] = state
