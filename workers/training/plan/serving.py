"""What serving a trained model costs a month, and when training has paid for itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from workers.llm.pricing import Price
from workers.readiness.roi import CostModel, Interval, TuningCosts, estimate_roi
from workers.training.plan import CARDS, Card, TrainingPlan
from workers.training.plan.memory import BF16_BYTES, GB, Span

MONTH_HOURS = 730.0
SERVING_SHARE = 0.7
"""Share of a card's memory for the weights; the rest holds the caches of the requests under way."""
SERVICE_PRICES = (
    (4e9, "together-ai-up-to-4b"),
    (8.1e9, "together-ai-4.1b-8b"),
    (21e9, "together-ai-8.1b-21b"),
    (41e9, "together-ai-21.1b-41b"),
    (80e9, "together-ai-41.1b-80b"),
    (110e9, "together-ai-81.1b-110b"),
)
"""The entries of litellm's list by the most parameters that each is for."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests a month, and tokens: of today's prompt, of the tuned one, and of an answer."""

    calls: int = 10_000
    prompt_tokens: int = 2_500
    tuned_tokens: int = 260
    output_tokens: int = 25


@dataclass(frozen=True, slots=True)
class Serving:
    """USD a month of serving, from the cheaper to the dearer way, and months until it has paid.

    `ways` are the two ways in words with their USD. `break_even_months` is None where it never
    pays, against the prompted model `against`.
    """

    usd_per_month: Span
    ways: tuple[tuple[str, float], ...]
    against: str
    break_even_months: Span | None

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures for scripts; ranges are `[low, high]`."""
        months = self.break_even_months
        return {
            "serving_usd_per_month": [round(usd, 2) for usd in self.usd_per_month],
            "against": self.against,
            "break_even_months": None if months is None else [round(end, 1) for end in months],
        }


def plan_serving(
    plan: TrainingPlan,
    traffic: Traffic,
    prompted: tuple[str, Price],
    price_of: Callable[[str], Price | None],
    costs: TuningCosts,
) -> Serving:
    """Returns what the trained model costs to serve, by token and on a card of its own.

    `prompted` is the model that answers with the long prompt, with its price. `costs` are those of
    tuning besides the training.
    """
    ways = []
    service = _service_price(plan.parameters, price_of)
    tuned_name = f"{plan.base}, tuned"
    tuned = CostModel(tuned_name, Price(), traffic.tuned_tokens, traffic.output_tokens)
    if service is not None and plan.method in ("lora", "qlora"):
        # Only adapters are served by the token; a model of its own needs cards of its own.
        tuned = replace(tuned, price=service)
        ways.append(("by the token, at a service that takes adapters", traffic.calls * tuned.usd))

    ways.append(("on a card of its own, day and night", _own_cards_usd(plan)))
    ways.sort(key=lambda way: way[1])
    usd = (ways[0][1], ways[-1][1])

    base = CostModel(
        prompted[0], prompted[1], traffic.prompt_tokens, traffic.output_tokens, source="list"
    )
    months = _break_even(plan, traffic, base, tuned, costs)
    return Serving(usd, tuple(ways), prompted[0], months)


def _break_even(
    plan: TrainingPlan,
    traffic: Traffic,
    base: CostModel,
    tuned: CostModel,
    costs: TuningCosts,
) -> Span | None:
    """Returns months until savings have paid for review and training, cheap and dear."""
    hosting = costs.hosting_usd if tuned.price.input_usd else _own_cards_usd(plan)
    ends = []
    for usd in plan.usd:
        spent = replace(costs, training_usd=usd, retrain_usd=usd, hosting_usd=hosting)
        roi = estimate_roi([base], tuned, Interval.around(traffic.calls), spent)
        if roi.break_even_months is None:
            return None
        ends.append(roi.break_even_months.likely)

    return ends[0], ends[1]


def _own_cards_usd(plan: TrainingPlan) -> float:
    """Returns USD a month of the cheapest cards that hold the weights in 16 bits."""
    gigabytes = BF16_BYTES * plan.parameters / GB

    def usd(card: Card) -> float:
        count = math.ceil(gigabytes / (SERVING_SHARE * card.memory_gb))
        return count * card.fast[1] * MONTH_HOURS

    return min(map(usd, CARDS))


def _service_price(parameters: float, price_of: Callable[[str], Price | None]) -> Price | None:
    for most, entry in SERVICE_PRICES:
        if parameters <= most:
            return price_of(entry)

    return None
