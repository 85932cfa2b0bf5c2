"""Whoever asks pays: a click counts for the person who pressed, not for the message's author."""

from __future__ import annotations

import ast
import json
from dataclasses import replace

import pytest

from bot.admins import Admins
from bot.intake.foreign_homes import HomeLookup
from bot.intake.messages import MessageListener
from bot.listeners.answer_actions import AnswerActions
from bot.listeners.route_correction import RouteCorrection
from bot.routing.background_training import RequestedTraining
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.catalog.version import Version
from router.config import Settings
from router.learning.learner import Learner
from router.publish import publish_catalog
from router.store.privacy.sentences import Sentences
from router.store.usage.spend import DAY_SECONDS
from router.types import Outcome, Score
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder
from workers.context import Work
from workers.fakes import MemoryDirectory
from workers.jobs import answer
from workers.llm.budget import Budget
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.ports import Payer
from workers.runtime.person_limit import PersonLimit

ANN, BOB = "UANN", "UBOB"
ROUTE = "delivery"


class Vendor:
    """A model that answers at a tenth of a cent for each call."""

    def send(self, endpoint, call, stall_seconds, on_text):
        return RawAnswer("It is on its way.", "stop", 1, 10)

    def price(self, name):
        return Price(output_usd=0.0001)


class Client:
    """A Slack client that collects what one person alone is told."""

    def __init__(self):
        self.private = []

    def chat_postEphemeral(self, **message):  # noqa: N802  # Slack's name
        self.private.append((message["user"], message["text"]))


class Respond:
    """Collects the texts that the person who clicked is told."""

    def __init__(self):
        self.texts = []

    def __call__(self, **message):
        self.texts.append(message.get("text", ""))


class NoTrainer:
    """A trainer that learns nothing, so that no test waits for it."""

    def request(self, team, wait_seconds=0.0):
        return True

    def request_run(self, team, *, is_urgent):
        return RequestedTraining(is_urgent, is_done=True)

    def wait_for(self, run, seconds):
        return run.is_done

    def call_after(self, run, callback):
        callback()


