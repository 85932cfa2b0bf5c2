"""The chapters about tiers: what they say a tier cost, and that the route can show them."""

from __future__ import annotations

from itertools import chain

import pytest

from bot.demo.demo import LONG_LETTER, SHORT_LETTER, TOUR_PROMPTS
from bot.demo.script_user import ScriptStep, answering_tiers, first_success
from bot.demo.tier_script import LETTERS, LONG_LETTERS, TIERED
from router.catalog.catalog import builtin_routes_folder, load_routes
from router.tiers.choice import MIN_EVIDENCE
from router.types import EarlierAttempt, Outcome

ROUTE = load_routes(builtin_routes_folder()).routes[TIERED]


def test_each_tier_is_shown_with_its_own_cost():
    first = EarlierAttempt("quick", "v1", "local", 0.25, ("complete",))
    outcome = Outcome("a letter", usd=1.0, tier="careful", attempts=(first,))

    assert answering_tiers(outcome) == (("quick", 0.25), ("careful", 0.75))
    assert answering_tiers(Outcome("a letter", usd=0.5, tier="quick")) == (("quick", 0.5),)
    assert answering_tiers(Outcome("an answer", usd=0.5)) == ()


def test_the_route_has_the_tiers_that_the_story_names():
    quick, careful = ROUTE.tiers
    assert (quick.name, careful.name) == ("quick", "careful")
    assert quick.version.limits.output_tokens < careful.version.limits.output_tokens
    # Enough rows that the quick tier may answer first, should a few of them find the model away.
    assert sum(row.split == "test" for row in ROUTE.rows) >= MIN_EVIDENCE + 4


@pytest.mark.parametrize("text", [*chain.from_iterable(LETTERS), LONG_LETTER, *LONG_LETTERS])
def test_the_story_asks_nothing_that_the_route_was_measured_on(text):
    assert text not in {row.text for row in ROUTE.rows}
    assert text not in ROUTE.utterances


def test_the_tour_offers_both_letters():
    messages = [message for _, message in TOUR_PROMPTS]
    assert {f"@beagle {SHORT_LETTER}", f"@beagle {LONG_LETTER}"} <= set(messages)


def test_a_step_is_played_with_further_texts_until_one_succeeds():
    played = []

    def play(text):
        played.append(text)
        return ScriptStep(
            "a step", text == "second", None, None, 0.0, ms=0.0, tokens=0, usd=0.0, text=text
        )

    step = first_success(["first", "second", "third"], play)

    assert step.ok
    assert step.text == "second"
    assert played == ["first", "second"]
    assert not first_success(["first", "third"], play).ok
