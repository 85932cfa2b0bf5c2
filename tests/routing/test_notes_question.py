"""Questions about notes go to the route that keeps them."""

from __future__ import annotations

import pytest

from bot.routing.notes_question import apply_notes_question
from router.catalog.catalog import builtin_routes_folder, load_routes

ROUTES = load_routes(builtin_routes_folder()).routes
ASKING = "what did I tell you to keep?"


@pytest.mark.parametrize("read_as", [None, "summarise", "remember"])
def test_however_it_was_read_it_goes_to_the_route_that_keeps_notes(make_decision, read_as):
    decided = apply_notes_question(make_decision(read_as), ASKING, ROUTES)

    assert (decided.verb, decided.route, decided.confidence) == ("route", "remember", 1.0)
    assert decided.scores[0].route == "remember"


def test_nothing_else_is_taken_from_its_route(make_decision):
    decision = make_decision("summarise")
    named = make_decision("summarise", reason={"named": "the message calls the route by its name"})
    without = {name: route for name, route in ROUTES.items() if name != "remember"}

    assert apply_notes_question(decision, "summarise my notes", ROUTES) is decision
    assert apply_notes_question(named, ASKING, ROUTES) is named
    # Whoever may not use the route is not told of it.
    assert apply_notes_question(decision, ASKING, without) is decision
