"""Measures the cascade: whole requests through the real bot, with loopback models of known quality.

Three tiers with the prices of the price list, six intents in which they differ, people who report
three in ten wrong answers and rephrase one in ten, and a cheap tier that changes half way.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
import typer

from evals.figures import print_figures
from evals.tiers.cascade_world.help_desk import HelpDesk
from evals.tiers.cascade_world.models import LoopbackModel
from evals.tiers.cascade_world.tasks import LABELS, Task, draw_task
from router.config import read_settings
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.types import Outcome

SMALL, MEDIUM, LARGE = "gpt-4.1-nano", "gpt-4.1-mini", "gpt-4.1"
TIERS = f"""tiers:
  - {{name: small, models: [{SMALL}]}}
  - {{name: medium, models: [{MEDIUM}]}}
  - {{name: large, models: [{LARGE}]}}
"""
QUALITY = {
    SMALL: (0.97, 0.96, 0.95, 0.85, 0.7, 0.5),
    MEDIUM: (0.98, 0.97, 0.97, 0.95, 0.93, 0.8),
    LARGE: (0.98, 0.98, 0.97, 0.97, 0.97, 0.96),
}
"""The quality of each model by intent, in the order of `LABELS`."""
CHANGED, IMPROVED = LABELS[0], LABELS[5]
"""The intent in which the small model becomes worse: it is good at it, and used for it, at first.
And the one in which it becomes better: it is bad at it."""
LOSS, GAIN = 0.2, -0.45
REPORTED, REPHRASED = 0.3, 0.1
"""Shares of wrong answers that people press thumbs down for, and ask about once more."""
WINDOW = 20
"""Requests of the region over which the use of a tier is counted."""
MAX_ADAPTION = 120


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Served:
    """A request, what the person got, and whether it was right at last."""

    task: Task
    outcome: Outcome
    right: bool
    usd: float


def main(
    requests: Annotated[int, typer.Option(min=50, help="Requests before anything changes.")] = 600,
    seeds: Annotated[int, typer.Option(min=1, help="Worlds; figures are their means.")] = 3,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Serve requests by models of known quality; print what they cost and how good they were."""
    set_up_logs("auto", "error")
    results = [_run_desk(seed, requests) for seed in range(seeds)]
    figures = {name: float(np.mean([result[name] for result in results])) for name in results[0]}
    print_figures(figures, as_json=as_json, number_format=".4f")


def _models() -> dict[str, LoopbackModel]:
    return {
        name: LoopbackModel(dict(zip(LABELS, quality, strict=True)))
        for name, quality in QUALITY.items()
    }


