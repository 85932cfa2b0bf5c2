"""How often a request in another language goes to its route, on the built-in English examples."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bot.cli.terminal import Json
from evals.figures import print_figures
from evals.routing.router_options import DEFAULT_CACHE, EncoderCache, EncoderName
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.decide import Router
from router.encoder.factory import open_encoder
from router.log import set_up_logs
from router.speech.language import ENGLISH

REQUESTS = Path(__file__).with_name("languages.json")
"""Requests by route, each with its translations. None of them is an example of a route."""


def main(
    encoder: EncoderName = "multilingual",
    cache: EncoderCache = DEFAULT_CACHE,
    as_json: Json = False,
) -> None:
    """Ask the built-in routes for the same in eight languages and count which go right.

    `likeliest` counts the likeliest route, whatever is decided; `right` what is decided; `asked`
    how often Beagle asks back.
    """
    set_up_logs("auto", "error")
    catalog = load_routes(builtin_routes_folder())
    descriptions = catalog.descriptions()
    router = Router.train(
        catalog.training_examples(), open_encoder(encoder, cache), descriptions, seed=0
    )

    results: dict[str, list[bool]] = defaultdict(list)
    for language, route, message in _requests():
        likeliest = router.predict([message]).probabilities[0].argmax()
        decision, _ = router.decide(message)
        results[f"{language}_likeliest"].append(router.classes[int(likeliest)] == route)
        results[f"{language}_right"].append(decision.route == route)
        results[f"{language}_asked"].append(decision.verb == "ask")

        group = "english" if language == ENGLISH else "others"
        results[f"{group}_likeliest"].append(results[f"{language}_likeliest"][-1])
        results[f"{group}_right"].append(results[f"{language}_right"][-1])

    shares = {name: sum(values) / len(values) for name, values in sorted(results.items())}
    print_figures(shares, as_json=as_json, width=20, number_format=".4f")


def _requests() -> Iterator[tuple[str, str, str]]:
    """Yields `(language, route, message)`."""
    for route, requests in json.loads(REQUESTS.read_text("utf-8")).items():
        for translations in requests:
            for language, message in translations.items():
                yield language, route, message
