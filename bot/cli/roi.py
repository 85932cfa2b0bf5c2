"""`beagle roi`: what tuning would save, and whether the cost model still gives known results."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from bot.cli.terminal import Json, load_settings
from router.config import Settings
from router.errors import InputError
from router.text.printable import print_line
from workers.llm.pricing import Price
from workers.readiness.prices import Prices, known_prices
from workers.readiness.roi import CostModel, Interval, Roi, estimate_roi
from workers.readiness.roi_check import recompute_table, render_table
from workers.readiness.thresholds import tuning_costs

TUNED_MODEL = "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct"
"""An open model of 8B parameters, at a service that takes adapters."""
VOLUME_DOUBT = 0.25
"""How far next month's number of requests may be from the given one, either way, as a share."""


def main(
    check: Annotated[
        bool, typer.Option("--check", help="Recompute a known table instead.")
    ] = False,
    prompted: Annotated[
        str, typer.Option(help="The prompted model, by its name in litellm.")
    ] = "gpt-5.6-terra",
    tuned: Annotated[str, typer.Option(help="The tuned model.")] = TUNED_MODEL,
    input_tokens: Annotated[int, typer.Option(min=1, help="Tokens of today's prompt.")] = 2500,
    output_tokens: Annotated[int, typer.Option(min=0, help="Tokens of an answer.")] = 25,
    pruned_tokens: Annotated[
        int, typer.Option(min=1, help="Tokens of the prompt after tuning.")
    ] = 260,
    cached: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the prompt that the provider has cached.")
    ] = 0.0,
    calls: Annotated[int, typer.Option(min=1, help="Requests a month.")] = 10_000,
    as_json: Json = False,
) -> None:
    """Estimate whether tuning pays, with the prices of litellm's list or your own."""
    if check:
        ok, text = check_table(load_settings(), as_json=as_json)
        print_line(text)
        raise typer.Exit(0 if ok else 1)

    question = Question(prompted, tuned, input_tokens, output_tokens, pruned_tokens, cached, calls)
    _, text = answer(load_settings(), question, as_json=as_json)
    print_line(text)


@dataclass(frozen=True, slots=True)
class Question:
    """The comparison: two models by their names in litellm, tokens per call, calls per month."""

    prompted: str
    tuned: str
    input_tokens: int
    output_tokens: int
    pruned_tokens: int
    cached_share: float
    calls: int


def answer(settings: Settings, question: Question, *, as_json: bool) -> tuple[bool, str]:
    """Returns whether tuning pays, and the figures as text or one JSON object."""
    prices = known_prices(settings)
    prompted = CostModel(
        question.prompted,
        _price(prices, question.prompted),
        question.input_tokens,
        question.output_tokens,
        question.cached_share,
        source=prices.source_of(question.prompted),
    )
    tuned = CostModel(
        question.tuned,
        _price(prices, question.tuned),
        question.pruned_tokens,
        question.output_tokens,
        source=prices.source_of(question.tuned),
    )

    volume = Interval.around(question.calls, VOLUME_DOUBT)
    roi = estimate_roi([prompted], tuned, volume, tuning_costs(settings))
    return roi.pays, json.dumps(asdict(roi)) if as_json else _as_text(roi)


def check_table(settings: Settings, *, as_json: bool) -> tuple[bool, str]:
    """Returns whether today's prices reproduce a table computed by hand, and the table."""
    lines = recompute_table(known_prices(settings).price_of)
    ok = all(line.ok for line in lines)

    if as_json:
        rows = [asdict(line) | {"ok": line.ok} for line in lines]
        return ok, json.dumps({"ok": ok, "lines": rows})

    return ok, render_table(lines)


def _price(prices: Prices, name: str) -> Price:
    price = prices.price_of(name)
    if price is None:
        raise InputError(
            f"estimating the cost: litellm's price list has no model {name!r}; use the name that "
            "its list has, such as 'gpt-5.6-terra', or name its price in BEAGLE_MODEL_PRICES"
        )

    return price


def _as_text(roi: Roi) -> str:
    """Returns figures and reasons, one a line."""
    verdict = "worth tuning" if roi.pays else "not worth tuning"
    lines = [f"{roi.times_cheaper:.1f}x cheaper a call, {verdict} on money"]
    lines += [f"  {reason}" for reason in roi.why]

    lines.append(f"  ${roi.first_usd:,.2f} before it starts")
    if roi.calls_needed is not None:
        lines.append(f"  pays within a year from {roi.calls_needed:,.0f} calls a month")

    return "\n".join(lines)
