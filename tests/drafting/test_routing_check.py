"""A draft that takes messages from other routes says from which."""

from __future__ import annotations

from evals.stand_ins import HashingEncoder
from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from workers.drafting.routing_check import RoutingComparison


def test_a_draft_in_another_route_s_words_names_that_route():
    routes = load_routes(builtin_routes_folder()).routes
    catalog = Catalog({name: routes[name] for name in ("rewrite", "handbook")})
    comparison = RoutingComparison(catalog, HashingEncoder(), seed=0, false_reject=0.05)
    greedy = routes["rewrite"].model_copy(update={"name": "absence"})

    check = comparison.check(greedy)

    assert not check.passed
    assert check.losers[0][0] == "rewrite"
    assert check.losers[0][1] <= check.others
