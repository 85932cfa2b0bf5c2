import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.classifier.training_data import LABEL_SOURCES, installation_texts
from router.decide import Router, Signals
from router.types import NO_ROUTE, SMALL_TALK, Example


def test_a_message_goes_to_the_route_whose_examples_it_resembles(router):
    decision, vector = router.decide("please give me a refund for my broken order")

    assert (decision.verb, decision.route) == ("route", "refund")
    assert decision.confidence > 0.5
    assert vector.shape == (256,)


def test_a_mistyped_message_goes_where_it_was_meant_to_go(router):
    typed, vector = router.decide("where is my pacrel now")
    meant, meant_vector = router.decide("where is my parcel now")

    assert (typed.verb, typed.route) == (meant.verb, meant.route)
    assert typed.confidence == meant.confidence
    assert (vector == meant_vector).all()
    assert list(router.changed_words("where is my pacrel now")) == [("pacrel", "parcel")]


def test_a_message_with_pasted_text_goes_by_its_order(router):
    order = "please give me a refund"
    pasted = " ".join(["my password does not let me log in to the account any more"] * 4)

    decision, vector = router.decide(f"{order}:\n{pasted}")

    assert decision.route == router.decide(order)[0].route == "refund"
    assert "by the order alone" in decision.reason["order"]
    assert (vector == router.decide(f"{order} {pasted}")[1]).all(), "mining sees the whole message"


def test_what_people_labelled_teaches_no_spelling(examples, routes, trigrams):
    label = Example("is the pacrel here", "parcel", source="feedback", request="1")

    router = Router.train([*examples, label], trigrams, routes)

    assert list(router.changed_words("where is my pacrel")) == [("pacrel", "parcel")]


def test_names_and_descriptions_alone_are_enough_to_be_sure(trigrams, routes):
    decision, _ = Router.train([], trigrams, routes).decide("give a customer their money back")

    assert (decision.verb, decision.route) == ("route", "refund")


def test_a_stranger_is_out_of_scope(router):
    decision, _ = router.decide("xylophone quartz fjord vex")

    assert (decision.verb, decision.route) == ("out_of_scope", None)


def test_routes_that_fit_alike_are_asked_about(examples, routes, trigrams):
    twins = [
        Example(f"water the {plant}", name)
        for plant in ("palm", "fern", "cactus", "ivy")
        for name in "abc"
    ]

    decision, _ = Router.train([*examples, *twins], trigrams, [*routes, "a", "b", "c"]).decide(
        "water the fern"
    )

    assert (decision.verb, decision.route) == ("ask", None)
    assert {score.route for score in decision.scores[:3]} == {"a", "b", "c"}


def test_scores_are_probabilities_best_first(router):
    decision, _ = router.decide("where is my parcel now")

    confidences = [score.confidence for score in decision.scores]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1, abs=1e-4)


def test_the_reason_is_json_and_names_three_examples_with_their_source(router, examples, routes):
    reason = json.loads(json.dumps(router.decide("where is my parcel now")[0].reason))

    assert [entry["source"] for entry in reason["nearest"]] == ["file"] * 3
    texts = installation_texts(examples, routes)
    assert texts[reason["nearest"][0]["example"]] == "where is my parcel"
    assert set(reason["gate"]) == {"score", "threshold"}
    assert reason["runner_up"]["route"] in routes


@pytest.mark.parametrize("source", LABEL_SOURCES)
def test_a_label_is_named_by_its_request_and_its_words_are_nowhere(
    trigrams, examples, routes, source, tmp_path
):
    text = "my secret parcel of gold"
    label = Example(text, "delivery", source=source, user="U1", request="r7")

    router = Router.train([*examples, label], trigrams, routes, folder=tmp_path)
    decision, _ = router.decide(text)

    nearest = decision.reason["nearest"][0]
    assert (nearest["source"], nearest["request"]) == (source, "r7")
    assert "secret" not in json.dumps(decision.reason)
    assert "secret" not in str(router.examples)
    assert not [file for file in tmp_path.iterdir() if b"secret" in file.read_bytes()]
    assert text not in installation_texts([*examples, label], routes).values()


