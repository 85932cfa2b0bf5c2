"""Chooses among the prompted ways of a candidate: the cheapest that is good enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.config import Settings
from workers.readiness.prices import Prices
from workers.readiness.readiness_input import Attempt
from workers.readiness.roi import CostModel, Interval
from workers.readiness.trial_results import LIVE, Trials, WayResult

PAYBACK_MONTHS = 12.0
"""Another way that saves less than an hour of somebody's time in a year is not worth the change."""


@dataclass(frozen=True, slots=True)
class LiveRecord:
    """What the log says of the version in use.

    `judged` is how many of its answers people judged, `accuracy` (0-1) the share they found right.
    `cost` is what a request costs, None where its model has no price.
    """

    judged: int
    accuracy: float
    cost: CostModel | None


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """The prompted way that a candidate should use, and every priced one as a cost model.

    `attempt` is None where nothing was measured. `usd` is what a request costs with that way.
    """

    attempt: Attempt | None
    usd: float | None
    costs: tuple[CostModel, ...]


def choose_prompt(
    live: LiveRecord,
    trials: Trials,
    prices: Prices,
    monthly: float,
    settings: Settings,
) -> PromptChoice:
    """Returns the cheapest prompted way that reaches the target, else the most accurate one.

    `monthly` is the number of requests a month. What people said of enough answers in use counts
    more than a trial of the same version.
    """
    target = settings.ready_prompt_target
    options = _options(live, trials, prices, settings)
    if not options:
        unmeasured = () if live.cost is None else (live.cost,)
        return PromptChoice(None, None, unmeasured)

    chosen = _cheapest_passing(options, target) or _most_accurate(options)
    in_use = next((option for option in options if option.name == LIVE), None)
    if in_use is not None and not _is_worth_changing(in_use, chosen, target, monthly, settings):
        # Nothing that is good enough: the most accurate way shows how far prompting goes.
        chosen = in_use if in_use.accuracy >= target else _most_accurate(options)

    searched = trials.searched or chosen.accuracy >= target
    attempt = Attempt(
        chosen.accuracy,
        chosen.examples,
        target,
        optimised=searched,
        high=chosen.high,
        change="" if chosen.name == LIVE else chosen.name,
        by_people=chosen.by_people,
    )
    costs = [option.cost for option in options if option.cost is not None]
    return PromptChoice(attempt, None if chosen.cost is None else chosen.cost.usd, tuple(costs))


@dataclass(frozen=True, slots=True)
class _Option:
    name: str
    accuracy: float
    high: float
    examples: int
    cost: CostModel | None
    by_people: bool = False


def _options(
    live: LiveRecord,
    trials: Trials,
    prices: Prices,
    settings: Settings,
) -> list[_Option]:
    """Returns the ways that were measured, the live one by its log where enough was judged."""
    options = []
    enough_judged = live.judged >= settings.ready_prompt_examples
    target = settings.ready_prompt_target

    for way in trials.ways:
        if way.name != LIVE or not enough_judged:
            cost = _cost_of(way, prices, target)
            options.append(_Option(way.name, way.accuracy, way.interval[1], trials.labelled, cost))

    if enough_judged or (live.judged and trials.way(LIVE) is None):
        as_way = WayResult(LIVE, "", "", live.accuracy, live.judged)
        low, high = as_way.interval
        cost = live.cost
        if cost is not None:
            cost = _with_accuracy(cost, Interval(low, live.accuracy, high), target)
        record = _Option(LIVE, live.accuracy, high, live.judged, cost, by_people=True)
        options.append(record)

    return options


def _cheapest_passing(options: Sequence[_Option], target: float) -> _Option | None:
    """Returns the cheapest of the ways that pass; one without a price comes last."""
    passing = [option for option in options if option.accuracy >= target]
    return min(passing, key=lambda option: (_usd(option), option.name), default=None)


def _most_accurate(options: Sequence[_Option]) -> _Option:
    return max(options, key=lambda option: (option.accuracy, option.name == LIVE))


def _is_worth_changing(
    live: _Option, other: _Option, target: float, monthly: float, settings: Settings
) -> bool:
    """Returns whether the other way reaches what the live one does not, or saves enough money."""
    if live.accuracy < target:
        return other.accuracy >= target

    if live.cost is None or other.cost is None:
        return False

    saved = (live.cost.usd - other.cost.usd) * monthly * PAYBACK_MONTHS
    return saved > settings.reviewer_usd_per_hour


def _usd(option: _Option) -> float:
    return float("inf") if option.cost is None else option.cost.usd


def _cost_of(way: WayResult, prices: Prices, target: float) -> CostModel | None:
    price = prices.price_of(way.model)
    if price is None:
        return None

    low, high = way.interval
    cost = CostModel(
        f"{way.name} ({way.model})",
        price,
        way.input_tokens,
        way.output_tokens,
        way.cached_share,
        way.seconds,
        source=prices.source_of(way.model),
    )
    return _with_accuracy(cost, Interval(low, way.accuracy, high), target)


def _with_accuracy(cost: CostModel, accuracy: Interval, target: float) -> CostModel:
    return replace(cost, accuracy=accuracy, passes=accuracy.likely >= target, measured=True)
