"""Finds messages that the installed router is unsure about: two requests in one."""

from __future__ import annotations

from itertools import combinations, product

from bot.offline import installed_router
from router.config import Settings
from router.decide import Signals

SHORTEST = 3
"""How many utterances of each route are combined: its shortest ones."""


def ambiguous_messages(settings: Settings, limit: int = 4) -> list[str]:
    """Messages for which the router asks back, the least certain first.

    Each joins an utterance of one route with one of another, so that the question comes from the
    router and is not staged. Empty where the router is sure of every pair.
    """
    router, catalog = installed_router(settings)
    utterances = []
    for route in catalog.routes.values():
        by_length = sorted(route.utterances, key=lambda text: (len(text), text))
        utterances.append(by_length[:SHORTEST])

    unsure = []
    for first, second in combinations(utterances, 2):
        for pair in product(first, second):
            text = " and ".join(pair)
            decision, _ = router.decide(text, Signals())
            if decision.verb == "ask":
                unsure.append((decision.confidence, text))

    return [text for _, text in sorted(unsure)[:limit]]
