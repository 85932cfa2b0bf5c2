"""Prices as the weekly loop looks them up: from litellm's list, or the operator's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from router.config import Settings
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_prices import ModelPrice, known_price
from workers.llm.pricing import Price


@dataclass(frozen=True, slots=True)
class Prices:
    """Looks up a model by its name.

    `price_of` gives its price, `end_date_of` the ISO date on which its provider ends it, and
    `source_of` where the price comes from, in words.
    """

    price_of: Callable[[str], Price | None]
    end_date_of: Callable[[str], str | None] = lambda _: None
    source_of: Callable[[str], str] = lambda _: ""


def known_prices(settings: Settings) -> Prices:
    """Returns the prices that somebody has named: no assumed one, as a bill would use."""
    client = LiteLLMClient(settings.connect_timeout_seconds)

    def find(name: str) -> ModelPrice | None:
        return known_price(name, settings, client.price)

    def price(name: str) -> Price | None:
        known = find(name)
        return None if known is None else known.price

    def source(name: str) -> str:
        known = find(name)
        return "" if known is None else _source_text(known)

    return Prices(price, client.sunset_date, source)


def _source_text(known: ModelPrice) -> str:
    if known.source == "list":
        return f"{known.name} from litellm's list"
    if known.source == "processor":
        return f"{known.name} by the second of this machine's processor"

    of_date = f" of {known.date}" if known.date else ""
    return f"{known.name} from the settings{of_date}"
