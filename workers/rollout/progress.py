"""Says how far a step is that takes minutes: a row in the store for Slack, a line in the log for the terminal."""

from __future__ import annotations

from typing import Any

from router.log import get_log
from workers.context import Context

SECONDS = 2.0
"""What comes sooner after the last word is left out, except the end: Slack shows a change every
few seconds at most."""


class Saying:
    """How far one step of a candidate is. `doing` is `optimising`, `training` or `measuring`."""

    def __init__(self, context: Context, candidate: str, doing: str) -> None:
        self._context, self._candidate, self._doing = context, candidate, doing
        self._said_at: float | None = None

    def __call__(self, done: int, of: int, **figures: Any) -> None:
        """That many of so many are done; `figures` are JSON-safe. Words in quick succession are left out."""
        now = self._context.now()
        if self._said_at is not None and now - self._said_at < SECONDS and done < of:
            return

        self._said_at = now
        told = {"doing": self._doing, "done": done, "of": of, **figures}
        self._context.store.roads.say(self._candidate, told, now)
        get_log(step="advance", candidate=self._candidate).info("progress", **told)
