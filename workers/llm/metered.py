"""A model wrapper with a budget in calls and USD that records replies.

An interrupted run resumes from the recording without paying again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from router.errors import BeagleError, BudgetError, ModelError
from workers.llm.call_recording import append_failure, append_reply, call_digest, read_recording
from workers.ports import LanguageModel, ModelCall, ModelReply, Payer

MAX_FAILURES = 3
"""After so many failures, in whatever process, a call counts as a bad answer."""
ROUNDING = 1e-6


class BudgetExhaustedError(BeagleError):
    """The budget is used up and the call was not made.

    It is no ModelError, because code that scores answers takes a ModelError for a bad answer.
    """


class ModelUnavailableError(BeagleError):
    """The model could not be reached, which says nothing about the version that is measured.

    A later run continues from the recording.
    """


@dataclass(frozen=True, slots=True)
class CallBudget:
    """The most that may be spent, including what an earlier run of the same work spent."""

    calls: int
    usd: float


class MeteredModel:
    """The `LanguageModel` port around another model, for background work. Safe to share.

    Each reply is recorded in `file` at once. The same call is then answered from the recording,
    also in another process, so that a run with the same inputs continues where it ended.
    `on_progress(made, allowed)` is called after each call. A call that fails because the model is
    away ends the run with ModelUnavailableError, until it has failed `MAX_FAILURES` times.
    """

    def __init__(
        self,
        model: LanguageModel,
        file: Path,
        budget: CallBudget,
        team: str,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._model = model
        self._file = file
        self._budget = budget
        self._on_progress = on_progress
        self._payer = Payer.workspace(team)

        self._lock = threading.Lock()
        self._reserved_calls = 0
        self._in_flight = 0
        self._recorded: dict[str, ModelReply] = {}
        self._failures: Counter[str] = Counter()

        for digest, reply in read_recording(file):
            if reply is None:
                self._failures[digest] += 1
            else:
                self._recorded[digest] = reply

        self._used: set[str] = set()
        self.usd = 0.0
        self.resumed = len(self._recorded)

    def complete(self, call: ModelCall, on_text: Callable[[str], None] | None = None) -> ModelReply:
        """Returns the reply, recorded or new. Raises BudgetExhaustedError at the budget's end."""
        digest = call_digest(call)
        # The call itself runs outside of the lock, so that calls of several threads overlap.
        with self._lock:
            recorded = self._recorded.get(digest)
            usd_left = self._usd_left(digest, recorded)
            if recorded is None:
                self._in_flight += 1

        if recorded is not None:
            reply = recorded
            if on_text is not None:
                on_text(reply.text)
        else:
            try:
                reply = self._pay(digest, call, usd_left, on_text)
            finally:
                with self._lock:
                    self._in_flight -= 1

        with self._lock:
            self._count(digest, reply)

        if self._on_progress is not None:
            self._on_progress(self.calls, self._budget.calls)

        return reply

    @property
    def calls(self) -> int:
        """How many different calls this run has used, recorded ones included."""
        return len(self._used)

    @property
    def remaining(self) -> int:
        """How many more calls fit into the budget, at the average cost of those so far."""
        max_calls, max_usd = self._limits()
        calls = max_calls - self.calls
        if self._mean_usd:
            calls = min(calls, int((max_usd - self.usd) / self._mean_usd + ROUNDING))

        return max(0, calls)

    @property
    def spent(self) -> dict[str, int | float]:
        """Calls and USD so far, and how many calls an earlier run had paid for."""
        return {"calls": self.calls, "usd": round(self.usd, 6), "resumed": self.resumed}

    def can_afford(self, calls: int) -> bool:
        """Returns whether so many more calls fit into the budget."""
        with self._lock:
            return calls <= self.remaining

    @contextmanager
    def reserving(self, calls: int) -> Iterator[None]:
        """Reserves so many calls and their cost, for use after the block.

        At most half of the budget is set aside.
        """
        before = self._reserved_calls
        self._reserved_calls = calls
        try:
            yield
        finally:
            self._reserved_calls = before

    @property
    def _mean_usd(self) -> float:
        return self.usd / self.calls if self.calls else 0.0

    def _limits(self) -> tuple[int, float]:
        """Returns the most calls and USD for now: the budget without what is reserved."""
        # Half is left in any case: a large reservation must not stop the work that it is made for.
        reserved_calls = min(self._reserved_calls, self._budget.calls // 2)
        reserved_usd = min(self._reserved_calls * self._mean_usd, self._budget.usd / 2)
        return self._budget.calls - reserved_calls, self._budget.usd - reserved_usd

    def _usd_left(self, digest: str, recorded: ModelReply | None) -> float:
        """Returns the USD that this call may cost. Raises BudgetExhaustedError when none are left.

        A recorded call counts when it is needed again, so that a resumed run makes the same choices
        as an uninterrupted one. Recorded calls that are not needed any more still limit what may be
        newly paid.
        """
        max_calls, max_usd = self._limits()
        is_new = digest not in self._used

        too_many = self.calls + self._in_flight >= max_calls
        if recorded is None and len(self._recorded) >= self._budget.calls:
            too_many = True
        if is_new and too_many:
            raise BudgetExhaustedError(
                f"asking a model: the budget of {max_calls} calls is used up"
            )

        # Calls in flight have no cost yet; they are assumed to cost the average.
        max_usd -= self._in_flight * self._mean_usd
        usd_left = max_usd - self.usd
        if recorded is None:
            paid = sum(reply.usd for reply in self._recorded.values())
            usd_left = min(usd_left, self._budget.usd - paid)

        if is_new and self.usd and usd_left <= 0:
            raise BudgetExhaustedError(f"asking a model: the budget of ${max_usd:.2f} is used up")

        return max(0.0, usd_left)

    def _count(self, digest: str, reply: ModelReply) -> None:
        if digest not in self._used:
            self._used.add(digest)
            self.usd += reply.usd

        if digest not in self._recorded:
            self._recorded[digest] = reply
            append_reply(self._file, digest, reply)

    def _pay(
        self,
        digest: str,
        call: ModelCall,
        usd_left: float,
        on_text: Callable[[str], None] | None,
    ) -> ModelReply:
        """Makes the call with the budget as its limit, and sorts its failures."""
        max_usd = call.max_usd
        budget_is_tighter = max_usd is None or usd_left < max_usd
        if budget_is_tighter:
            max_usd = usd_left

        try:
            return self._model.complete(replace(call, payer=self._payer, max_usd=max_usd), on_text)
        except BudgetError as error:
            raise BudgetExhaustedError(
                f"asking a model: a cap of the day came first: {error}"
            ) from error
        except ModelError as error:
            if budget_is_tighter and not error.retry:
                # The gateway refuses a call that could cost more than its limit.
                raise BudgetExhaustedError(
                    f"asking a model: ${usd_left:.4f} of the budget are left: {error}"
                ) from error

            if not error.retry:
                raise

            # Recorded as well: a call that fails in every process must end some day.
            with self._lock:
                self._failures[digest] += 1
                append_failure(self._file, digest)

            if self._failures[digest] < MAX_FAILURES:
                raise ModelUnavailableError(
                    f"{error}; the next try reuses the calls already paid for"
                ) from error

            raise
