"""What a model's calls are counted at, and where that price comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from router.catalog.catalog import Catalog
from router.catalog.version import INCLUDED_MODEL
from router.config import Settings
from router.errors import ModelError
from router.log import get_log
from router.model_price_entry import read_price_entry
from workers.llm.pricing import Price

LOCAL = INCLUDED_MODEL
EXTRACTIVE = "extractive"
"""The model name of an answer that was quoted and not written."""
ASSUMED = Price(input_usd=3e-6, cached_input_usd=3e-6, output_usd=15e-6)
"""Nine of ten chat models in litellm's list cost no more: $3.30 and $15.00 for a million input and
output tokens were the 90th percentiles of 2,671 models in November 2026."""
MODEL_SETTINGS = (
    "model",
    "teacher_model",
    "reflection_model",
    "trial_models",
    "tuned_model",
    "reference_model",
    "vision_models",
)
"""The settings that name models."""
Source = Literal["processor", "list", "settings", "assumed", "free"]
PriceLookup = Callable[[str], Price | None]
"""Returns a model's listed price, None when the list does not have it."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """A model's price and its source.

    That is the processor's time, litellm's list or the settings; `assumed` where nobody has named a
    price, `free` where the settings say so. `date` is the ISO date that the settings name for it.
    """

    name: str
    price: Price
    source: Source
    date: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether somebody has named this price; if not, doctor and the log say what to set."""
        return self.source != "assumed"

    @property
    def description(self) -> str:
        """One sentence for an operator: what a call costs, and what that means for the caps."""
        price = self.price
        tokens = (
            f"${price.input_usd * 1e6:.2f} and ${price.output_usd * 1e6:.2f} for a million input "
            "and output tokens"
        )
        of_date = f" of {self.date}" if self.date else ""
        texts: dict[Source, str] = {
            "processor": (
                f"{_without_exponent(price.server_second_usd)} for a second of the local model, by "
                "BEAGLE_LOCAL_USD_PER_CPU_SECOND for each of its threads"
            ),
            "list": f"{tokens}, by litellm's list",
            "settings": f"{tokens}, by the settings{of_date}",
            "assumed": (
                f"its price is unknown, so it is counted at {tokens}; set "
                "BEAGLE_USD_PER_MILLION_INPUT and BEAGLE_USD_PER_MILLION_OUTPUT, or "
                "BEAGLE_UNPRICED=free if it costs nothing"
            ),
            "free": "counted as free because BEAGLE_UNPRICED is 'free'",
        }

        text = texts[self.source]
        if price.is_free:
            text += "; it costs nothing, so caps in USD never act, only caps in requests do"
        if price.is_free and self.source == "processor":
            text += " (the demo sets a price, what renting a core costs)"

        return f"{self.name}: {text}"


def model_price(name: str, settings: Settings, listed: PriceLookup) -> ModelPrice:
    """Returns what calls of the model are counted at: never silently nothing.

    Raises ModelError where nobody has named a price and the settings refuse such models.
    """
    known = known_price(name, settings, listed)
    if known is not None:
        return known

    if settings.unpriced == "refuse":
        raise ModelError(
            f"asking {name!r}: its price is unknown and BEAGLE_UNPRICED is 'refuse'; set "
            "BEAGLE_USD_PER_MILLION_INPUT and BEAGLE_USD_PER_MILLION_OUTPUT, or BEAGLE_UNPRICED"
        )

    if settings.unpriced == "free":
        return ModelPrice(name, Price(), "free")

    return ModelPrice(name, ASSUMED, "assumed")


def known_price(name: str, settings: Settings, listed: PriceLookup) -> ModelPrice | None:
    """Returns the price that somebody has named for the model; None where nobody has.

    The operator's own entry for the model wins over the list, and the list over the price that the
    settings name for every model without one.
    """
    if name == LOCAL:
        second_usd = settings.local_usd_per_cpu_second * settings.local_threads
        return ModelPrice(name, Price(server_second_usd=second_usd), "processor")

    for entry in map(read_price_entry, settings.model_prices):
        if entry.name == name:
            own = Price(entry.input_usd, entry.cached_input_usd, entry.output_usd)
            return ModelPrice(name, own, "settings", entry.date)

    in_list = listed(name)
    if in_list is not None:
        return ModelPrice(name, in_list, "list")

    input_usd = settings.usd_per_million_input / 1_000_000
    output_usd = settings.usd_per_million_output / 1_000_000
    if input_usd or output_usd:
        return ModelPrice(name, Price(input_usd, input_usd, output_usd), "settings")

    return None


def model_names(settings: Settings, catalog: Catalog) -> Sequence[str]:
    """Returns every model that the settings and the routes may call, the answering one first."""
    names = [settings.model, settings.teacher_model, settings.reflection_model]
    names += settings.trial_models
    for route in catalog.routes.values():
        names += route.version.models

    return list(dict.fromkeys(filter(None, names)))


def models_in_settings(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Returns every model that a setting names, asked or only counted with, and those settings.

    The local model is left out, because nobody switches it off; so is one on a server of one's own.
    """
    places: dict[str, list[str]] = {}
    for setting in MODEL_SETTINGS:
        value = getattr(settings, setting)
        for name in (value,) if isinstance(value, str) else value:
            own = bool(settings.model_url) and name == settings.model
            if name and name != LOCAL and not own:
                places.setdefault(name, []).append(f"BEAGLE_{setting.upper()}")

    return places


def named_models(settings: Settings, catalog: Catalog) -> Mapping[str, Sequence[str]]:
    """Returns every model that settings and routes name, and where."""
    places = {name: list(where) for name, where in models_in_settings(settings).items()}
    for route in catalog.routes.values():
        for name in route.version.models:
            if name != LOCAL:
                places.setdefault(name, []).append(f"route {route.name}")

    return places


def log_prices(settings: Settings, catalog: Catalog, listed: PriceLookup) -> None:
    """Logs what each model is counted at, as a warning where nobody has named a price."""
    log = get_log(part="model")
    for name in model_names(settings, catalog):
        try:
            priced = model_price(name, settings, listed)
        except ModelError as error:
            log.warning("model_unpriced", model=name, error=str(error))
            continue

        if priced.is_certain:
            log.info("model_price", model=name, price=priced.description)
        else:
            log.warning("model_unpriced", model=name, error=priced.description)


def _without_exponent(usd: float) -> str:
    """Returns an amount as people write it: $0.00002 and not $2e-05."""
    text = f"{usd:.8f}".rstrip("0").rstrip(".")
    return f"${text}" if float(text) or not usd else f"${usd:g}"
