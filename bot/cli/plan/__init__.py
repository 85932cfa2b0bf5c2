"""`beagle plan`: what a training would need and cost, before anything is rented."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

import typer

from bot.cli.plan.as_text import plan_text
from bot.cli.team_option import choose_team
from bot.cli.terminal import Json, load_data_settings
from router.config import Settings
from router.errors import InputError
from router.store import open_store
from router.text.printable import print_line
from router.types import Candidate
from workers.readiness.evidence import CHEAP_MODEL
from workers.readiness.prices import known_prices
from workers.readiness.thresholds import tuning_costs
from workers.training.plan import CARDS, Card, TrainingPlan, plan_training
from workers.training.plan.candidate import learnable_rows, row_tokens
from workers.training.plan.memory import METHODS, Method
from workers.training.plan.serving import Serving, Traffic, plan_serving


def main(
    base: Annotated[
        str, typer.Option(help="The base model: a known name, or a folder with its config.json.")
    ] = "local",
    method: Annotated[str, typer.Option(help="qlora, lora, full or rft.")] = "lora",
    rows: Annotated[int, typer.Option(min=1, help="Examples to learn from.")] = 10_000,
    row_tokens: Annotated[
        int, typer.Option(min=0, help="Tokens of one example; 0 for a usual range.")
    ] = 0,
    rank: Annotated[int, typer.Option(min=0, help="Rank of the adapter; 0 for a usual range.")] = 0,
    card: Annotated[int, typer.Option(help="GB of the graphics card: 24, 48 or 80.")] = 0,
    card_usd: Annotated[float, typer.Option(min=0, help="USD per hour of a card.")] = 0.0,
    calls: Annotated[int, typer.Option(min=1, help="Requests a month.")] = 10_000,
    candidate: Annotated[
        str, typer.Option(help="A candidate's id or label: its rows and requests.")
    ] = "",
    team: Annotated[str | None, typer.Option(help="The candidate's workspace.")] = None,
    as_json: Json = False,
) -> None:
    """Plan a training: memory, cards, hours and USD as ranges, and what serving costs."""
    settings = load_data_settings()
    chosen = _card(card, card_usd)
    question = PlanQuestion(base, _method(method), rows, calls, row_tokens, rank, chosen)
    if candidate:
        question = _about(settings, question, candidate, team)

    plan, serving = make_plan(settings, question)
    if as_json:
        print_line(json.dumps(plan.as_dict() | serving.as_dict()))
    else:
        print_line(plan_text(plan, serving))


@dataclass(frozen=True, slots=True)
class PlanQuestion:
    """What is planned; 0 tokens or rank and no card stand for a usual range."""

    base: str
    method: Method
    rows: int
    calls: int
    row_tokens: int = 0
    rank: int = 0
    card: Card | None = None


def make_plan(settings: Settings, question: PlanQuestion) -> tuple[TrainingPlan, Serving]:
    """Returns what the training needs, and what serving its model costs.

    It is compared with the model that the settings name as a reference, else a cheap one.
    """
    plan = plan_training(
        question.base,
        question.method,
        question.rows,
        question.row_tokens or None,
        question.rank or None,
        question.card,
    )
    prices = known_prices(settings)
    reference = settings.reference_model or CHEAP_MODEL
    price = prices.price_of(reference)
    if price is None:
        raise InputError(
            f"planning a training: the price of {reference!r} is unknown; name it in "
            "BEAGLE_MODEL_PRICES, or another model in BEAGLE_REFERENCE_MODEL"
        )

    serving = plan_serving(
        plan,
        Traffic(calls=question.calls),
        (reference, price),
        prices.price_of,
        tuning_costs(settings),
    )
    return plan, serving


def _about(settings: Settings, question: PlanQuestion, name: str, team: str | None) -> PlanQuestion:
    """Returns the question with a candidate's rows, and its requests of four weeks."""
    store = open_store(settings.store_url)
    try:
        candidates = store.candidates.for_team(choose_team(store, team))
    finally:
        store.close()

    found = _find(candidates, name)
    return PlanQuestion(
        base=question.base,
        method=question.method,
        rows=max(1, learnable_rows(found)),
        calls=max(1, found.evidence.count),
        row_tokens=question.row_tokens or row_tokens(found),
        rank=question.rank,
        card=question.card,
    )


def _find(candidates: list[Candidate], name: str) -> Candidate:
    for candidate in candidates:
        if name in (candidate.id, candidate.label):
            return candidate

    known = ", ".join(repr(candidate.label) for candidate in candidates) or "none"
    raise InputError(f"planning a training: no candidate is called {name!r}; known: {known}")


def _method(name: str) -> Method:
    for method in METHODS:
        if method == name:
            return method

    raise InputError(f"planning a training: method {name!r}; known: {', '.join(METHODS)}")


def _card(gigabytes: int, hour_usd: float) -> Card | None:
    """Returns the card of that size, at a price of one's own where one is named."""
    sizes = {int(card.memory_gb): card for card in CARDS}
    if gigabytes == 0 and not hour_usd:
        return None
    if gigabytes not in sizes:
        raise InputError(
            f"planning a training: --card {gigabytes}; known sizes in GB: "
            f"{', '.join(map(str, sizes))}; --card-usd needs one of them"
        )

    card = sizes[gigabytes]
    return card.at_price(hour_usd) if hour_usd else card
