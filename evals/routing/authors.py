"""How messages of people are routed who wrote none of the built-in routes' examples.

Eleven authors wrote messages for the routes from their descriptions alone, each as the people of
one kind of company, and for what no route serves. Each author's messages are decided by a router
that has learned from the other authors and from everything else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bot.cli.terminal import Json
from bot.routing.route_access import route_signals
from evals.figures import print_figures
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from router.decide import Router, Signals
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.types import NO_ROUTE, Decision, Example

AUTHORS = Path(__file__).with_name("authors.json")
"""The ids of each author's messages, which are rows of the routes' examples."""
BANDS = (0.5, 0.7, 0.9, 1.01)
"""Confidences between which the share of right routes is counted."""
OFFERED = 3
"""Routes that a question back offers."""


@dataclass(slots=True)
class _Counts:
    """Outcomes of messages that a route serves, and of others; right or not by confidence."""

    inside: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    stated: list[tuple[float, bool]] = field(default_factory=list)


def main(
    encoder: EncoderName = "fast",
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Route each author's messages by a router that has seen only the other authors'."""
    set_up_logs("auto", "error")
    catalog = load_routes(builtin_routes_folder())
    authors = json.loads(AUTHORS.read_text("utf-8"))
    figures = measure(catalog, authors, open_encoder(encoder, cache))

    print_figures(figures, as_json=as_json, width=22, number_format=".4f")


def measure(
    catalog: Catalog, authors: Mapping[str, Collection[str]], encoder: Encoder
) -> dict[str, float]:
    """Returns shares of the messages, 0-1, and how many there were."""
    descriptions = catalog.descriptions()
    examples = catalog.training_examples()
    # A route with many rows teaches a sample of them.
    rows = [row for route in catalog.routes.values() for row in route.examples]
    every = {example.id: example for example in [*examples, *rows]}.values()
    signals, counts = route_signals(catalog.routes), _Counts()

    for keys in authors.values():
        own = set(keys)
        taught = [example for example in examples if example.id not in own]
        router = Router.train(taught, encoder, descriptions, seed=0)
        _count(router, [example for example in every if example.id in own], signals, counts)

    return _shares(counts)


def _count(router: Router, messages: Sequence[Example], signals: Signals, counts: _Counts) -> None:
    for example in messages:
        decision, _ = router.decide(example.text, signals)
        if decision.verb == "route":
            counts.stated.append((decision.confidence, decision.route == example.route))

        if example.route == NO_ROUTE:
            counts.outside[decision.verb] += 1
        else:
            counts.inside[_outcome(decision, example.route)] += 1


def _outcome(decision: Decision, route: str) -> str:
    if decision.verb == "route":
        return "right" if decision.route == route else "wrong"
    if decision.verb == "ask":
        offered = [score.route for score in decision.scores[:OFFERED]]
        return "asked" if route in offered else "wrong"

    return "turned_away"


def _shares(counts: _Counts) -> dict[str, float]:
    inside, outside = counts.inside.total(), counts.outside.total()
    figures: dict[str, float] = {"messages": inside, "others": outside}
    for name in ("right", "asked", "turned_away", "wrong"):
        figures[name] = counts.inside[name] / inside

    figures["others_asked"] = counts.outside["ask"] / outside
    figures["others_routed"] = counts.outside["route"] / outside
    for low, high in pairwise(BANDS):
        right = [is_right for stated, is_right in counts.stated if low <= stated < high]
        figures[f"right_at_{low:.1f}_to_{high:.1f}"] = sum(right) / max(1, len(right))

    return figures
