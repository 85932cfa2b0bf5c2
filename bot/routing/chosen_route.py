"""The decision that a person makes by choosing a route for a message."""

from __future__ import annotations

from dataclasses import replace

from router.decide import Router, Signals
from router.types import CHOSEN, SECOND_REQUEST, Decision, Score


def chosen_route(
    route: str, text: str, newest: Decision, router: Router, signals: Signals
) -> Decision:
    """Returns the decision for the route, in place of the `newest` one.

    It keeps the other request of the message: who is asked back about the first of two, or corrects
    its route, wants an answer to the second one all the same.
    """
    reason: dict[str, object] = {CHOSEN: "by a person"}
    if "order" in newest.reason:
        # A message that was decided by its order alone has material, which is no request.
        reason["order"] = newest.reason["order"]

    # The person is certain, so every probability is 1.
    chosen = Decision(
        verb="route",
        route=route,
        confidence=1.0,
        margin=1.0,
        in_scope=1.0,
        scores=(Score(route, 1.0),),
        router_version=newest.router_version,
        reason=reason,
    )
    other = newest.reason.get(SECOND_REQUEST)
    if other and other["route"] != route:
        return replace(chosen, reason={**reason, SECOND_REQUEST: other})

    return router.with_second_request(chosen, text, signals)
