"""Finds messages that an installation's router is torn about: two requests in one, of which neither clearly wins."""

from __future__ import annotations

from itertools import combinations, product

from bot.cli.route import installed
from router.config import Settings
from router.decide import Signals

EACH = 3
"""Utterances of each route that are joined, the shortest."""


def torn(settings: Settings, most: int = 4) -> list[str]:
    """Messages about which the router asks back, the most doubtful first; none where it is sure of every pair.

    They are joined from what two routes are asked, so that the question is the router's own and not
    staged.
    """
    router, routes = installed(settings)
    said = [
        sorted(route.utterances, key=lambda text: (len(text), text))[:EACH]
        for route in routes.routes.values()
    ]
    doubt = []

    for first, second in combinations(said, 2):
        for pair in product(first, second):
            text = " and ".join(pair)
            made, _ = router.decide(text, Signals())
            if made.verb == "ask":
                doubt.append((made.confidence, text))

    return [text for _, text in sorted(doubt)[:most]]
