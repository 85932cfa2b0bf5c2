"""Examples that people are shown: only those that the router takes to the route they stand for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from bot.ui.short_lines import without_examples
from router.decide import Router
from router.log import get_log
from router.types import UNSURE_EXAMPLES, Decision, RouteOffer
from workers.runtime.bounded import BoundedDict

MAX_ROUTERS = 200
"""Routers whose answers are remembered; each takes some hundred bytes."""


class CheckedExamples:
    """Decides each route's example with the router in use, once for each router.

    It takes a few milliseconds a route and no call of a model. Safe for many threads.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        # By the router's version, then by a hash: words of a route that is gone must not stay.
        self._right: BoundedDict[str, dict[int, bool]] = BoundedDict(MAX_ROUTERS)
        self._log = get_log(part="decide")

    def checked(self, router: Router, offers: Sequence[RouteOffer]) -> list[RouteOffer]:
        """Returns the offers, without the examples that go elsewhere."""
        unsure = self.unsure(router, offers)
        return without_examples(offers, unsure)

    def with_unsure(
        self, decision: Decision, router: Router, offers: Sequence[RouteOffer]
    ) -> Decision:
        """Returns the decision; one that is answered with examples names those to leave out."""
        unsure = self.unsure(router, offers) if decision.verb == "meta" else []
        if not unsure:
            return decision

        return replace(decision, reason={**decision.reason, UNSURE_EXAMPLES: unsure})

    def unsure(self, router: Router, offers: Sequence[RouteOffer]) -> list[str]:
        """Returns the routes whose example the router takes elsewhere, or asks about."""
        with self._guard:
            right = dict(self._right.get(router.version, {}))

        new = [one for one in offers if one.example and _key(one) not in right]
        for offer in new:
            decision, _ = router.decide(offer.example)
            right[_key(offer)] = decision.route == offer.name
            if decision.route != offer.name:
                self._log.warning(
                    "example_misrouted", route=offer.name, verb=decision.verb, to=decision.route
                )

        if new:
            with self._guard:
                self._right[router.version] = right

        return [one.name for one in offers if not right.get(_key(one), True)]


def _key(offer: RouteOffer) -> int:
    return hash((offer.name, offer.example))
