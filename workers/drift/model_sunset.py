"""Finds models that their providers switch off soon, by the dates in the price map."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workers.llm.model_end import days_until

SunsetDates = Callable[[str], str | None]
"""Returns the day a model is switched off, as an ISO date, by its name; None if none is
announced."""


@dataclass(frozen=True, slots=True)
class ModelSunset:
    """A model that ends on `date` (ISO), in `days` from now; below 1 it has ended."""

    model: str
    date: str
    days: int


def sunsets_within(
    models: Iterable[str], dates: SunsetDates, now: float, days: float
) -> list[ModelSunset]:
    """Returns the models that end within so many days, the first to end first.

    A date that cannot be read counts as none.
    """
    sunsets = []
    for model in sorted(set(models)):
        date = dates(model)
        if date is None:
            continue

        remaining = days_until(date, now)
        if remaining is not None and remaining <= days:
            sunsets.append(ModelSunset(model, date, remaining))

    return sorted(sunsets, key=lambda sunset: (sunset.date, sunset.model))
