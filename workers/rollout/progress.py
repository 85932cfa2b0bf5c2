"""Reports how far a long step is.

A row in the store for Slack, a line in the log for the terminal.
"""

from __future__ import annotations

from router.log import get_log
from workers.context import Context

MIN_INTERVAL_SECONDS = 2.0
"""Reports in quicker succession are dropped, except the last: Slack shows a change every few
seconds at most."""


class ProgressReporter:
    """Reports one step of a candidate. `doing` is `optimising`, `training` or `measuring`."""

    def __init__(self, context: Context, candidate: str, doing: str) -> None:
        self._context = context
        self._candidate = candidate
        self._doing = doing
        self._reported_at: float | None = None

    def __call__(self, done: int, total: int, **figures: float | None) -> None:
        """Reports that `done` of `total` units are done, with more JSON-safe figures."""
        now = self._context.now()
        recently = self._reported_at is not None and now - self._reported_at < MIN_INTERVAL_SECONDS
        if recently and done < total:
            return

        # The last report always goes out: a bar that stops at 98 % looks like a hang.
        self._reported_at = now
        body = {"doing": self._doing, "done": done, "of": total, **figures}
        self._context.store.rollout_cards.record_progress(self._candidate, body, now)
        get_log(job="advance", candidate=self._candidate).info("progress", **body)
