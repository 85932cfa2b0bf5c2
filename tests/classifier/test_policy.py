"""How thread, channel and permissions change a decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.classifier.arrays import Floats, Rows
from router.classifier.model import Prediction
from router.classifier.neighbours import NearestExamples
from router.classifier.policy import (
    CHANNEL_PRIOR,
    THREAD_PRIOR,
    THREAD_SWITCH,
    Signals,
    apply_policy,
    apply_priors,
)
from router.classifier.training_data import ExampleReference

ROUTES = ("delivery", "password", "refund")
EXAMPLES = [ExampleReference(route, "file", f"id of {route}") for route in ROUTES]


class FixedClassifier:
    """A classifier with one prediction."""

    threshold = 0.4

    def __init__(self, probabilities: Floats, in_scope: float) -> None:
        self._probabilities = probabilities
        self._in_scope = in_scope

    def predict(self, rows: Rows) -> Prediction:
        nearest = NearestExamples(np.array([[0, 1, 2]]), np.array([[0.9, 0.5, 0.1]]))
        return Prediction(self._probabilities[None], np.array([self._in_scope]), nearest)


def decide(probabilities, signals, in_scope=0.9):
    classifier = FixedClassifier(np.array(probabilities), in_scope)
    result = apply_policy(classifier, ROUTES, np.zeros(4, np.float32), signals, EXAMPLES, "v1")
    return result.decision


def test_a_channels_frequencies_count_with_their_root():
    text = np.array([0.62, 0.23, 0.15])

    probabilities, applied = apply_priors(
        text, ROUTES, Signals(channel_routes={"refund": 3}), is_unknown=False
    )

    # Add-one smoothing: 1, 1 and 4 of 6 requests, relative to a third each.
    expected = text * (np.array([1, 1, 4]) / 6 * 3) ** CHANNEL_PRIOR
    assert probabilities == pytest.approx(expected / expected.sum())
    # Delivery is no longer likely enough to be chosen without asking.
    assert set(applied) == {"channel"}


def test_what_a_channel_uses_most_decides_between_close_routes():
    alone = decide([0.42, 0.38, 0.2], Signals())
    there = decide([0.42, 0.38, 0.2], Signals(channel_routes={"password": 20, "delivery": 2}))

    assert (alone.verb, alone.route) == ("ask", None)
    assert (there.verb, there.route) == ("route", "password")
    assert "channel" in there.reason["moved"]


@given(
    st.integers(0, 2),
    st.floats(0.8, 1.0),
    st.floats(0.0, 1.0),
    st.lists(st.integers(0, 10**6), min_size=3, max_size=3),
)
def test_what_a_channel_uses_never_changes_a_clear_decision(best, clear, split, counts):
    others = [(1 - clear) * split, (1 - clear) * (1 - split)]
    probabilities = [*others[:best], clear, *others[best:]]
    channel_routes = dict(zip(ROUTES, counts, strict=True))

    decision = decide(probabilities, Signals(channel_routes=channel_routes))

    assert (decision.verb, decision.route) == ("route", ROUTES[best])
    assert "moved" not in decision.reason


def test_a_channel_never_used_before_changes_nothing():
    text = np.array([0.5, 0.3, 0.2])

    probabilities, applied = apply_priors(text, ROUTES, Signals(channel_routes={}), False)

    assert probabilities == pytest.approx(text)
    assert applied == {}


def test_a_clear_message_only_multiplies_its_threads_odds():
    text = np.array([THREAD_SWITCH, 0.03, 0.02])

    probabilities, applied = apply_priors(text, ROUTES, Signals(thread_route="refund"), False)

    assert probabilities[2] / probabilities[0] == pytest.approx(THREAD_PRIOR * 0.02 / THREAD_SWITCH)
    assert applied == {}


def test_an_unclear_message_stays_in_its_thread():
    decision = decide([0.6, 0.2, 0.2], Signals(thread_route="refund"))

    assert (decision.verb, decision.route) == ("route", "refund")
    assert decision.reason["moved"] == {
        "thread": "the messages before it in this thread went to refund"
    }


def test_a_clear_message_may_leave_its_thread():
    decision = decide([0.95, 0.04, 0.01], Signals(thread_route="refund"))

    assert (decision.verb, decision.route) == ("route", "delivery")


def test_a_message_that_may_not_stay_in_its_thread_and_is_not_clear_is_asked_about():
    signals = Signals(thread_route="refund", allowed=("delivery", "password"))

    decision = decide([0.7, 0.2, 0.1], signals)

    assert (decision.verb, decision.route) == ("ask", None)
    assert decision.scores[0].confidence > 0.7


def test_without_an_allowed_route_nothing_is_in_scope():
    decision = decide([0.7, 0.2, 0.1], Signals(allowed=()))

    assert (decision.verb, decision.scores) == ("out_of_scope", ())


def test_a_message_below_the_threshold_is_out_of_scope_unless_its_thread_fits_best():
    alone = decide([0.95, 0.04, 0.01], Signals(), in_scope=0.3)
    in_thread = decide([0.95, 0.04, 0.01], Signals(thread_route="delivery"), in_scope=0.3)

    assert alone.verb == "out_of_scope"
    assert (in_thread.verb, in_thread.route) == ("route", "delivery")


ALLOWED = ("delivery", "refund")
PROBABILITIES = st.lists(st.floats(0.001, 1.0), min_size=3, max_size=3).map(
    lambda values: [value / sum(values) for value in values]
)


@pytest.mark.parametrize(
    ("probabilities", "verb"),
    [
        ([0.1, 0.85, 0.05], "out_of_scope"),
        ([0.19, 0.8, 0.01], "out_of_scope"),
        ([0.2, 0.79, 0.01], "ask"),
        ([0.3, 0.6, 0.1], "ask"),
        ([0.6, 0.3, 0.1], "route"),
    ],
)
def test_a_message_for_a_hidden_route_is_not_another_route_s(probabilities, verb):
    decision = decide(probabilities, Signals(allowed=ALLOWED))

    assert decision.verb == verb
    assert "password" not in [score.route for score in decision.scores]
    if verb != "route":
        assert decision.confidence == pytest.approx(probabilities[0])


@given(PROBABILITIES, st.floats(0.0, 1.0))
def test_what_fits_a_hidden_route_best_never_runs_another(probabilities, in_scope):
    signals = Signals(allowed=ALLOWED, channel_routes={"refund": 50})
    decision = decide(probabilities, signals, in_scope)

    if np.argmax(probabilities) == ROUTES.index("password"):
        assert decision.verb in ("ask", "out_of_scope")

    assert "password" not in [score.route for score in decision.scores]
    assert decision.route != "password"


def test_a_follow_up_stays_in_its_thread_although_it_resembles_a_hidden_route():
    signals = Signals(allowed=ALLOWED, thread_route="refund")

    assert decide([0.2, 0.5, 0.3], signals).route == "refund"
    assert decide([0.02, 0.95, 0.03], signals).verb == "out_of_scope"


@given(PROBABILITIES, st.sampled_from([None, *ROUTES]), st.floats(0.0, 1.0))
def test_where_every_route_may_be_used_permissions_change_nothing(probabilities, thread, in_scope):
    counts = {"delivery": 3}
    free = Signals(thread_route=thread, channel_routes=counts)
    allowed = Signals(thread_route=thread, channel_routes=counts, allowed=ROUTES)

    assert decide(probabilities, free, in_scope) == decide(probabilities, allowed, in_scope)


@given(PROBABILITIES, st.floats(0.4, 1.0))
def test_a_usable_route_that_fits_best_is_decided_as_before(probabilities, in_scope):
    if np.argmax(probabilities) == ROUTES.index("password"):
        return

    visible = np.array([probabilities[0], 0.0, probabilities[2]])
    expected = decide(visible / visible.sum(), Signals(), in_scope)
    decision = decide(probabilities, Signals(allowed=ALLOWED), in_scope)

    assert (decision.verb, decision.route) == (expected.verb, expected.route)
    assert decision.confidence == pytest.approx(expected.confidence, abs=1e-5)
