"""The named models that are switched off within a year, and what could replace each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.text.printable import counted
from workers.drift.model_sunset import sunsets_within
from workers.llm.litellm_client import LiteLLMClient
from workers.llm.model_end import LASTING_DAYS


@dataclass(frozen=True, slots=True)
class Ending:
    """A model that ends: when, who says so, where it is named, and what could take its place.

    `days` below 1: it has ended. `replacement` is empty where none is known; the two fields after
    it are what that one costs, in words, and its own end, if it has one.
    """

    model: str
    date: str
    days: int
    source: str
    named_by: Sequence[str]
    replacement: str = ""
    replacement_price: str = ""
    replacement_date: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether the provider has switched it off."""
        return self.days < 1

    @property
    def description(self) -> str:
        """One line for an operator."""
        mark, when = "ENDS ", f"in {counted(self.days, 'day')}, on"
        if self.has_ended:
            mark, when = "ENDED", "on"

        text = f"{mark} {self.model} {when} {self.source}; named by {', '.join(self.named_by)}. "
        if not self.replacement:
            return (
                f"{text}The installed list has no like model of this provider that lasts longer; "
                "choose another"
            )

        until = f", until {self.replacement_date}" if self.replacement_date else ""
        return f"{text}Nearest in price: {self.replacement}{until} ({self.replacement_price})"


def endings(
    places: Mapping[str, Sequence[str]], client: LiteLLMClient, now: float
) -> Sequence[Ending]:
    """Returns the models that end within a year, the first to end first; `places` is by model."""
    found = []
    for sunset in sunsets_within(places, client.sunset_date, now, LASTING_DAYS):
        end = client.end(sunset.model)
        other = client.replacement(sunset.model, now) or ""
        price = client.price(other) if other else None
        cost = ""
        if price is not None:
            usd = f"${price.input_usd * 1e6:.2f} and ${price.output_usd * 1e6:.2f}"
            cost = f"{usd} for a million input and output tokens"

        found.append(
            Ending(
                model=sunset.model,
                date=sunset.date,
                days=sunset.days,
                source=sunset.date if end is None else end.description,
                named_by=tuple(places[sunset.model]),
                replacement=other,
                replacement_price=cost,
                replacement_date=(client.sunset_date(other) or "") if other else "",
            )
        )

    return found
