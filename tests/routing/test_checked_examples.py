"""Examples that people are shown are taken to their route by the router that decides."""

from __future__ import annotations

from bot.routing.checked_examples import CheckedExamples
from bot.ui.blocks import answer
from router.types import SMALL_TALK, UNSURE_EXAMPLES, Outcome, RouteOffer
from tests.fixtures.router import ROUTES, UTTERANCES

RIGHT = [RouteOffer(name, text, UTTERANCES[name][0]) for name, text in ROUTES.items()]
WRONG = RouteOffer("delivery", "Say where a parcel is.", "reset my password please")


def test_an_example_that_goes_elsewhere_is_left_out(router, make_request, make_decision):
    offers = [WRONG, *(offer for offer in RIGHT if offer.name != "delivery")]
    examples = CheckedExamples()

    assert examples.checked(router, RIGHT) == RIGHT
    checked = examples.checked(router, offers)
    assert [bool(offer.example) for offer in checked] == [False, True, True, True]

    # A worker has no router: the decision tells it.
    for kind in ({SMALL_TALK: "greeting"}, {"meta": "the message asks about Beagle itself"}):
        decision = make_decision(None, verb="meta", reason=kind)
        decision = examples.with_unsure(decision, router, offers)
        assert decision.reason[UNSURE_EXAMPLES] == ["delivery"]
        shown = str(answer(make_request("hi"), decision, Outcome(""), offers).blocks)
        assert (WRONG.example in shown, RIGHT[0].example in shown) == (False, True)


def test_each_example_is_decided_once_for_a_router(router):
    examples = CheckedExamples()
    examples.unsure(router, RIGHT)
    before = len(router.encoder.seen)

    assert examples.unsure(router, RIGHT[:2]) == []
    assert len(router.encoder.seen) == before
