"""When people see that something happens to their message: an answer, a status line, a notice."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from types import TracebackType
from typing import Self

from bot.sandbox.json_types import Json
from bot.sandbox.server import Sandbox


class FirstSigns:
    """A context manager that notes when each message was posted and when its first sign came.

    A sign is a status line or a message of the bot in the thread, or a notice that only its author
    sees; such a notice counts for the author's oldest message without a sign.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._posted: dict[str, float] = {}
        self._authors: dict[str, str] = {}
        self._signs: dict[str, float] = {}
        self._unsubscribe: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        """Begins to watch the workspace."""
        self._unsubscribe = self._sandbox.call(
            lambda: self._sandbox.workspace.subscribe(self._note)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stops watching."""
        self._sandbox.call(self._unsubscribe)

    def waits(self, timestamps: Collection[str], after: float = 0.0) -> list[float]:
        """Returns the seconds to each message's first sign, in no order; those without are left.

        Time before `after` (of the monotonic clock) does not count: nobody could be told then.
        """
        waits = []
        for ts in timestamps:
            if ts in self._signs:
                waits.append(max(0.0, self._signs[ts] - max(self._posted[ts], after)))

        return waits

    def _note(self, change: Json) -> None:
        now = time.monotonic()
        message = change.get("message") or {}
        if change["type"] == "message" and not message.get("bot_id"):
            self._posted[change["ts"]] = now
            self._authors[change["ts"]] = str(message.get("user"))
        elif change["type"] in ("message", "update") and message.get("bot_id"):
            self._sign(str(change.get("thread_ts")), now)
        elif change["type"] == "status" and change["status"]:
            self._sign(str(change["thread_ts"]), now)
        elif change["type"] == "ephemeral" and message:
            waiting = [
                ts
                for ts, author in self._authors.items()
                if author == change["user"] and ts not in self._signs
            ]
            for ts in waiting[:1]:
                self._sign(ts, now)

    def _sign(self, ts: str, now: float) -> None:
        if ts in self._posted:
            self._signs.setdefault(ts, now)
