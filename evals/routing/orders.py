"""How often an order with pasted text goes to the route of the order, on the built-in routes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.cli.terminal import Json
from evals.figures import print_figures
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.decide import Router
from router.encoder.factory import open_encoder
from router.log import set_up_logs

ORDERS = Path(__file__).with_name("orders.json")
"""Orders by route. None of them is an example of a route."""
PAGES = Path(__file__).parents[1] / "handbook"
LENGTHS = (40, 80, 120, 200)
"""Words of pasted text."""
FORMS: Mapping[str, str] = {
    "colon": "{order}: {text}",
    "line": "{order}\n{text}",
    "blank_line": "{order}\n\n{text}",
    "after": "{text}\n\n{order}",
    "quotation": "{order} \u201c{text}\u201d",
    "quoted_lines": "{order}\n> {text}",
    "sentence": "{order}. {text}",
    "alone": "{order}",
}


def main(
    encoder: EncoderName = "fast",
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Put pasted text of 40 to 200 words behind orders and count which go to their route."""
    set_up_logs("auto", "error")
    catalog = load_routes(builtin_routes_folder())
    descriptions = catalog.descriptions()
    router = Router.train(
        catalog.training_examples(), open_encoder(encoder, cache), descriptions, seed=0
    )

    print_figures(measure(router), as_json=as_json, width=16, number_format=".4f")


def measure(router: Router) -> dict[str, float]:
    """Returns the share of orders that go to their route, by form and over all, and asked back."""
    right: dict[str, list[bool]] = {}
    asked = []
    for form, route, message in _messages():
        decision, _ = router.decide(message)
        right.setdefault(form, []).append(decision.route == route)
        if form != "alone":
            asked.append(decision.verb == "ask")

    shares = {form: sum(results) / len(results) for form, results in right.items()}
    pasted = [result for form, results in right.items() if form != "alone" for result in results]
    return shares | {"right": sum(pasted) / len(pasted), "asked": sum(asked) / len(asked)}


def _messages() -> Iterator[tuple[str, str, str]]:
    """Yields `(form, route, message)`; each order meets each form, with another page each time."""
    pages = [" ".join(page.read_text("utf-8").split()) for page in sorted(PAGES.glob("*.md"))]
    number = 0

    for route, orders in json.loads(ORDERS.read_text("utf-8")).items():
        for order in orders:
            for form, pattern in FORMS.items():
                words = pages[number % len(pages)].split()
                text = " ".join(words[: LENGTHS[number % len(LENGTHS)]])
                number += 1
                yield form, route, pattern.format(order=order, text=text)
