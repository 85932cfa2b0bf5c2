"""An admins-only route answers admins; nobody else can see or choose it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot import commands
from bot.admins import Admins
from bot.app import replies as slack_replies
from bot.listeners.answer_actions import AnswerActions
from bot.listeners.assistant import AssistantPane
from bot.listeners.home import HomePublisher
from bot.listeners.labelling import LabelActions
from bot.listeners.route_correction import RouteCorrection
from bot.routing.service import RoutingService
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.ui.texts import common as texts
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.store.workspace.channel_rules import ChannelRule
from router.types import Decision, Outcome, Score, SlackPerson
from tests.fixtures.command_context import make_command
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

ADMIN, MEMBER = "UADMIN", "UMEMBER"
SECRET = "password"
"""The admins-only route."""
TEXT = "I forgot my password, reset my password please"
"""A message that fits it."""


@pytest.fixture
def settings():
    return Settings(_env_file=None, admins=(ADMIN,))


@pytest.fixture
def admins(settings, store, clock):
    return Admins(settings, store.audit, clock)


@pytest.fixture
def limit(tmp_path):
    """Writes the routes; `limit(visibility)` sets who may use the secret one."""
    write_routes(tmp_path / "routes")
    file = tmp_path / "routes" / SECRET / "route.md"
    text = file.read_text()

    def write(visibility):
        file.write_text(text.replace("utterances:", f"visibility: {visibility}\nutterances:", 1))
        return load_routes(tmp_path / "routes")

    return write


@pytest.fixture
def routing(tmp_path, store, admins, limit):
    catalog = limit("admins")
    assert not catalog.problems
    return RoutingService(
        catalog, Learner(TrigramEncoder(), tmp_path / "router"), store, CountingQueue(), admins
    )


@pytest.fixture
def ask(store, routing, make_request, clock):
    """Stores and decides a request; returns it with its decision."""

    def ask(user, text=TEXT, **over):
        request = make_request(text, user=user, **over)
        store.requests.insert(request, clock())
        return request, routing.decide(request)

    return ask


@pytest.fixture
def respond():
    class Respond:
        def __init__(self):
            self.messages = []

        def __call__(self, **message):
            self.messages.append(message)

    return Respond()


class Dialogs:
    """A client that collects dialogs and messages."""

    def __init__(self):
        self.views, self.posts = [], []

    def views_open(self, trigger_id, view):
        self.views.append(view)

    def chat_postEphemeral(self, **message):  # noqa: N802  # Slack's name
        self.posts.append(message)


def click(request, user, **value):
    body = {
        "team": {"id": request.team},
        "user": {"id": user},
        "channel": {"id": request.channel},
        "trigger_id": "t",
    }
    value = json.dumps({"request": request.id, "revision": 0} | value)
    return {"ack": lambda **_: None, "body": body, "action": {"value": value}}


def names(decision):
    """Every route that a decision or its reasons name."""
    return json.dumps([decision.route, [score.route for score in decision.scores]])


def test_it_answers_an_admin(ask):
    _, decision = ask(ADMIN)

    assert (decision.verb, decision.route) == ("route", SECRET)


@pytest.mark.parametrize("text", [TEXT, f"!{SECRET} please", "my parcel password"])
def test_it_never_answers_a_member(ask, text):
    _, decision = ask(MEMBER, text)

    assert decision.route != SECRET
    assert SECRET not in names(decision)


def test_what_fits_it_is_nobody_else_s_with_certainty(ask):
    _, decision = ask(MEMBER)

    assert decision.verb in ("ask", "out_of_scope")
    assert decision.confidence < 0.5


def test_the_message_before_does_not_make_it_another_route_s(ask):
    first, decision = ask(MEMBER, "where is my parcel")
    assert decision.route == "delivery"
    # Somebody who has no answer in this thread yet, so that it is not the thread's own route.
    _, follow_up = ask(MEMBER, TEXT, thread_ts=first.ts)

    assert follow_up.verb in ("ask", "out_of_scope")


def test_a_member_who_follows_up_in_an_admin_s_thread_gets_another_route_or_none(ask):
    first, decision = ask(ADMIN)
    assert decision.route == SECRET

    _, follow_up = ask(MEMBER, "and mine?", thread_ts=first.ts)

    assert follow_up.route != SECRET
    assert SECRET not in names(follow_up)
    assert "rerouted_from" not in follow_up.reason


def test_an_edited_message_of_a_member_is_not_decided_for_it(routing, ask):
    request, _ = ask(MEMBER, "where is my parcel")

    decision = routing.redecide(replace(request, text=TEXT), 0, request.asker)

    assert decision is not None
    assert decision.route != SECRET


@pytest.mark.parametrize(("user", "expected"), [(ADMIN, SECRET), (MEMBER, None)])
def test_as_a_channel_s_default_it_serves_admins_only(store, ask, user, expected):
    store.channel_rules.upsert(ChannelRule("T1", "C1", default_route=SECRET))

    _, decision = ask(user, "xylophone quartz fjord vex")

    assert decision.route == expected


@pytest.mark.parametrize(
    ("asker", "clicker", "chosen"),
    [
        (ADMIN, ADMIN, True),
        (MEMBER, MEMBER, False),
        (MEMBER, ADMIN, False),
        (ADMIN, MEMBER, False),
    ],
)
def test_a_click_chooses_it_only_where_asker_and_clicker_are_admins(
    store, routing, clock, ask, respond, asker, clicker, chosen
):
    request, _ = ask(asker, "where is my parcel")
    correction = RouteCorrection(store, routing, clock)
    actions = AnswerActions(store, routing, correction, clock)

    actions.choose(**click(request, clicker, route=SECRET), respond=respond)

    assert (store.decisions.newest(request.id).route == SECRET) == chosen
    assert bool(store.feedback.for_request(request.id)) == chosen
    assert ([message["text"] for message in respond.messages] == [texts.ALREADY]) != chosen


def test_a_failed_answer_to_an_admin_is_not_run_again_by_a_member(
    store, routing, clock, ask, respond
):
    request, decision = ask(ADMIN)
    failed = Outcome("", error="model", route=SECRET)
    store.decisions.insert_outcome(request.id, decision.revision, failed, clock())
    actions = AnswerActions(store, routing, RouteCorrection(store, routing, clock), clock)

    actions.retry(**click(request, MEMBER), respond=respond)
    assert store.decisions.newest(request.id).revision == 0

    actions.retry(**click(request, ADMIN), respond=respond)
    assert store.decisions.newest(request.id).revision == 1


def test_the_correction_dialog_offers_it_to_admins_only(store, routing, clock, ask):
    request, _ = ask(MEMBER, "where is my parcel")
    correction, client = RouteCorrection(store, routing, clock), Dialogs()

    correction.open(**click(request, MEMBER), client=client)
    correction.open(**click(request, ADMIN), client=client)

    for_member, for_admin = (json.dumps(view) for view in client.views)
    assert f'"{SECRET}"' not in for_member
    assert f'"{SECRET}"' in for_admin


def test_a_forged_correction_dialog_changes_nothing(store, routing, clock, ask):
    request, _ = ask(MEMBER, "where is my parcel")
    correction, client = RouteCorrection(store, routing, clock), Dialogs()
    again = {"again": {"selected_options": [{"value": "yes"}]}}
    values = {
        "route": {"route": {"selected_option": {"value": SECRET}}},
        "note": {"note": {"value": None}},
        "again": again,
    }
    about = {"request": request.id, "revision": 0, "channel": request.channel}
    view = {"private_metadata": json.dumps(about), "state": {"values": values}}
    body = {"team": {"id": "T1"}, "user": {"id": MEMBER}, "view": view}

    correction.correct(ack=lambda **_: None, body=body, view=view, client=client)

    assert store.feedback.for_request(request.id) == []
    assert store.decisions.newest(request.id).route != SECRET
    assert client.posts == []


def test_it_is_offered_to_admins_only(store, settings, routing, clock, admins):
    home = HomePublisher(settings, store, routing, admins, lambda _: None)
    pane = AssistantPane(store, routing, clock)

    for user, offered in ((ADMIN, True), (MEMBER, False)):
        context = make_command(store, settings, clock, user=user, routing=routing)
        surfaces = {
            "offers": [offer.name for offer in routing.offers(SlackPerson("T1", user), "C1")],
            "home": [offer.name for offer in home.load(SlackPerson("T1", user)).offers],
            "help": commands.answer("help", context).blocks,
            "routes": commands.answer("routes", context).blocks,
        }
        for surface, content in surfaces.items():
            assert (f"'{SECRET}'" in str(content)) == offered, surface

        prompts = [prompt["message"] for prompt in pane.prompts(SlackPerson("T1", user), "D1")]
        assert (routing.catalog.routes[SECRET].utterances[0] in prompts) == offered


def test_help_names_the_admins_of_the_workspace(store, routing, clock):
    for named, told in (((f"T1:{ADMIN}", "T2:UELSE"), f"<@{ADMIN}>"), (("T2:UELSE",), "Nobody")):
        settings = Settings(_env_file=None, admins=named)
        text = commands.answer("help", make_command(store, settings, clock, routing=routing)).text

        assert told in text
        assert "UELSE" not in text


def test_an_admin_s_label_may_name_it_and_a_member_cannot_label(store, routing, ask, respond):
    request, _ = ask(MEMBER, "where is my parcel")
    labels = LabelActions(store, routing)

    labels.label(**click(request, MEMBER, route=SECRET), respond=respond)
    assert store.feedback.for_request(request.id) == []

    labels.label(**click(request, ADMIN, route=SECRET), respond=respond)
    assert [label.value for label in store.feedback.for_request(request.id)] == [SECRET]


def test_the_reasons_for_an_admin_s_answer_name_no_hidden_route_to_a_member(routing, ask):
    request, _ = ask(ADMIN, "where is my parcel")
    texts = {example.text: example.id for example in routing.catalog.training_examples()}
    secret, shown = "reset my password please", "where is my parcel"
    nearest = [
        {"route": SECRET, "example": texts[secret], "likeness": 0.9},
        {"route": "delivery", "example": texts[shown], "likeness": 0.4},
    ]
    scores = (Score("delivery", 0.6), Score(SECRET, 0.3), Score("refund", 0.1))
    reason = {"nearest": nearest}
    decision = Decision("route", "delivery", 0.6, 0.3, 0.9, scores, "v", reason=reason)

    people = {name: SlackPerson("T1", name) for name in (MEMBER, ADMIN)}
    for_member = "\n".join(routing.explanation(request, decision, people[MEMBER]).lines)
    for_admin = "\n".join(routing.explanation(request, decision, people[ADMIN]).lines)

    assert SECRET not in for_member
    assert shown in for_member
    assert SECRET in for_admin


def test_a_worker_s_menu_names_it_to_admins_only(store, admins, limit, clock, make_request):
    meta = Decision("meta", None, 1.0, 1.0, 1.0, (), "v")

    with Sandbox(SandboxConfig(limits=False)) as sandbox:
        clients = Clients.single(sandbox.bot_token, sandbox.api_url)
        replies = slack_replies(clients, store, limit("admins"), admins)
        ada = sandbox.actor("ada")

        for user, named in ((ADMIN, True), (MEMBER, False)):
            ts = ada.say("general", "what can you do?")
            request = make_request(
                ts=ts, team=seed_data.TEAM_ID, channel=ada.channel("general"), user=user
            )
            store.requests.insert(request, clock())

            replies.deliver(request, meta, Outcome(""))

            (answer,) = ada.thread("general", ts)[1:]
            assert (SECRET in json.dumps(answer)) == named


def test_a_route_for_some_channels_answers_there_only(routing, limit, ask):
    routing.reload(limit("[C1]"))

    assert ask(MEMBER)[1].route == SECRET
    assert ask(MEMBER, channel="C2")[1].route != SECRET
    assert SECRET not in routing.usable_routes(SlackPerson("T1", MEMBER), "")


def test_a_channel_s_rule_and_visibility_both_count(store, routing):
    store.channel_rules.upsert(ChannelRule("T1", "C1", routes=(SECRET, "refund")))

    assert list(routing.usable_routes(SlackPerson("T1", ADMIN), "C1")) == [SECRET, "refund"]
    assert list(routing.usable_routes(SlackPerson("T1", MEMBER), "C1")) == ["refund"]
