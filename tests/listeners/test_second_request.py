"""The other request in a message: one click serves it as a request of its own."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import pytest
from slack_bolt import BoltRequest

from bot.replies.replies import SlackReplies
from bot.routing.conversation import conversation_of
from bot.sandbox.delivery.dispatcher import DeliveryResult
from bot.sandbox.seed_data import TEAM_ID
from bot.sandbox.server import Sandbox
from bot.transport.clients import Clients
from bot.ui.blocks import ANSWER_SECOND
from bot.ui.texts import common as texts
from router.catalog.catalog import load_routes
from router.classifier.second_request import parts_of
from router.config import Settings
from router.publish import publish_catalog
from router.types import SECOND_REQUEST, RouteOffer
from tests.fixtures.delivery import make_context
from tests.fixtures.slack import slack_config
from tests.fixtures.slack_app import slack_app
from workers.jobs import answer, show_again, withdraw
from workers.jobs.answer import thread_history
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.runtime.person_limit import PersonLimit

__all__ = ["make_context", "slack_app"]  # fixtures

ASKED = "@beagle where is my parcel? And also I forgot my password"
FIRST, SECOND = "where is my parcel?", "I forgot my password"


class InProcess:
    """Slack's events and clicks go straight into Bolt; each ends before the next thing happens."""

    def __init__(self, bolt):
        self._bolt = bolt

    async def send(self, envelope):
        request = BoltRequest(body=json.dumps(envelope.payload), mode="socket_mode")
        # Listeners call the loopback Slack, whose loop must not wait for them.
        response = await asyncio.to_thread(self._bolt.dispatch, request)
        return DeliveryResult(response.status == 200)


