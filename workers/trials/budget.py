"""The budget of a week's trials, shared by all candidates of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.llm.metered import CallBudget


class WeeklyBudget:
    """Counts the calls and USD that the trials of a week have spent."""

    def __init__(self, calls: int, usd: float) -> None:
        self._calls = calls
        self._usd = usd

    def part(self, calls: int | None = None, usd: float | None = None) -> CallBudget:
        """Returns what is left, at most so many calls and USD."""
        left_usd = max(0.0, self._usd)
        return CallBudget(
            max(0, self._calls if calls is None else min(calls, self._calls)),
            left_usd if usd is None else min(usd, left_usd),
        )

    def count(self, spend: Mapping[str, Any]) -> None:
        """Counts what a piece of work spent; replies recorded earlier were paid for earlier."""
        self._calls -= max(0, int(spend.get("calls", 0)) - int(spend.get("resumed", 0)))
        self._usd -= float(spend.get("usd", 0.0))
