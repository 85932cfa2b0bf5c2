"""A draft by which other routes lose messages says which, and the least harmful one is taken."""

from __future__ import annotations

from evals.stand_ins import HashingEncoder
from router.catalog.catalog import Catalog, builtin_routes_folder, load_routes
from router.store.versions.drafted_routes import DraftedRoute
from workers.drafting.routing_check import RoutingCheck, RoutingComparison, least_harmful


def test_a_draft_in_another_route_s_words_names_that_route():
    routes = load_routes(builtin_routes_folder()).routes
    catalog = Catalog({name: routes[name] for name in ("rewrite", "handbook")})
    comparison = RoutingComparison(catalog, HashingEncoder(), seed=0, false_reject=0.05)
    greedy = routes["rewrite"].model_copy(update={"name": "absence"})

    asked = greedy.utterances[:4]
    check = comparison.check(greedy, asked)

    assert check.asked == len(asked)
    assert dict(check.claimed).get("rewrite", 0) >= len(asked) / 2
    assert check.record()["claimed"] == dict(check.claimed)
    assert not check.passed
    assert check.losers[0][0] == "rewrite"
    assert check.losers[0][1] <= check.others


def checked(*lost):
    """Drafts by which the other routes lose so many of 400 messages, the fullest first."""
    for number, messages in enumerate(lost):
        check = RoutingCheck(1.0, 10, 0.9, 0.9 - messages / 400, 400)
        yield DraftedRoute("T1", f"draft_{number}", "", "", "A draft."), check


def test_the_first_draft_by_which_others_lose_little_is_taken():
    drafts = checked(5, 1, 0)

    assert least_harmful(drafts)[0].name == "draft_1"
    # Each check trains a router: none is made beyond the one that is taken.
    assert next(drafts)[0].name == "draft_2"


def test_where_every_draft_costs_too_much_the_least_harmful_is_shown():
    draft, check = least_harmful(checked(6, 4, 8, 4))

    assert draft.name == "draft_1"
    assert not check.passed
