"""No surface names a route to somebody who may not use it: a walk over all of them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot import commands
from bot.admins import Admins
from bot.listeners.assistant import AssistantPane
from bot.listeners.home import HomePublisher
from bot.listeners.stats import StatsActions
from bot.routing.service import RoutingService
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.publish import publish_catalog
from router.types import Outcome, SlackPerson
from tests.fixtures.command_context import make_command
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

ADMIN, MEMBER = "UADMIN", "UMEMBER"
SECRET = "password"
ROOT = Path(__file__).parents[2]

NAMES_EVERY_ROUTE = {
    "bot/routing/tier_report.py": "figures of the routes that its caller may name",
    "bot/routing/version_choice.py": "chooses a version of the route that was decided",
    "bot/cli/decide.py": "the terminal of whoever runs Beagle",
    "bot/commands/channel.py": "the settings of a channel, which are an admin's",
    "bot/commands/report.py": "the reports, which are for admins",
    "bot/commands/routes.py": "filtered by `hidden_routes`; admins see all",
    "bot/demo/ambiguous.py": "the demo",
    "bot/listeners/sending/actions.py": "the route of an answer; asks the rule",
    "bot/listeners/home.py": "the table of an admin's home",
    "bot/offline.py": "the terminal of whoever runs Beagle",
    "bot/routing/quotations.py": "looked up by id, for explanations that hide routes",
    "bot/routing/route_access.py": "the rule itself",
    "bot/routing/service.py": "asks the rule",
    "bot/routing/workspace_routers.py": "trains with every route",
    "bot/slack_app.py": "the settings of a channel, which are an admin's",
}
"""Files of the bot that read the whole catalogue, and why each may."""


@pytest.fixture
def settings():
    return Settings(_env_file=None, admins=(ADMIN,))


@pytest.fixture
def routing(tmp_path, store, settings, clock):
    write_routes(tmp_path / "routes")
    file = tmp_path / "routes" / SECRET / "route.md"
    file.write_text(file.read_text().replace("utterances:", "visibility: admins\nutterances:", 1))
    catalog = load_routes(tmp_path / "routes")
    publish_catalog(catalog, store, clock())
    admins = Admins(settings, store.audit, clock)
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    return RoutingService(catalog, learner, store, CountingQueue(), admins)


@pytest.fixture
def used(store, routing, make_request, make_decision, clock):
    """Requests of both people that the secret route has answered in C1."""
    requests = {}
    for user in (ADMIN, MEMBER):
        request = make_request(f"reset it for {user}", user=user)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(SECRET), clock())
        outcome = Outcome("Done.", route=SECRET, kind="prompt")
        store.decisions.insert_outcome(request.id, 0, outcome, clock())
        lease = store.requests.acquire(request.id, "w1", clock(), 60.0)
        store.requests.complete(lease, "answered", clock())
        requests[user] = request

    return requests


@pytest.mark.parametrize("word", commands.names())
def test_no_command_names_it_to_a_member(store, settings, routing, used, clock, word):
    for words in ((), ("7d",), ("30d",), (SECRET,)):
        context = make_command(store, settings, clock, user=MEMBER, routing=routing, words=words)
        reply = commands.answer(word, context)

        said = "" if reply is None else f"{reply.text} {reply.blocks}"
        if words != (SECRET,):
            assert SECRET not in said + str(vars(context.client)), word


def test_statistics_name_it_to_admins_only(store, settings, routing, used, clock):
    replies = {}
    for user in (ADMIN, MEMBER):
        context = make_command(store, settings, clock, user=user, routing=routing)
        reply = commands.answer("stats", context)
        replies[user] = f"{reply.text} {reply.blocks}"

    assert SECRET in replies[ADMIN]
    assert SECRET not in replies[MEMBER]


class Upload:
    """Keeps the file that is sent."""

    def __init__(self):
        self.content = ""

    def conversations_open(self, users):
        return {"channel": {"id": "D1"}}

    def files_upload_v2(self, content, **_):
        self.content = content


@pytest.mark.parametrize(("user", "named"), [(ADMIN, True), (MEMBER, False)])
def test_the_buttons_under_statistics_ask_too(store, routing, used, user, named):
    actions = StatsActions(store, routing)
    said, upload = [], Upload()
    body = {"team": {"id": "T1"}, "user": {"id": user}, "channel": {"id": "C1"}}
    action = {"value": '{"span": "30d"}'}

    def respond(**message):
        said.append(message)

    actions.change_span(lambda: None, body, action, respond)
    actions.export(lambda: None, body, action, respond, upload)

    assert (SECRET in str(said)) == named
    assert (SECRET in upload.content) == named


def test_the_home_does_not_name_it_beside_one_s_own_requests(store, settings, routing, used):
    home = HomePublisher(settings, store, routing, routing.admins, lambda _: None)

    assert [item.route for item in home.load(SlackPerson("T1", ADMIN)).recent] == [SECRET]
    assert [item.route for item in home.load(SlackPerson("T1", MEMBER)).recent] == [""]


def test_suggestions_do_not_follow_from_what_is_hidden(store, routing, used, clock):
    prompts = AssistantPane(store, routing, clock).prompts(SlackPerson("T1", MEMBER), "D1")

    secret = routing.catalog.routes[SECRET].utterances
    assert not {prompt["message"] for prompt in prompts} & set(secret)


def test_only_known_files_read_the_whole_catalogue():
    """The next surface that lists routes has to ask the rule, or to say here why not."""
    found = set()
    for file in (ROOT / "bot").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "routes":
                owner = node.value
                # A workspace's own catalogue is read by a call.
                is_method = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute)
                owner = owner.func if is_method else owner
                name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
                if name in ("catalog", "catalog_of"):
                    found.add(str(file.relative_to(ROOT)))

            if isinstance(node, ast.Attribute) and node.attr == "training_examples":
                found.add(str(file.relative_to(ROOT)))

    assert found == set(NAMES_EVERY_ROUTE)