def _run_desk(seed: int, requests: int) -> dict[str, float]:
    """Returns the figures of one desk: the steady state, a loss and a gain of the small tier."""
    figures = _at_a_desk(seed, lambda desk, rng: _steady(desk, rng, requests))
    figures["adapted_after"] = _at_a_desk(
        seed, lambda desk, rng: _adaption(desk, rng, requests // 3, CHANGED, LOSS)
    )
    figures["improved_after"] = _at_a_desk(
        seed, lambda desk, rng: _adaption(desk, rng, requests // 3, IMPROVED, GAIN)
    )
    return figures


def _at_a_desk(seed: int, play: Callable[[HelpDesk, random.Random], Result]) -> Result:
    with tempfile.TemporaryDirectory(prefix="beagle-cascade") as folder:
        encoder = open_encoder("fast", read_settings().encoder_cache)
        desk = HelpDesk(Path(folder), _models(), TIERS, seed, encoder=encoder)
        try:
            return play(desk, random.Random(f"people {seed}"))  # noqa: S311  # a simulation
        finally:
            desk.close()


def _steady(desk: HelpDesk, rng: random.Random, requests: int) -> dict[str, float]:
    served = [_serve(desk, rng, draw_task(rng)) for _ in range(requests)]
    prices = _prices(desk)
    large = desk.client.models[LARGE]
    always = float(np.mean([large.chance(one.task.label) for one in served]))
    quality = float(np.mean([one.right for one in served]))
    usd = float(np.mean([one.usd for one in served]))

    escalated = [one.outcome for one in served if one.outcome.attempts]
    needed = [outcome.attempts[0].agreed < 1.0 for outcome in escalated]
    return {
        "quality_kept": quality / always,
        "cost_share": usd / prices[LARGE],
        "escalated": len(escalated) / len(served),
        "escalation_precision": float(np.mean(needed)) if needed else 0.0,
        "quality": quality,
        "always_strongest": always,
        "regret": _oracle(desk, served) - quality,
        "oracle_cost_share": _oracle_usd(desk, served) / prices[LARGE],
    }


def _serve(desk: HelpDesk, rng: random.Random, task: Task) -> Served:
    """Lets a person ask; one who got a wrong answer may say so, or ask once more."""
    request, _, outcome = desk.ask(task)
    usd = outcome.usd
    right = desk.is_right(outcome, task)
    if not right:
        draw = rng.random()
        if draw < REPORTED:
            desk.press(request, "down")
        elif draw < REPORTED + REPHRASED:
            # The second answer is a cost of the first; the person has what came last.
            _, _, again = desk.ask_again(request, task)
            usd += again.usd
            right = desk.is_right(again, task)

    return Served(task, outcome, right, usd)


def _adaption(desk: HelpDesk, rng: random.Random, before: int, label: str, change: float) -> float:
    """Returns how many requests of an intent it takes until the small tier is used accordingly.

    Used less: in at most half as many requests as before, used more: in at least half of them, over
    a window that begins there.
    """
    for number in range(before):
        _serve(desk, rng, draw_task(rng, label if number % 3 == 0 else ""))

    usual = [_first(_serve(desk, rng, draw_task(rng, label))) for _ in range(WINDOW)]
    small = desk.client.models[SMALL]
    small.lost[label] = change
    # Silently: nothing in its answers shows it, so no check does.
    small.hides.add(label)

    used: list[bool] = []
    for number in range(MAX_ADAPTION):
        used.append(_first(_serve(desk, rng, draw_task(rng, label))))
        recent = used[-WINDOW:]
        share = sum(recent) / len(recent)
        is_adapted = share <= sum(usual) / len(usual) / 2 if change > 0 else share >= 0.5
        if len(recent) == WINDOW and is_adapted:
            # The window is full of it: it began a window ago.
            return float(max(0, number + 1 - WINDOW))

    return float(MAX_ADAPTION)


def _first(served: Served) -> bool:
    """Returns whether the small tier was asked first."""
    tiers = [attempt.tier for attempt in served.outcome.attempts] + [served.outcome.tier]
    return tiers[0] == "small"


def _prices(desk: HelpDesk) -> dict[str, float]:
    """Returns what one answer of each model costs."""
    usd = {}
    for name in desk.client.models:
        price = desk.client.price(name)
        if price is None:
            raise LookupError(f"pricing {name!r}: the price list does not have it")

        usd[name] = desk.client.usd(price)

    return usd


def _oracle(desk: HelpDesk, served: Sequence[Served]) -> float:
    """Returns the quality of who knows which models can answer a message, and asks the cheapest."""
    models = desk.client.models.values()
    return float(np.mean([max(model.chance(one.task.label) for model in models) for one in served]))


def _oracle_usd(desk: HelpDesk, served: Sequence[Served]) -> float:
    """Returns the mean USD of the oracle, which asks the largest model where none can answer."""
    prices = _prices(desk)
    total = 0.0
    for one in served:
        able = []
        for name, model in desk.client.models.items():
            if one.task.difficulty < model.chance(one.task.label):
                able.append(prices[name])

        total += min(able, default=prices[LARGE])

    return total / len(served)
