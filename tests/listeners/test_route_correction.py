"""Who corrects a route is told what became of the correction."""

from __future__ import annotations

import json

import pytest

from bot.admins import Admins
from bot.listeners import route_correction
from bot.listeners.route_correction import RouteCorrection
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.types import Feedback
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder
from workers.fakes import MemoryDirectory
from workers.runtime.processes import wait_until

SECONDS = 120.0


class Person:
    """A person at the dialog, and what they alone are told. Training begins with `train`."""

    def __init__(self, store, routing, clock, request) -> None:
        self.store, self.routing, self.clock, self.request = store, routing, clock, request
        self.correction = RouteCorrection(store, routing, clock)
        self.told: list[str] = []

    def chat_postEphemeral(self, *, text, user, channel, **_) -> None:  # noqa: N802  # Slack's name
        assert (user, channel) == ("U1", self.request.channel)
        self.told.append(text)

    def correct(self, route) -> None:
        about = {"request": self.request.id, "revision": 0, "channel": self.request.channel}
        values = {
            "route": {"route": {"selected_option": {"value": route}}},
            "note": {"note": {"value": None}},
            "again": {"again": {"selected_options": []}},
        }
        view = {"private_metadata": json.dumps(about), "state": {"values": values}}
        body = {"team": {"id": "T1"}, "user": {"id": "U1"}, "view": view}
        self.correction.correct(ack=lambda: None, body=body, view=view, client=self)

    def train(self) -> None:
        self.routing.trainer.start()

    def hears(self, count) -> list[str]:
        assert wait_until(lambda: len(self.told) == count, SECONDS)
        return self.told


@pytest.fixture
def make_person(tmp_path, store, clock, make_request, make_decision, monkeypatch):
    monkeypatch.setattr(route_correction, "LEARN_SECONDS", 0.0)
    write_routes(tmp_path / "routes")
    catalog = load_routes(tmp_path / "routes")
    admins = Admins(Settings(_env_file=None), store.audit, clock)
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    directory = MemoryDirectory(is_public=True)
    routing = RoutingService(catalog, learner, store, CountingQueue(), admins, directory)

    def make(text, **over):
        request = make_request(text, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision("refund"), clock())
        return Person(store, routing, clock, request)

    yield make
    routing.trainer.stop()


def test_who_corrects_is_told_when_it_is_learned(make_person):
    person = make_person("what about my box of shoes")

    person.correct("delivery")
    assert "I am learning it now" in person.hears(1)[0]
    person.train()

    assert "The next message like it should go there" in person.hears(2)[1]


def test_who_is_not_believed_yet_is_told_so_and_who_can_confirm_it(make_person):
    person = make_person("what about my box of shoes")
    other = Feedback(person.request.id, "U2", "route", "password", person.clock())
    person.store.feedback.record(other)

    person.correct("delivery")
    person.train()

    text = person.hears(2)[1]
    assert "I do not learn it yet: people disagree. An admin can confirm it" in text
    assert "`/beagle label`" in text
    assert "should go there" not in text


def test_where_no_admin_is_shown_the_message_an_example_is_the_way(make_person):
    person = make_person("what about my box of shoes", channel_kind="private")
    other = Feedback(person.request.id, "U2", "route", "password", person.clock())
    person.store.feedback.record(other)

    person.correct("delivery")
    person.train()

    text = person.hears(2)[1]
    assert "can confirm it" not in text
    assert "add an example" in text


def test_who_confirms_another_persons_label_is_told_that_it_is_learned(make_person):
    person = make_person("what about my box of shoes")
    other = Feedback(person.request.id, "U2", "route", "delivery", person.clock())
    person.store.feedback.record(other)

    person.correct("delivery")
    person.train()

    assert "The next message like it should go there" in person.hears(2)[1]


def test_a_correction_that_teaches_nothing_promises_nothing(make_person):
    person = make_person("what about my box of shoes")
    person.correct("delivery")
    person.store.feedback.remove("T1", person.request.id, "U1", "route")
    person.train()

    assert person.hears(2)[1] == "Thank you: this is *delivery*."


def test_a_reply_that_slack_refuses_ends_no_training(make_person):
    person = make_person("what about my box of shoes")
    person.correct("delivery")
    person.request = None  # so that what follows is refused
    person.train()

    assert person.routing.trainer.request("T1", SECONDS)
    assert len(person.told) == 1
