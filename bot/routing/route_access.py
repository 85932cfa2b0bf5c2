"""Which routes a person may use in a channel: the one rule for deciding, offering and choosing."""

from __future__ import annotations

from collections.abc import Mapping

from router.catalog.catalog import Catalog, Route
from router.decide import Signals
from router.kinds import KINDS
from router.store.workspace.channel_rules import ChannelRule
from router.types import RouteOffer

MAX_OFFERS = 12
"""Routes in one menu; Slack refuses messages that are much longer."""


def usable_routes(catalog: Catalog, rule: ChannelRule, *, is_admin: bool) -> dict[str, Route]:
    """Returns the routes that may serve a person in the rule's channel, in name order.

    A route counts if its `visibility` includes the person there and the channel's rule allows it
    (a rule that lists no routes allows all). `is_admin` says whether the person is an admin of the
    workspace. The result may be empty.
    """
    usable = {}
    for name in sorted(catalog.routes):
        route = catalog.routes[name]
        is_allowed = not rule.routes or name in rule.routes
        if is_allowed and route.is_visible_in(rule.channel, admin=is_admin):
            usable[name] = route

    return usable


def route_offers(routes: Mapping[str, Route]) -> list[RouteOffer]:
    """Returns the first routes as people are offered them, each with its first example."""
    offers = []
    for route in list(routes.values())[:MAX_OFFERS]:
        example = route.utterances[0] if route.utterances else ""
        offers.append(
            RouteOffer(
                route.name,
                route.description,
                example,
                route.note,
                route.needs_larger_model,
                route.lacks_model,
                sends=bool(route.actions),
            )
        )

    return offers


def route_signals(routes: Mapping[str, Route]) -> Signals:
    """Returns what deciding has to know of the routes that may be used."""
    return Signals(
        allowed=tuple(routes),
        acts={name: route.acts for name, route in routes.items()},
        documents=_documents_route(routes),
        text_routes=[name for name, route in routes.items() if route.version.needs_text],
    )


def _documents_route(routes: Mapping[str, Route]) -> str | None:
    """Returns the route that answers questions from documents, the first by name; None without."""
    for name in sorted(routes):
        version = routes[name].version
        if KINDS[version.kind].retrieves and version.output is None:
            return name

    return None
