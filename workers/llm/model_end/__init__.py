"""When a provider switches a model off, by whom that is said, and what could replace it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType

PriceList = Mapping[str, Mapping[str, object]]
"""litellm's list: model name -> its prices, limits and dates."""
ANNOUNCED_FILE = Path(__file__).with_name("announced.json")
LIST_SOURCE = "litellm's list"
LASTING_DAYS = 365
"""A model that is switched off sooner is no default and no replacement."""
DAY_SECONDS = 86_400.0
MUCH_LATER_DAYS = 90
"""Where none lasts a year, a replacement lasts at least so much longer than the old model."""
MOST_DIFFERENT = math.log(4)
"""A replacement costs at most four times as much or a quarter: else it is another sort of model."""
LEAST_WINDOW = 0.5
"""Share of the old model's context window that a replacement must have."""
OUTPUT_SHARE = 0.25
"""Share of output among a call's tokens where two prices are compared."""
SNAPSHOT = re.compile(r"-20\d\d-?\d\d-?\d\d$")
SPECIAL = re.compile(r"preview|search|audio|realtime|codex|image|latest|cyber|chat$|-exp\b|:free")
"""Names of models for one purpose, and names whose model changes without notice."""


@dataclass(frozen=True, slots=True)
class ModelEnd:
    """The day (ISO) on which a model is switched off, who says so, and when that was read.

    `checked` is empty where the source is the list that is installed.
    """

    date: str
    source: str
    checked: str = ""

    @property
    def description(self) -> str:
        """The date with its source, for an operator."""
        of_date = f", read on {self.checked}" if self.checked else ""
        return f"{self.date} ({self.source}{of_date})"


def model_end(name: str, prices: PriceList) -> ModelEnd | None:
    """Returns the first known end of a model, found with or without its provider; None if none.

    A fine-tuned model (`ft:MODEL:…`) ends with its base model at the latest.
    """
    ends = []
    for alias in _aliases(name):
        date = _listed_date(alias, prices)
        if date:
            ends.append(ModelEnd(date, LIST_SOURCE))

    announced = announced_ends().get(_base_name(name))
    provider = name.partition("/")[0] if "/" in name else "openai"
    if announced is not None and provider == announced[0]:
        ends.append(announced[1])

    return min(ends, key=lambda end: end.date, default=None)


def days_until(date: str, now: float) -> int | None:
    """Returns whole days from `now` (unix seconds) to that day in UTC; None for what is no date."""
    try:
        end = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None

    # Counted to the start of that day in UTC: the provider may switch off at any hour of it.
    return int((end - now) // DAY_SECONDS) + 1


def lasts(name: str, prices: PriceList, now: float) -> bool:
    """Returns whether no end of the model within a year is known."""
    return _remaining_days(name, prices, now) > LASTING_DAYS


def replacement(name: str, prices: PriceList, now: float) -> str | None:
    """Returns the model of the same provider that is nearest in price and lasts a year.

    Where none lasts so long, it is one that lasts much longer than the old one. None where the list
    has no model of a like price and window, and for a fine-tuned model, which is trained again.
    """
    if _plain(name).startswith("ft:"):
        return None

    old = next((prices[alias] for alias in _aliases(name) if alias in prices), None)
    price = _blended_price(old or {})
    if old is None or price is None:
        return None

    needed = _remaining_days(name, prices, now) + MUCH_LATER_DAYS
    best: tuple[bool, float, str] | None = None
    for candidate, entry in prices.items():
        if candidate in _aliases(name) or not _is_like(candidate, entry, old):
            continue

        other = _blended_price(entry)
        days = _remaining_days(candidate, prices, now)
        if other is None or days <= 0 or days < min(needed, LASTING_DAYS):
            continue

        distance = abs(math.log(other / price))
        rank = (days <= LASTING_DAYS, distance, candidate)
        if distance <= MOST_DIFFERENT:
            best = rank if best is None else min(best, rank)

    return None if best is None else best[2]


@cache
def announced_ends() -> Mapping[str, tuple[str, ModelEnd]]:
    """Returns the ends that the installed list lacks: model -> its provider and its end."""
    ends = {}
    for entry in json.loads(ANNOUNCED_FILE.read_text("utf-8")):
        for model in entry["models"]:
            end = ModelEnd(entry["date"], entry["source"], entry["checked"])
            ends[model] = (entry["provider"], end)

    return MappingProxyType(ends)


def _plain(name: str) -> str:
    return name.split("/", 1)[-1]


def _base_name(name: str) -> str:
    """Returns the name without its provider, of a fine-tuned model that of its base."""
    plain = _plain(name)
    return plain.removeprefix("ft:").split(":", 1)[0] if plain.startswith("ft:") else plain


def _aliases(name: str) -> tuple[str, ...]:
    """Returns the names that the list may have it by: with its provider, without, and its base."""
    return tuple(dict.fromkeys((name, _plain(name), _base_name(name))))


def _listed_date(name: str, prices: PriceList) -> str | None:
    """Returns the list's date; for a name without one the last date of its dated snapshots.

    Such a name means one of its snapshots: once all of them have an end, it has one too.
    """
    date = prices.get(name, {}).get("deprecation_date")
    if date or name not in prices or SNAPSHOT.search(name):
        return str(date) if date else None

    dates = []
    for other, entry in prices.items():
        if other.startswith(name) and SNAPSHOT.sub("", other) == name and other != name:
            dates.append(entry.get("deprecation_date"))

    return max(map(str, dates)) if dates and all(dates) else None


def _remaining_days(name: str, prices: PriceList, now: float) -> float:
    end = model_end(name, prices)
    days = None if end is None else days_until(end.date, now)
    return math.inf if days is None else days


def _is_like(name: str, entry: Mapping[str, object], old: Mapping[str, object]) -> bool:
    """Returns whether a model could stand in for the old one: provider, sort, sight and window."""
    window, old_window = (_number(one.get("max_input_tokens")) for one in (entry, old))
    same = all(entry.get(key) == old.get(key) for key in ("litellm_provider", "mode"))
    sees = bool(entry.get("supports_vision")) or not old.get("supports_vision")
    is_general = not SNAPSHOT.search(name) and not SPECIAL.search(name)
    fits = window >= LEAST_WINDOW * old_window
    return same and sees and fits and is_general and not _plain(name).startswith("ft:")


def _blended_price(entry: Mapping[str, object]) -> float | None:
    """Returns USD per token of a usual call; None where the list has no price."""
    input_usd = _number(entry.get("input_cost_per_token"))
    output_usd = _number(entry.get("output_cost_per_token"))
    if not input_usd or not output_usd:
        return None

    return (1 - OUTPUT_SHARE) * input_usd + OUTPUT_SHARE * output_usd


def _number(value: object) -> float:
    """Converts a figure of the list: it has numbers, numbers as text, and notes in their place."""
    try:
        return float(str(value or 0))
    except ValueError:
        return 0.0