def test_what_can_you_do_is_answered_from_the_catalogue(router):
    assert router.decide("What can you do?")[0].verb == "meta"


def test_small_talk_needs_no_classifier(router):
    decision, vector = router.decide("thanks a lot!")

    assert (decision.verb, decision.reason[SMALL_TALK], vector) == ("meta", "thanks", None)
    assert SMALL_TALK not in router.decide("thanks, where is my parcel")[0].reason


def test_small_talk_that_a_route_has_examples_of_is_a_request(trigrams, examples, routes):
    kudos = [Example(text, "kudos") for text in ("great job everyone", "well done", "kudos team")]
    router = Router.train([*examples, *kudos], trigrams, [*routes, "kudos"])

    assert router.decide("well done everyone")[0].verb != "meta"
    assert router.decide("hello")[0].verb == "meta"


def test_a_stray_example_does_not_make_small_talk_a_request(trigrams, examples, routes):
    router = Router.train([*examples, Example("hello", "delivery")], trigrams, routes)
    assert router.decide("hello there")[0].verb == "meta"


def test_neither_test_rows_nor_rows_of_other_routes_make_small_talk_a_request(
    trigrams, examples, routes
):
    greetings = ("hello", "hi there", "good morning", "hey")
    rows = [
        *(Example(text, "delivery", split="test") for text in greetings),
        *(Example(text, "gone") for text in greetings),
    ]
    router = Router.train([*examples, *rows], trigrams, routes)

    assert router.decide("hello there")[0].verb == "meta"


def test_a_route_called_by_name_wins_over_the_words(router):
    decision, vector = router.decide("!password where is my parcel")

    assert (decision.verb, decision.route, decision.confidence, vector) == (
        "route",
        "password",
        1.0,
        None,
    )


def test_a_short_follow_up_stays_with_the_route_of_its_thread(router):
    decision, _ = router.decide("and the other one?", Signals(thread_route="delivery"))

    assert (decision.verb, decision.route) == ("route", "delivery")
    assert "delivery" in decision.reason["moved"]["thread"]


def test_a_message_that_says_too_little_is_read_with_the_one_before(router):
    alone, _ = router.decide("it is the blue one")

    decision, vector = router.decide(
        "it is the blue one", Signals(previous_turns=("where is my parcel, it is late",))
    )

    assert alone.verb != "route"
    assert (decision.verb, decision.route) == ("route", "delivery")
    assert "turns" in decision.reason
    assert (vector == router.decide("it is the blue one")[1]).all()


def test_of_the_messages_before_only_the_last_one_is_read_with_it(router):
    turns = ("I forgot my password", "where is my parcel, it is late")

    decision, _ = router.decide("it is the blue one", Signals(previous_turns=turns))

    assert (decision.verb, decision.route) == ("route", "delivery")


def test_a_stranger_in_the_thread_of_a_route_that_is_gone_stays_a_stranger(router):
    decision, _ = router.decide("xylophone quartz fjord vex", Signals(thread_route="gone"))

    assert (decision.verb, decision.route) == ("out_of_scope", None)


def test_a_stranger_stays_a_stranger_after_another_one(router):
    decision, _ = router.decide("quartz fjord", Signals(previous_turns=("xylophone vex",)))

    assert decision.verb == "out_of_scope"


def test_a_clear_new_request_leaves_the_thread(router):
    decision, _ = router.decide("I forgot my password", Signals(thread_route="delivery"))

    assert decision.route == "password"


def test_a_route_that_is_not_allowed_here_is_never_chosen(router):
    decision, _ = router.decide("I forgot my password", Signals(allowed=("refund", "delivery")))

    assert "password" not in [score.route for score in decision.scores]
    assert router.decide("!password", Signals(allowed=("refund",)))[0].route != "password"


