"""Whoever chooses a route for a message is offered its other request all the same."""

from __future__ import annotations

import pytest

from bot.routing.chosen_route import chosen_route
from router.decide import Signals
from router.types import CHOSEN, SECOND_REQUEST, Decision

ASKED = Decision("ask", None, 0.4, 0.1, 0.9, (), "r1", reason={})
TWO = "please do the lamp thing again. And also I forgot my password"


def second(router, route, text, newest=ASKED):
    chosen = chosen_route(route, text, newest, router, Signals())
    assert (chosen.verb, chosen.route, chosen.confidence) == ("route", route, 1.0)
    assert CHOSEN in chosen.reason

    named = chosen.reason.get(SECOND_REQUEST)
    return named and (named["route"], text[named["start"] : named["end"]])


def test_after_a_question_back_about_the_first_of_two_the_second_is_kept(router):
    assert second(router, "refund", TWO) == ("password", "I forgot my password")


@pytest.mark.parametrize(
    ("route", "text"),
    [
        # The choice is of the one request that the message has.
        ("password", TWO),
        ("refund", "I forgot my password"),
        # Nothing would remain for the chosen route.
        ("refund", "I forgot my password. And also when do you open on Sunday"),
    ],
)
def test_a_message_without_another_request_names_none(router, route, text):
    assert second(router, route, text) is None


def test_a_corrected_route_keeps_the_request_that_was_named_before(router):
    named = {"route": "refund", "start": 5, "end": 30}
    newest = Decision("route", "delivery", 1, 1, 1, (), "r1", reason={SECOND_REQUEST: named})

    chosen = chosen_route("password", TWO, newest, router, Signals())

    assert chosen.reason[SECOND_REQUEST] == named


def test_a_text_that_came_with_an_order_is_no_request(router):
    newest = Decision("ask", None, 0.4, 0.1, 0.9, (), "r1", reason={"order": "by it alone"})

    assert second(router, "refund", TWO, newest) is None