class Desk:
    """The parts that a click passes on its way to a model call."""

    def __init__(self, tmp_path, store, clock, make_context, make_request, make_decision):
        self.settings = Settings(_env_file=None, model="vendor/one", cap_user_requests=2)
        self.store, self.clock = store, clock
        self.make_request, self.make_decision = make_request, make_decision
        write_routes(tmp_path / "routes")
        catalog = load_routes(tmp_path / "routes")
        publish_catalog(catalog, store, clock())

        admins = Admins(self.settings, store.audit, clock)
        learner = Learner(TrigramEncoder(), tmp_path / "router")
        self.routing = RoutingService(catalog, learner, store, CountingQueue(), admins)
        self.routing.trainer = NoTrainer()
        correction = RouteCorrection(store, self.routing, clock)
        self.clicks = AnswerActions(store, self.routing, correction, clock)
        homes = HomeLookup(store.access, MemoryDirectory())
        self.correction = correction
        self.messages = MessageListener(store, self.routing, homes)
        self.respond, self.client = Respond(), Client()

        budget = Budget(self.settings, store.spend, clock, store.channel_rules.daily_cap_usd)
        model = Gateway(self.settings, Vendor(), None, clock, lambda: 0.0, budget)
        self.context = make_context(settings=self.settings, model=model)

    def ask(self, user, decision=None):
        """Stores a request of this person's, decided for a route or as given."""
        request = self.make_request("where is my parcel", user=user)
        self.store.requests.insert(request, self.clock())
        decision = decision or self.make_decision(ROUTE)
        self.store.decisions.insert_first(request.id, decision, self.clock())

        return request

    def fail(self, request):
        """Lets the newest attempt fail, as when the model is away."""
        newest = self.store.decisions.newest(request.id)
        outcome = Outcome("", error="model", route=ROUTE)
        self.store.decisions.insert_outcome(request.id, newest.revision, outcome, self.clock())

    def work(self, request):
        answer.run(self.context, request.id)

    def counted(self, user):
        """The requests that count for a person today."""
        day = int(self.clock() // DAY_SECONDS)
        return self.store.spend.usage(("user", f"T1/{user}"), day).requests

    def press(self, name, request, user):
        """Presses the button of that name below the request's newest message."""
        revision = self.store.decisions.newest(request.id).revision
        value = {"request": request.id, "revision": revision, "route": ROUTE}
        body = {
            "team": {"id": "T1"},
            "user": {"id": user},
            "channel": {"id": request.channel},
            "trigger_id": "t",
        }
        if name == "wrong_route":
            self._submit(request, value, body)
            return

        buttons = {
            "choose_route": self.clicks.choose,
            "try_again": self.clicks.retry,
            "run_new": self.messages.rerun_edited,
        }
        action = {"value": json.dumps(value)}
        buttons[name](ack=lambda **_: None, body=body, action=action, respond=self.respond)

    def _submit(self, request, value, body):
        """Submits the dialog "Wrong route?" with "Run it again now"."""
        answers = {
            "route": {"route": {"selected_option": {"value": ROUTE}}},
            "note": {"note": {"value": None}},
            "again": {"again": {"selected_options": [{"value": "yes"}]}},
        }
        about = {**value, "channel": request.channel}
        view = {"private_metadata": json.dumps(about), "state": {"values": answers}}
        dialog = {"team": body["team"], "user": body["user"], "view": view}
        self.correction.correct(lambda **_: None, dialog, view, self.client)


@pytest.fixture
def desk(tmp_path, store, clock, make_context, make_request, make_decision):
    return Desk(tmp_path, store, clock, make_context, make_request, make_decision)


@pytest.mark.parametrize("button", ["choose_route", "wrong_route", "try_again"])
def test_a_click_on_somebody_else_s_message_counts_for_the_person_who_pressed(desk, button):
    asked = replace(desk.make_decision(ROUTE), verb="ask", route=None)
    request = desk.ask(ANN, asked if button == "choose_route" else None)
    if button == "try_again":
        desk.fail(request)

    desk.press(button, request, BOB)
    desk.work(request)

    assert desk.store.decisions.newest(request.id).asked_by == BOB
    assert (desk.counted(ANN), desk.counted(BOB)) == (0, 1)


def test_whoever_presses_cannot_use_up_the_author_s_cap(desk):
    request = desk.ask(ANN)
    for _ in range(5):
        desk.press("wrong_route", request, BOB)
        desk.work(request)

    desk.work(desk.ask(ANN))

    assert desk.counted(BOB) == desk.settings.cap_user_requests
    newest = desk.context.replies.answers
    assert [outcome.error for _, outcome in newest.values()] == [None, None]


def test_an_answer_stays_when_somebody_whose_cap_is_used_up_asks_to_run_it_again(desk):
    request = desk.ask(ANN)
    desk.work(request)
    for other in (desk.ask(BOB), desk.ask(BOB)):
        desk.work(other)

    desk.press("wrong_route", request, BOB)

    assert desk.store.decisions.newest(request.id).revision == 0
    assert desk.store.requests.get(request.id).state == "answered"
    refusals = [text for user, text in desk.client.private if "used up for today" in text]
    assert len(refusals) == 1
    assert {user for user, _ in desk.client.private} == {BOB}


def test_a_question_stays_open_for_its_author_when_a_person_without_budget_presses(desk):
    scores = (Score(ROUTE, 0.5), Score("refund", 0.4))
    request = desk.ask(ANN, replace(desk.make_decision(ROUTE, scores=scores), verb="ask"))
    desk.work(request)
    for other in (desk.ask(BOB), desk.ask(BOB)):
        desk.work(other)

    desk.press("choose_route", request, BOB)
    assert "your share is used up" in desk.respond.texts[-1]

    desk.press("choose_route", request, ANN)
    assert desk.store.decisions.newest(request.id).asked_by == ANN


def test_an_edited_message_that_runs_again_counts_for_its_author_who_pressed(desk):
    request = desk.ask(ANN)
    desk.work(request)

    desk.press("run_new", request, BOB)
    assert desk.store.decisions.newest(request.id).revision == 0

    desk.press("run_new", request, ANN)
    assert desk.store.decisions.newest(request.id).asked_by == ANN


def test_erasing_a_person_forgets_what_they_pressed(desk):
    request = desk.ask(ANN)
    desk.press("wrong_route", request, BOB)

    desk.store.personal_data.erase_user("T1", BOB, Sentences(b"key"), [])

    assert desk.store.decisions.newest(request.id).asked_by == ""


def test_what_nobody_waits_for_is_paid_by_the_workspace(make_request, make_decision):
    version = Version(route=ROUTE, kind="prompt", prompt="Hello")
    work = Work(make_request(), make_decision(ROUTE), version, in_background=True)

    assert work.payer() == Payer("T1", "", "", 0)


def test_the_workspace_s_work_fills_no_person_s_and_no_channel_s_cap(store, clock):
    settings = Settings(_env_file=None, cap_user_usd=0.1, cap_channel_usd=0.1, cap_team_usd=5.0)
    budget = Budget(settings, store.spend, clock)

    reservation = budget.reserve(Payer.workspace("T1"), 1.0)

    assert [scope for scope, _ in reservation.scopes] == ["team"]


PAYERS = {"workers/ports.py", "workers/context.py"}
"""The only files that may say who pays; everything else takes a payer from there."""
REVISERS = {"bot/routing/service.py"}
"""The only file that may run a request again for a person; it names the person."""


def calls(root):
    """Each call of the product, with its file."""
    for folder in ("bot", "workers", "router"):
        for path in sorted((root / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(root).as_posix(), node.func


def test_who_pays_is_said_in_one_place_and_so_is_who_runs_something_again(pytestconfig):
    payers, revisers = set(), set()
    for path, called in calls(pytestconfig.rootpath):
        if isinstance(called, ast.Name) and called.id == "Payer":
            payers.add(path)
        if isinstance(called, ast.Attribute) and called.attr == "revise":
            revisers.add(path)

    # The service checks the clicker's own cap before it revises.
    assert payers <= PAYERS | REVISERS
    assert revisers == REVISERS


def test_clicks_that_run_something_count_for_the_minute_of_the_person_who_pressed(desk):
    desk.routing.limit = PersonLimit(1, desk.clock)
    request = desk.ask(ANN)
    desk.work(request)
    desk.press("wrong_route", request, BOB)
    desk.work(request)

    desk.press("wrong_route", request, BOB)

    assert desk.store.decisions.newest(request.id).revision == 1
    assert any("more than 1 request within a minute" in text for _, text in desk.client.private)

    desk.press("wrong_route", request, ANN)
    assert desk.store.decisions.newest(request.id).revision == 2
