"""A model with a purse and a memory: it stops at a budget in calls and USD, and nothing is paid for twice."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from router.errors import BeagleError, BudgetError, ModelError
from router.types import Tokens
from workers.ports import Call, Model, Payer, Reply

FOLDER = "optimise"
"""In the data folder: what models said while something was optimised. It may be deleted at any
time."""


TRIES = 3
ROUNDING = 1e-6
KEPT_SECONDS = 7 * 86_400.0
"""How long a record that nothing is added to is of use to somebody who goes on with it."""


class SpentError(BeagleError):
    """The budget is used up: the call was not made. It is no ModelError, so that nothing takes it for a bad answer."""


class AwayError(BeagleError):
    """The model could not be reached: that says nothing of what is being measured. Later it goes on from here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may be spent, what an earlier run spent included."""

    calls: int
    usd: float


class Metered:
    """The `Model` port around another model, for work that nobody waits for. Safe to share between threads.

    Each reply is kept in `file` as soon as it is there. The same call is then answered from it,
    also by another process after this one was killed, so that a run with the same inputs goes on
    where it ended. `say` hears how many of the calls were made. A call that fails because the model
    is away ends the run with AwayError; only what has failed `TRIES` times, in whatever process,
    counts as a bad answer.
    """

    def __init__(
        self,
        model: Model,
        file: Path,
        limits: Limits,
        team: str,
        say: Callable[[int, int], None] | None = None,
    ) -> None:
        self._model, self._file, self._limits, self._say = model, file, limits, say
        # Nobody made a request: only the workspace's cap in USD is concerned.
        self._payer = Payer(team, "", "", 0)
        self._lock = threading.Lock()
        self._held = self._flying = 0
        self._known: dict[str, Reply] = {}
        self._failed: Counter[str] = Counter()

        for key, reply in _read(file):
            if reply is None:
                self._failed[key] += 1
            else:
                self._known[key] = reply

        self._used: set[str] = set()
        self.usd = 0.0
        self.resumed = len(self._known)

    def complete(self, call: Call, on_text: Callable[[str], None] | None = None) -> Reply:
        """The reply, from memory where it was paid for already. Raises SpentError at the end of the budget."""
        key = _key(call)
        with self._lock:
            known = self._known.get(key)
            left = self._left(key, known)
            self._flying += known is None

        if known is None:
            try:
                known = self._paid(key, call, left, on_text)
            finally:
                with self._lock:
                    self._flying -= 1
        elif on_text is not None:
            on_text(known.text)

        with self._lock:
            self._count(key, known)

        if self._say is not None:
            self._say(self.calls, self._limits.calls)

        return known

    @property
    def calls(self) -> int:
        """Different calls that were made, those of an earlier run that were needed again included."""
        return len(self._used)

    @property
    def left(self) -> int:
        """Calls that may still be made, each as dear as those so far on the average."""
        calls, usd = self._bounds
        most = calls - self.calls
        if self._each:
            most = min(most, int((usd - self.usd) / self._each + ROUNDING))

        return max(0, most)

    @property
    def spent(self) -> dict[str, Any]:
        """Calls and USD so far, and how many calls an earlier run had paid for."""
        return {"calls": self.calls, "usd": round(self.usd, 6), "resumed": self.resumed}

    def affords(self, calls: int) -> bool:
        """Whether so many more calls fit into the budget."""
        with self._lock:
            return calls <= self.left

    @contextmanager
    def holding(self, calls: int) -> Iterator[None]:
        """Meanwhile so many calls, and what they would cost, are set aside for what comes after; half at most."""
        before, self._held = self._held, calls
        try:
            yield
        finally:
            self._held = before

    @property
    def _each(self) -> float:
        return self.usd / self.calls if self.calls else 0.0

    @property
    def _bounds(self) -> tuple[int, float]:
        """The most calls and USD in all for now."""
        held, usd = (
            min(self._held, self._limits.calls // 2),
            min(self._held * self._each, self._limits.usd / 2),
        )
        return self._limits.calls - held, self._limits.usd - usd

    def _left(self, key: str, known: Reply | None) -> float:
        """USD for this call.

        What an earlier run paid for counts when it is needed again, so that this run takes the very
        same way; what is not needed any more bounds what may be newly paid for all the same.
        """
        calls, usd = self._bounds
        paid = sum(reply.usd for reply in self._known.values())

        if key not in self._used and (
            self.calls + self._flying >= calls
            or (known is None and len(self._known) >= self._limits.calls)
        ):
            raise SpentError(f"asking a model: the budget of {calls} calls is used up")

        usd -= self._flying * self._each
        left = usd - self.usd if known is not None else min(usd - self.usd, self._limits.usd - paid)
        if key not in self._used and self.usd and left <= 0:
            raise SpentError(f"asking a model: the budget of ${usd:.2f} is used up")

        return max(0.0, left)

    def _count(self, key: str, reply: Reply) -> None:
        if key not in self._used:
            self._used.add(key)
            self.usd += reply.usd

        if key not in self._known:
            self._known[key] = reply
            self._append({"key": key} | asdict(reply))

    def _append(self, line: dict[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _paid(
        self, key: str, call: Call, left: float, on_text: Callable[[str], None] | None
    ) -> Reply:
        short = call.usd is None or left < call.usd
        try:
            return self._model.complete(
                replace(call, payer=self._payer, usd=left if short else call.usd), on_text
            )
        except BudgetError as error:
            raise SpentError(f"asking a model: a cap of the day came first: {error}") from error
        except ModelError as error:
            if short and not error.retry:
                raise SpentError(
                    f"asking a model: ${left:.4f} of the budget are left: {error}"
                ) from error

            if not error.retry:
                raise

            with self._lock:
                self._failed[key] += 1
                self._append({"key": key, "failed": True})

            if self._failed[key] < TRIES:
                raise AwayError(f"{error}; it goes on from what was paid for") from error

            raise


def record(data: Path, *named: str) -> Path:
    """The file for one piece of work, in a folder of its own: the same words give the same file."""
    return (
        data / FOLDER / hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16] / "calls.jsonl"
    )


def sweep(data: Path, before: float = float("inf")) -> int:
    """Records that nothing was added to since `before` (unix seconds) are gone; returns how many were."""
    old = [file for file in (data / FOLDER).glob("*/calls.jsonl") if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)

    return len(old)


def _read(file: Path) -> Iterator[tuple[str, Reply | None]]:
    """What was kept, None for a failure; a last line that a killed process left unfinished was not."""
    if not file.exists():
        return

    whole = file.read_text("utf-8", errors="replace")
    if whole and not whole.endswith("\n"):
        # The next line must not be written behind half of this one.
        whole = whole[: whole.rfind("\n") + 1]
        file.write_text(whole, "utf-8")

    for line in whole.splitlines():
        found = json.loads(line)
        key = found.pop("key")
        yield (
            key,
            None if "failed" in found else Reply(**found | {"tokens": Tokens(**found["tokens"])}),
        )


def _key(call: Call) -> str:
    """Stands for what decides the answer: not for who pays, nor for how long may be waited."""
    told = [
        [dict(message) for message in call.messages],
        list(call.models),
        call.schema,
        call.adapter,
        call.output_tokens,
        call.temperature,
        call.seed,
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=dict).encode()).hexdigest()
