"""Models that their providers switch off: what of the price map's dates is near."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400.0
Ends = Callable[[str], str | None]
"""The day a model is switched off, as an ISO date, by its name; None where nobody has said so."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A model that ends on `date` (ISO), `days` from now; below 0 it has."""

    model: str
    date: str
    days: int


def near(models: Iterable[str], ends: Ends, now: float, days: float) -> list[Ending]:
    """Those that end within so many days, the first to end first. A date that cannot be read is none."""
    found = []
    for model in sorted(set(models)):
        date = ends(model)
        left = None if date is None else days_until(date, now)
        if date is not None and left is not None and left <= days:
            found.append(Ending(model, date, left))

    return sorted(found, key=lambda one: (one.date, one.model))


def days_until(date: str, now: float) -> int | None:
    """Whole days from `now` (unix seconds) to that day in UTC; None for what is no date."""
    try:
        end = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

    return int((end - now) // DAY) + 1
