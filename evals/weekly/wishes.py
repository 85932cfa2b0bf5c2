"""How many messages a route takes that an admin described with a name, a task and two examples.

Each wish comes with messages for it in other words, which were written before any result was seen.
It is drafted by production's own code, and a router learns it beside the built-in routes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bot.cli.terminal import Json
from bot.routing.route_access import route_signals
from evals.figures import print_figures
from evals.routing import authors, orders
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from router.candidate_evidence import CandidateEvidence
from router.catalog.catalog import Catalog, Route, builtin_routes_folder, load_routes
from router.decide import Router
from router.encoder.cache import CachingEncoder
from router.encoder.factory import open_encoder
from router.encoder.protocol import Encoder
from router.log import set_up_logs
from router.text.printable import print_line
from router.types import Candidate
from workers.drafting.wish import write_wish

WISHES = Path(__file__).with_name("wishes.json")
"""Wishes with their messages. `overlaps` names the built-in route that takes such messages."""
CACHED_TEXTS = 16_384
"""Every text is encoded once for all routers."""


@dataclass(frozen=True, slots=True)
class WishResult:
    """What became of a wish's messages; shares are in 0-1, `elsewhere` counts by other route."""

    name: str
    overlaps: str
    learned: int
    messages: int
    taken: float
    asked: float
    turned_away: float
    elsewhere: Mapping[str, int]
    orders_change_points: float


def main(
    encoder: EncoderName = "fast",
    cache: EncoderCache = DEFAULT_CACHE,
    beside: Annotated[
        str, typer.Option("--authors", help="Also `eval authors` beside the draft of this wish.")
    ] = "",
    as_json: Json = False,
    show: Annotated[bool, typer.Option("--show", help="Also each wish.")] = False,
) -> None:
    """Draft routes from two examples each; report which messages in other words they take."""
    set_up_logs("auto", "error")
    catalog = load_routes(builtin_routes_folder())
    wishes = json.loads(WISHES.read_text("utf-8"))
    reader = CachingEncoder(open_encoder(encoder, cache), CACHED_TEXTS)
    results = measure(catalog, wishes, reader)

    figures = summarise(results)
    for wish in wishes:
        if wish["name"] == beside:
            figures |= authors_change(catalog, wish, reader)
    if show and as_json:
        figures["wishes"] = [asdict(result) for result in results]
    if show and not as_json:
        for result in results:
            print_line(_line(result))

    print_figures(figures, as_json=as_json, width=28)


def measure(
    catalog: Catalog, wishes: Sequence[Mapping[str, Any]], encoder: Encoder
) -> list[WishResult]:
    """Returns a result for each wish, whose draft is the only one beside the catalogue."""
    before = orders.measure(_train(catalog, encoder))["right"]
    return [_measure_one(catalog, wish, encoder, before) for wish in wishes]


def draft_wish(wish: Mapping[str, Any], taken: Sequence[str]) -> Route:
    """Returns the route that production drafts from what an admin typed."""
    candidate = Candidate(
        id=f"T1:new-{wish['name']}",
        team="T1",
        label=wish["name"],
        definition=wish["task"],
        state="approved",
        evidence=CandidateEvidence(examples=tuple(wish["examples"])),
    )
    draft = write_wish(candidate, taken, 0.0)
    return draft.route.as_route(draft.version)


def summarise(results: Sequence[WishResult]) -> dict[str, Any]:
    """Returns the figures; the shares of wishes that overlap a built-in route are apart."""
    apart = [result for result in results if not result.overlaps]
    overlapping = [result for result in results if result.overlaps]
    return {
        "count": len(apart),
        "messages": sum(result.messages for result in apart),
        "taken": _mean([result.taken for result in apart]),
        "taken_min": min((result.taken for result in apart), default=None),
        "asked": _mean([result.asked for result in apart]),
        "turned_away": _mean([result.turned_away for result in apart]),
        "overlapping_taken": _mean([result.taken for result in overlapping]),
        "orders_mean_change_points": _mean([one.orders_change_points for one in results]),
        "orders_worst_change_points": min(one.orders_change_points for one in results),
    }


def authors_change(catalog: Catalog, wish: Mapping[str, Any], encoder: Encoder) -> dict[str, float]:
    """Returns the shares of `eval authors` without the draft of the wish and beside it."""
    known = json.loads(authors.AUTHORS.read_text("utf-8"))
    route = draft_wish(wish, tuple(catalog.routes))
    beside = Catalog({**catalog.routes, route.name: route})
    figures = {}
    for when, routes in (("before", catalog), ("beside", beside)):
        shares = authors.measure(routes, known, encoder)
        figures[f"authors_{when}"] = round(shares["right"], 4)
        figures[f"others_routed_{when}"] = round(shares["others_routed"], 4)

    return figures


def _measure_one(
    catalog: Catalog, wish: Mapping[str, Any], encoder: Encoder, orders_before: float
) -> WishResult:
    route = draft_wish(wish, tuple(catalog.routes))
    routes = {**catalog.routes, route.name: route}
    router = _train(Catalog(routes), encoder)
    signals = route_signals(routes)

    verbs: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for message in wish["messages"]:
        decision, _ = router.decide(message, signals)
        verbs[decision.verb] += 1
        if decision.verb == "route":
            chosen[str(decision.route)] += 1

    count = len(wish["messages"])
    taken = chosen.pop(route.name, 0)
    return WishResult(
        name=wish["name"],
        overlaps=wish.get("overlaps", ""),
        learned=len(route.utterances),
        messages=count,
        taken=taken / count,
        asked=verbs["ask"] / count,
        turned_away=(count - verbs["ask"] - verbs["route"]) / count,
        elsewhere=dict(chosen),
        orders_change_points=round(100 * (orders.measure(router)["right"] - orders_before), 2),
    )


def _train(catalog: Catalog, encoder: Encoder) -> Router:
    return Router.train(catalog.training_examples(), encoder, catalog.descriptions(), seed=0)


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def _line(result: WishResult) -> str:
    others = ", ".join(f"{route} {count}" for route, count in result.elsewhere.items())
    return (
        f"{result.name:18} {result.taken:4.0%} taken, {result.asked:4.0%} asked back, "
        f"{result.turned_away:4.0%} turned away, elsewhere: {others or 'none'}; "
        f"orders {result.orders_change_points:+.2f}"
    )
