"""Labelling by members and admins, from the click to the next decision."""

from __future__ import annotations

import json

import pytest

from bot.admins import Admins
from bot.listeners.labelling import LabelActions, correction_thanks, render_tasks
from bot.routing.correction_state import CorrectionState
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.types import NO_ROUTE, Decision, Feedback, Score, SlackPerson
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder
from workers.fakes import MemoryDirectory
from workers.runtime.processes import wait_until

SECONDS = 120.0
"""Only a failure waits so long: a click waits three seconds for the training, which may go on."""
TORN = "my parcel password"


@pytest.fixture
def people():
    """Slack calls every channel public."""
    return MemoryDirectory(is_public=True)


@pytest.fixture
def decider(tmp_path, store, clock, people):
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    assert not catalog.problems
    admins = Admins(Settings(_env_file=None, admins=("UADMIN",)), store.audit, clock)
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    made = RoutingService(catalog, learner, store, CountingQueue(), admins, people)
    made.trainer.start()
    yield made
    made.trainer.stop()


@pytest.fixture
def replies():
    return []


@pytest.fixture
def labelling(store, decider):
    return LabelActions(store, decider)


@pytest.fixture
def add_request(store, decider, make_request, clock):
    """Stores a request with that text and its decision."""

    def ask(text, verb="ask", **over):
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        scores = (Score("refund", 0.4), Score("delivery", 0.35), Score("password", 0.1))
        store.decisions.insert_first(
            request.id, Decision(verb, None, 0.4, 0.05, 0.9, scores, "v"), clock()
        )

        return request

    return ask


def press(act, replies, person, **value):
    body = {"user": {"id": person}, "team": {"id": "T1"}}
    act(
        ack=lambda: None,
        body=body,
        action={"value": json.dumps(value)},
        respond=lambda **message: replies.append(message),
    )


def lessons(decider):
    """Text, route and source of the corrections that the newest router has learned."""
    return [(one.text, one.route, one.source) for one in decider.training_result("T1").used]


def blocks_text(message):
    return json.dumps(message.blocks if hasattr(message, "blocks") else message["blocks"])


def test_the_least_sure_messages_are_offered_with_their_best_routes(
    store, decider, add_request, clock
):
    request = add_request("what about my box")

    page = blocks_text(render_tasks(store, decider, SlackPerson("T1", "UADMIN")))

    assert "what about my box" in page
    assert page.count(request.id) == 4
    assert "refund 40%" in page


@pytest.mark.parametrize(
    "over", [{"channel_kind": "private"}, {"channel_kind": "dm"}, {"team": "T2"}]
)
def test_messages_that_others_may_not_read_are_not_offered(
    store, decider, add_request, clock, over
):
    add_request("a secret about my box", **over)

    assert "secret" not in blocks_text(render_tasks(store, decider, SlackPerson("T1", "UADMIN")))


def test_an_admins_label_teaches_at_once_and_leaves_the_list(
    store, decider, labelling, add_request, replies
):
    request = add_request("what about my box of shoes")

    press(labelling.label, replies, "UADMIN", request=request.id, route="delivery")

    assert request.id not in blocks_text(replies[-1])
    lesson = ("what about my box of shoes", "delivery", "reviewed")
    assert wait_until(lambda: lessons(decider) == [lesson], SECONDS)
    assert (
        decider.router("T1").decide("what about my box of shoes")[0].scores[0].route == "delivery"
    )


def test_an_admin_can_say_that_nothing_fits(store, decider, labelling, add_request, replies):
    request = add_request("shoes are a strange invention")

    press(labelling.label, replies, "UADMIN", request=request.id, route=NO_ROUTE)

    lesson = ("shoes are a strange invention", NO_ROUTE, "reviewed")
    assert wait_until(lambda: lessons(decider) == [lesson], SECONDS)


def test_nobody_else_labels_for_everybody(store, labelling, add_request, replies):
    request = add_request("what about my box")

    press(labelling.label, replies, "U2", request=request.id, route="delivery")
    press(labelling.drop, replies, "U2", request=request.id, user="U1")

    assert store.feedback.for_request(request.id) == []
    assert all("Only an admin" in message["text"] for message in replies)


@pytest.mark.parametrize(
    "value", [{}, {"request": "r1", "route": "no such route"}, {"request": "r9", "route": "refund"}]
)
def test_a_button_that_we_did_not_write_labels_nothing(
    store, labelling, add_request, replies, value
):
    add_request("what about my box")

    press(labelling.label, replies, "UADMIN", **value)

    assert store.feedback.for_request("r1") == []


