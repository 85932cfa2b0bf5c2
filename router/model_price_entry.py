"""Reads an entry of `BEAGLE_MODEL_PRICES`: a model's price as an operator knows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PARTS = (2, 3)
"""Prices in one entry: input and output, with that of cached input between them."""


@dataclass(frozen=True, slots=True)
class ModelPriceEntry:
    """A price in USD per token, and the ISO date of which it is."""

    name: str
    input_usd: float
    cached_input_usd: float
    output_usd: float
    date: str


def read_price_entry(text: str) -> ModelPriceEntry:
    """Returns the entry that `NAME=INPUT/OUTPUT@DATE` describes, in USD for a million tokens.

    Between input and output may be the price of cached input. Raises ValueError with what is wrong.
    """
    named, _, day = text.rpartition("@")
    # The name may contain `=` or `/`; prices cannot.
    name, _, prices = named.rpartition("=")
    try:
        numbers = [float(part) / 1e6 for part in prices.split("/")]
        date.fromisoformat(day)
    except ValueError:
        numbers = []

    # Negated, so that "not a number" is refused too.
    if not name or len(numbers) not in PARTS or not all(0 <= number < 1 for number in numbers):
        raise ValueError(
            f"{text!r}: expected NAME=INPUT/OUTPUT@DATE in USD for a million tokens, such as "
            "my-model=0.10/0.50@2026-11-20"
        )

    cached = numbers[1] if len(numbers) == max(PARTS) else numbers[0]
    return ModelPriceEntry(name.strip(), numbers[0], cached, numbers[-1], day)


def checked_entries(entries: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the entries as they are. Raises ValueError for the first that cannot be read."""
    for entry in entries:
        read_price_entry(entry)

    return entries
