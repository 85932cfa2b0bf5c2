import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.classifier.training_data import NO_ROUTE
from router.decide import Router, Signals
from router.types import Example


def test_a_message_goes_to_the_route_whose_examples_it_resembles(router):
    made, vector = router.decide("please give me a refund for my broken order")

    assert (made.verb, made.route) == ("route", "refund")
    assert made.confidence > 0.5
    assert vector.shape == (256,)


def test_a_stranger_is_out_of_scope(router):
    made, _ = router.decide("xylophone quartz fjord vex")

    assert (made.verb, made.route) == ("out_of_scope", None)


def test_routes_that_fit_alike_are_asked_about(examples, routes, letters):
    twins = [
        Example(f"water the {plant}", name)
        for plant in ("palm", "fern", "cactus", "ivy")
        for name in "abc"
    ]

    made, _ = Router.train([*examples, *twins], letters, [*routes, "a", "b", "c"]).decide(
        "water the fern"
    )

    assert (made.verb, made.route) == ("ask", None)
    assert {score.route for score in made.scores[:3]} == {"a", "b", "c"}


def test_scores_are_probabilities_best_first(router):
    made, _ = router.decide("where is my parcel now")

    confidences = [score.confidence for score in made.scores]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1, abs=1e-4)


def test_the_reason_is_json_and_names_three_examples_with_their_source(router, routes):
    reason = json.loads(json.dumps(router.decide("where is my parcel now")[0].reason))

    assert [one["source"] for one in reason["nearest"]] == ["file"] * 3
    assert reason["nearest"][0]["text"] == "where is my parcel"
    assert set(reason["gate"]) == {"score", "threshold"}
    assert reason["runner_up"]["route"] in routes


def test_words_of_a_private_correction_are_never_quoted(letters, examples, routes):
    said = Example("my secret parcel of gold", "delivery", source="feedback", user="U1")

    made, _ = Router.train([*examples, said], letters, routes).decide("my secret parcel of gold")

    assert made.reason["nearest"][0]["source"] == "feedback"
    assert "secret" not in json.dumps(made.reason)


def test_what_can_you_do_is_answered_from_the_catalogue(router):
    assert router.decide("What can you do?")[0].verb == "meta"


def test_a_route_called_by_name_wins_over_the_words(router):
    made, vector = router.decide("!password where is my parcel")

    assert (made.verb, made.route, made.confidence, vector) == ("route", "password", 1.0, None)


def test_a_short_follow_up_stays_with_the_route_of_its_thread(router):
    made, _ = router.decide("and the other one?", Signals(thread_route="delivery"))

    assert (made.verb, made.route) == ("route", "delivery")
    assert "delivery" in made.reason["moved"]["thread"]


def test_a_message_that_says_too_little_is_read_with_the_one_before(router):
    alone, _ = router.decide("it is the blue one")

    made, vector = router.decide(
        "it is the blue one", Signals(previous_turns=("where is my parcel, it is late",))
    )

    assert alone.verb != "route"
    assert (made.verb, made.route) == ("route", "delivery")
    assert "turns" in made.reason
    assert (vector == router.decide("it is the blue one")[1]).all()


def test_a_stranger_stays_a_stranger_after_another_one(router):
    made, _ = router.decide("quartz fjord", Signals(previous_turns=("xylophone vex",)))

    assert made.verb == "out_of_scope"


def test_a_clear_new_request_leaves_the_thread(router):
    made, _ = router.decide("I forgot my password", Signals(thread_route="delivery"))

    assert made.route == "password"


def test_a_route_that_is_not_allowed_here_is_never_chosen(router):
    made, _ = router.decide("I forgot my password", Signals(allowed=("refund", "delivery")))

    assert "password" not in [score.route for score in made.scores]
    assert router.decide("!password", Signals(allowed=("refund",)))[0].route != "password"


def test_what_a_channel_uses_counts_for_more(router):
    alone, _ = router.decide("my order")
    there, _ = router.decide("my order", Signals(channel_routes={"refund": 500}))

    assert _of(there, "refund") > _of(alone, "refund")


