"""What people are told of a route before they choose it."""

from __future__ import annotations

import pytest

from bot.routing.route_access import MAX_OFFERS, route_offers
from router.catalog.catalog import load_routes
from tests.fixtures.help_desk import write_routes


@pytest.fixture
def route(tmp_path):
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    assert not catalog.problems

    return catalog.routes["refund"]


def test_a_route_is_offered_with_all_that_helps_to_choose_it(route):
    assert len(route.utterances) > 1
    extras = {"note": "Mondays only.", "actions": ("post",), "needs_larger_model": True}
    routes = {
        "plain": route,
        "bare": route.model_copy(update={"utterances": ()}),
        "acting": route.model_copy(update=extras),
    }

    plain, bare, acting = route_offers(routes)

    assert (plain.name, plain.description) == ("refund", route.description)
    assert (plain.example, bare.example) == (route.utterances[0], "")
    assert (plain.note, plain.needs_larger_model, plain.sends) == ("", False, False)
    assert (acting.note, acting.needs_larger_model, acting.sends) == ("Mondays only.", True, True)


def test_no_more_routes_are_offered_than_one_message_holds(route):
    names = [f"r{number}" for number in range(MAX_OFFERS + 1)]
    routes = {name: route.model_copy(update={"name": name}) for name in names}

    assert [offer.name for offer in route_offers(routes)] == names[:MAX_OFFERS]