def test_what_a_channel_uses_counts_for_more(router):
    alone, _ = router.decide("my order")
    there, _ = router.decide("my order", Signals(channel_routes={"refund": 500}))

    assert _of(there, "refund") > _of(alone, "refund")


def test_a_route_with_a_single_example_is_found(trigrams, examples, routes):
    own = [*examples, Example("please water the office plants", "plants")]

    decision, _ = Router.train(own, trigrams, {**routes, "plants": "Water plants."}).decide(
        "water the plants in the office"
    )

    assert decision.scores[0].route == "plants"


def test_one_example_of_one_route_is_enough_to_train(trigrams):
    router = Router.train([Example("water the plants", "r1")], trigrams, ["r1"])

    assert router.decide("water the plants")[0].route == "r1"
    assert router.decide("xylophone quartz fjord vex")[0].verb == "out_of_scope"


def test_a_catalogue_without_examples_says_that_nothing_fits(trigrams):
    decision, vector = Router.train([], trigrams, []).decide("where is my parcel")

    assert (decision.verb, decision.scores, vector) == ("out_of_scope", (), None)


def test_one_or_two_routes_still_keep_strangers_out(trigrams, examples):
    few = [example for example in examples if example.route in ("refund", "password")]
    router = Router.train(few, trigrams, ["refund", "password"])

    assert router.decide("reset my password")[0].route == "password"
    assert router.decide("xylophone quartz fjord vex")[0].verb == "out_of_scope"


def test_a_message_said_to_fit_no_route_is_learned_as_a_stranger(
    trigrams, router, examples, routes
):
    text = "the parcel of land behind the shop is for sale"
    before, _ = router.decide(text)

    after, _ = Router.train(
        [*examples, Example(text, NO_ROUTE, source="reviewed")], trigrams, routes
    ).decide(text)

    assert after.in_scope < before.in_scope


def test_the_same_examples_in_any_order_give_the_same_router(router, examples, routes, trigrams):
    shuffled = random.Random(3).sample(examples, len(examples))

    again = Router.train(shuffled, type(trigrams)(), routes)

    assert again.version == router.version
    assert (
        again.decide("where is my parcel")[0].scores
        == router.decide("where is my parcel")[0].scores
    )


@pytest.mark.parametrize("change", [{"seed": 1}, {"false_reject": 0.1}])
def test_another_setting_is_another_version(router, change, trigrams, examples, routes):
    assert Router.train(examples, trigrams, routes, **change).version != router.version


def test_examples_for_measuring_teach_nothing(router, trigrams, examples, routes):
    held = [*examples, Example("when is my parcel here", "password", split="test")]

    assert Router.train(held, trigrams, routes).version == router.version


def test_a_saved_router_decides_the_same_and_trains_nothing(tmp_path, trigrams, examples, routes):
    first = Router.train(examples, trigrams, routes, folder=tmp_path)
    fresh = type(trigrams)()

    again = Router.train(examples, fresh, routes, folder=tmp_path)

    assert fresh.seen == []
    decision, expected = (
        again.decide("where is my parcel")[0],
        first.decide("where is my parcel")[0],
    )
    assert (decision.scores, decision.in_scope, decision.reason) == (
        expected.scores,
        expected.in_scope,
        expected.reason,
    )


def test_a_damaged_file_only_costs_training_again(tmp_path, trigrams, examples, routes):
    Router.train(examples, trigrams, routes, folder=tmp_path)
    for file in tmp_path.glob("router-*.npz"):
        file.write_bytes(file.read_bytes()[:100])

    assert (
        Router.train(examples, trigrams, routes, folder=tmp_path)
        .decide("where is my parcel")[0]
        .route
        == "delivery"
    )


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_every_message_gets_a_decision(router, text):
    decision, _ = router.decide(text)

    assert decision.verb in ("route", "ask", "out_of_scope", "meta")
    assert 0 <= decision.in_scope <= 1
    assert (decision.route is not None) == (decision.verb == "route")


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


def _of(decision, route):
    return next(score.confidence for score in decision.scores if score.route == route)