class Model:
    """Answers with the number of its answer, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def send(self, endpoint, call, stall_seconds, on_text):
        self.asked.append(json.dumps([dict(message) for message in call.messages]))
        return RawAnswer(f"Answer {len(self.asked)}.", "stop", 1, 10)

    def price(self, name):
        return Price(output_usd=0.0001)


class Thread:
    """Ada asks two things at once; workers answer when a test says so."""

    def __init__(self, app, sandbox, store, clock, context, model, decision):
        self.app, self.sandbox, self.store, self.clock = app, sandbox, store, clock
        self.context, self.model, self._decision = context, model, decision
        self.ada = sandbox.actor("ada")
        sandbox.call(lambda: setattr(sandbox.context.dispatcher, "transport", InProcess(app.bolt)))

    def ask(self, text=ASKED, channel="general"):
        """Posts the message, whose first request is answered; returns the request."""
        ts = self.ada.say(channel, text)
        self.sandbox.settle()
        request = self.store.requests.find(TEAM_ID, self.ada.channel(channel), ts)
        self.decide(request, 0)
        answer.run(self.context, request.id)
        return self.store.requests.get(request.id)

    def decide(self, request, seen):
        """Decides the message as the router does where it is sure of both of its parts."""
        part = parts_of(request.text)[-1]
        second = {"route": "password", "start": part.start, "end": part.end}
        decision = replace(self._decision("delivery"), reason={SECOND_REQUEST: second})
        version = self.store.versions.live("", "delivery")
        decision = replace(decision, version=version.id if version else None)
        assert self.store.decisions.revise(
            request.id, decision, seen, self.clock(), asked_by=request.user
        )

    def messages(self, request):
        """What Beagle shows in the thread."""
        self.sandbox.settle()
        return self.ada.answers(request.channel, request.thread)

    def press(self, request, name="ada", seen=None):
        """Presses the button, or one on an earlier version of the message."""
        person = self.sandbox.actor(name)
        message = seen or self.messages(request)[0]
        person.click_outdated(request.channel, message, ANSWER_SECOND)
        self.sandbox.settle()

    def work(self, request):
        """Does what the click asks of the workers."""
        part = self.store.message_parts.get(request.id)
        if part is not None:
            answer.run(self.context, part.id)

        show_again.run(self.context, request.id)

    def delete(self, request):
        self.ada.delete("general", request.ts)
        self.sandbox.settle()


@pytest.fixture
def sandbox():
    with Sandbox(slack_config()) as running:
        yield running


@pytest.fixture
def thread(slack_app, sandbox, store, clock, tmp_path, make_context, make_decision):
    publish_catalog(load_routes(tmp_path / "routes"), store, clock())
    offers = [RouteOffer("delivery", "Parcels."), RouteOffer("password", "Passwords.")]
    replies = SlackReplies(
        Clients.single(sandbox.bot_token, sandbox.api_url),
        store.replies,
        clock,
        lambda _: offers,
        part=store.message_parts.get,
    )
    settings, model = Settings(_env_file=None, model="vendor/one"), Model()
    budget = Budget(settings, store.spend, clock, store.channel_rules.daily_cap_usd)
    gateway = Gateway(settings, model, None, clock, lambda: 0.0, budget)
    context = make_context(settings=settings, model=gateway, replies=replies)
    return Thread(slack_app, sandbox, store, clock, context, model, make_decision)


def buttons(message):
    return re.findall(r"'action_id': '(\w+)'", str(message["blocks"]))


def test_one_click_answers_the_other_request_in_the_same_thread(thread):
    request = thread.ask()
    (shown,) = thread.messages(request)
    assert SECOND in shown["text"]
    assert ANSWER_SECOND in buttons(shown)

    thread.press(request)
    thread.work(request)

    first, second = thread.messages(request)
    assert "Answer 2." in second["text"]
    assert "password (prompt)" in str(second["blocks"])
    assert ANSWER_SECOND not in buttons(first)
    assert "a message of its own below" in first["text"]


@pytest.mark.parametrize("channel", ["general", "dm"])
def test_it_is_a_request_of_the_same_person_by_its_own_words_alone(thread, channel):
    request = thread.ask(ASKED, channel)

    thread.press(request)
    thread.work(request)

    part = thread.store.message_parts.get(request.id)
    assert part.text == SECOND
    assert (part.asker, part.thread, part.channel_kind) == (
        request.asker,
        request.thread,
        request.channel_kind,
    )
    assert conversation_of(thread.store, part) == (None, ())
    assert thread_history(thread.store, part) == ()
    assert SECOND in thread.model.asked[-1]
    assert "parcel" not in thread.model.asked[-1]
    # Nor do the words of the other one stand before the model that answered the first.
    assert FIRST in thread.model.asked[0]
    assert "password" not in thread.model.asked[0]


def test_only_the_author_may_press(thread):
    request = thread.ask()

    thread.press(request, "grace")

    grace = thread.sandbox.actor("grace")
    assert grace.wait_for_ephemeral("general", texts.SECOND_NOT_YOURS)
    assert thread.store.message_parts.get(request.id) is None
    assert ANSWER_SECOND in buttons(thread.messages(request)[0])


def test_pressed_twice_it_is_answered_once(thread):
    request = thread.ask()
    (seen,) = thread.messages(request)
    thread.press(request, seen=seen)
    part = thread.store.message_parts.get(request.id)

    thread.press(request, seen=seen)
    thread.work(request)
    thread.press(request, seen=seen)

    assert thread.ada.wait_for_ephemeral("general", texts.SECOND_ALREADY)
    assert thread.store.message_parts.get(request.id).id == part.id
    assert thread.store.decisions.newest(part.id).revision == 0
    assert len(thread.messages(request)) == 2


def test_of_a_message_that_says_something_else_now_nothing_is_taken_up(thread):
    request = thread.ask()
    thread.ada.edit("general", request.ts, "@beagle where is my parcel? It was due on Monday")

    thread.press(request)

    assert thread.ada.wait_for_ephemeral("general", texts.SECOND_LATE)
    assert thread.store.message_parts.get(request.id) is None


def test_a_button_of_an_answer_that_was_given_anew_is_too_late(thread):
    request = thread.ask()
    (seen,) = thread.messages(request)
    thread.decide(request, 1)

    thread.press(request, seen=seen)

    assert thread.ada.wait_for_ephemeral("general", texts.SECOND_LATE)
    assert thread.store.message_parts.get(request.id) is None


def test_of_a_deleted_message_nothing_is_taken_up(thread):
    request = thread.ask()
    (seen,) = thread.messages(request)
    thread.delete(request)

    thread.press(request, seen=seen)

    assert thread.ada.wait_for_ephemeral("general", texts.SECOND_LATE)
    assert thread.store.message_parts.get(request.id) is None


def test_with_the_message_both_answers_go(thread):
    request = thread.ask()
    thread.press(request)
    thread.work(request)
    part = thread.store.message_parts.get(request.id)
    assert len(thread.messages(request)) == 2

    thread.delete(request)
    for key in (request.id, part.id):
        withdraw.run(thread.context, key)

    assert thread.messages(request) == []
    assert thread.store.requests.get(part.id) is None


def test_whoever_asks_too_often_is_told_and_may_press_later(thread):
    request = thread.ask()
    thread.app._routing.limit = PersonLimit(1, thread.clock)
    thread.app._routing.limit.check(request.asker)

    thread.press(request)

    assert thread.ada.wait_for_ephemeral("general", "more than 1 request within a minute")
    assert thread.store.message_parts.get(request.id) is None

    thread.clock.forward(61)
    thread.press(request)
    assert thread.store.message_parts.get(request.id) is not None


def test_after_an_edit_the_other_words_are_answered_in_place_of_the_former_ones(thread):
    request = thread.ask()
    thread.press(request)
    thread.work(request)
    thread.ada.edit(
        "general", request.ts, f"@beagle {FIRST} And also I cannot sign in to my account"
    )
    thread.sandbox.settle()
    thread.decide(thread.store.requests.get(request.id), 1)
    answer.run(thread.context, request.id)
    assert ANSWER_SECOND in buttons(thread.messages(request)[0])

    thread.press(request)
    thread.work(request)

    part = thread.store.message_parts.get(request.id)
    first, second = thread.messages(request)
    assert part.text == "I cannot sign in to my account"
    assert "Answer 4." in second["text"]
    assert ANSWER_SECOND not in buttons(first)


def test_a_button_carries_ids_and_no_words(thread):
    request = thread.ask()
    (shown,) = thread.messages(request)

    (block,) = [block for block in shown["blocks"] if "accessory" in block]
    assert json.loads(block["accessory"]["value"]) == {"request": request.id, "revision": 1}