def test_people_who_disagree_wait_for_an_admin(
    store, decider, labelling, add_request, clock, replies
):
    request = add_request("what about my box")
    store.feedback.record(Feedback(request.id, "U1", "route", "refund", clock()))
    store.feedback.record(Feedback(request.id, "U2", "route", "delivery", clock()))
    decider.retrain("T1")

    page = blocks_text(render_tasks(store, decider, SlackPerson("T1", "UADMIN")))
    press(labelling.label, replies, "UADMIN", request=request.id, route="delivery")

    assert "people disagree: delivery, refund" in page
    lesson = ("what about my box", "delivery", "reviewed")
    assert wait_until(lambda: lessons(decider) == [lesson], SECONDS)


def disagree(store, clock, request):
    """Two people name different routes, so neither counts."""
    store.feedback.record(Feedback(request.id, "U1", "route", "refund", clock()))
    store.feedback.record(Feedback(request.id, "U2", "route", "delivery", clock()))


def test_what_an_admin_has_decided_leaves_the_list_before_it_is_learned(
    store, decider, labelling, add_request, clock, replies
):
    request = add_request("what about my box")
    disagree(store, clock, request)
    decider.retrain("T1")
    decider.trainer.stop()  # so that the click is not learned yet

    press(labelling.label, replies, "UADMIN", request=request.id, route="delivery")

    page = blocks_text(replies[-1])
    assert "what about my box" not in page
    assert "not applied yet" not in page
    assert "0 awaiting review" in page


def test_what_cannot_be_shown_is_counted_apart(store, decider, add_request, clock):
    disagree(store, clock, add_request("what about my box", channel_kind="dm"))
    decider.retrain("T1")

    page = blocks_text(render_tasks(store, decider, SlackPerson("T1", "UADMIN")))

    assert "what about my box" not in page
    assert "0 awaiting review" in page
    assert "2 more wait in conversations that are not public" in page


def test_what_the_router_was_sure_of_is_not_offered(store, decider, make_request, clock):
    request = make_request("where is the parcel")
    store.requests.insert(request, clock())
    scores = (Score("delivery", 0.99), Score("refund", 0.01))
    # As a channel's default route or the documents decide: their margin is none of the router's.
    decision = Decision("route", "delivery", 0.99, 0.0, 0.9, scores, "v")
    store.decisions.insert_first(request.id, decision, clock())

    page = blocks_text(render_tasks(store, decider, SlackPerson("T1", "UADMIN")))

    assert "where is the parcel" not in page


def test_an_admin_can_remove_a_correction(store, decider, labelling, add_request, clock, replies):
    request = add_request("what about my box")
    store.feedback.record(Feedback(request.id, "U1", "route", "refund", clock()))

    press(labelling.drop, replies, "UADMIN", request=request.id, user="U1")

    assert store.feedback.for_request(request.id) == []


def test_a_correction_can_be_taken_back_by_its_person(
    store, decider, labelling, add_request, clock, replies
):
    before = decider.router("T1").version
    request = add_request("what about my box of shoes")
    store.feedback.record(Feedback(request.id, "U1", "route", "delivery", clock()))
    assert decider.trainer.request("T1", SECONDS)
    learned = decider.router("T1").version

    press(labelling.undo, replies, "U1", request=request.id)

    assert learned != before
    assert wait_until(lambda: decider.router("T1").version == before, SECONDS)
    assert store.feedback.for_request(request.id) == []


def test_who_is_forgotten_is_unlearned_without_a_click(store, decider, add_request, clock):
    before = decider.router("T1").version
    request = add_request("what about my box of shoes")
    store.feedback.record(Feedback(request.id, "U1", "route", "delivery", clock()))
    assert decider.trainer.request("T1", SECONDS)
    store.feedback.remove("T1", request.id, "U1", "route")

    assert decider.trainer.request("T1", SECONDS)
    assert decider.router("T1").version == before


def test_a_new_route_keeps_what_was_learned(store, decider, add_request, clock):
    request = add_request("what about my box of shoes")
    store.feedback.record(Feedback(request.id, "U1", "route", "delivery", clock()))
    decider.reload(decider.catalog)

    assert [one.text for one in decider.training_result("T1").used] == [
        "what about my box of shoes"
    ]


def test_thanks_offer_a_way_back():
    message = correction_thanks("r1", "refund", CorrectionState("learned"))

    assert "should go there" in message.text
    assert "undo_label" in blocks_text(message)