def test_a_route_with_a_single_example_is_found(letters, examples, routes):
    taught = [*examples, Example("please water the office plants", "plants")]

    made, _ = Router.train(taught, letters, {**routes, "plants": "Water plants."}).decide(
        "water the plants in the office"
    )

    assert made.scores[0].route == "plants"


def test_a_catalogue_without_examples_says_that_nothing_fits(letters):
    made, vector = Router.train([], letters, []).decide("where is my parcel")

    assert (made.verb, made.scores, vector) == ("out_of_scope", (), None)


def test_one_or_two_routes_still_keep_strangers_out(letters, examples):
    few = [example for example in examples if example.route in ("refund", "password")]
    router = Router.train(few, letters, ["refund", "password"])

    assert router.decide("reset my password")[0].route == "password"
    assert router.decide("xylophone quartz fjord vex")[0].verb == "out_of_scope"


def test_a_message_said_to_fit_no_route_is_learned_as_a_stranger(letters, router, examples, routes):
    text = "the parcel of land behind the shop is for sale"
    before, _ = router.decide(text)

    after, _ = Router.train(
        [*examples, Example(text, NO_ROUTE, source="reviewed")], letters, routes
    ).decide(text)

    assert after.in_scope < before.in_scope


def test_the_same_examples_in_any_order_give_the_same_router(router, examples, routes, letters):
    shuffled = random.Random(3).sample(examples, len(examples))

    again = Router.train(shuffled, type(letters)(), routes)

    assert again.version == router.version
    assert (
        again.decide("where is my parcel")[0].scores
        == router.decide("where is my parcel")[0].scores
    )


@pytest.mark.parametrize("change", [{"seed": 1}, {"false_reject": 0.1}])
def test_another_setting_is_another_version(router, change, letters, examples, routes):
    assert Router.train(examples, letters, routes, **change).version != router.version


def test_examples_for_measuring_teach_nothing(router, letters, examples, routes):
    held = [*examples, Example("when is my parcel here", "password", split="test")]

    assert Router.train(held, letters, routes).version == router.version


def test_a_saved_router_decides_the_same_and_trains_nothing(tmp_path, letters, examples, routes):
    first = Router.train(examples, letters, routes, folder=tmp_path)
    fresh = type(letters)()

    again = Router.train(examples, fresh, routes, folder=tmp_path)

    assert fresh.seen == []
    made, known = again.decide("where is my parcel")[0], first.decide("where is my parcel")[0]
    assert (made.scores, made.in_scope, made.reason) == (known.scores, known.in_scope, known.reason)


def test_a_damaged_file_only_costs_training_again(tmp_path, letters, examples, routes):
    Router.train(examples, letters, routes, folder=tmp_path)
    for file in tmp_path.glob("router-*.npz"):
        file.write_bytes(file.read_bytes()[:100])

    assert (
        Router.train(examples, letters, routes, folder=tmp_path)
        .decide("where is my parcel")[0]
        .route
        == "delivery"
    )


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_every_message_gets_a_decision(router, text):
    made, _ = router.decide(text)

    assert made.verb in ("route", "ask", "out_of_scope", "meta")
    assert 0 <= made.in_scope <= 1
    assert (made.route is not None) == (made.verb == "route")


@given(
    st.lists(
        st.sampled_from(["where is my parcel", "xyz", "refund please", "?!", "I cannot sign in"]),
        max_size=4,
    )
)
@settings(max_examples=20, deadline=None)
def test_a_decision_never_depends_on_other_requests(router, others):
    alone = router.decide("is my delivery late")[0]
    for text in others:
        router.decide(text)

    again = router.decide("is my delivery late")[0]
    assert (again.scores, again.in_scope) == (alone.scores, alone.in_scope)


@given(
    st.integers(0, 31),
    st.sampled_from(["?", "!", " ...", " :pray:", " 🙏", " thanks", ", thank you!"]),
)
@settings(max_examples=30, deadline=None)
def test_how_a_message_ends_never_changes_its_decision(router, examples, which, ending):
    assert (
        router.decide(examples[which].text + ending)[0].scores
        == router.decide(examples[which].text)[0].scores
    )


def _of(made, route):
    return next(score.confidence for score in made.scores if score.route == route)
