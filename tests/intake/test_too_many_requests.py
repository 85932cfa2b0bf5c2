"""Who sends more in a minute than is accepted is told so once, and delays nobody."""

from __future__ import annotations

import ast
import itertools

import pytest

from bot.intake.foreign_homes import HomeLookup
from bot.intake.messages import MessageListener
from bot.intake.requests import REFUSED, REQUEST, Intake
from router.store.workspace.channel_rules import ChannelRule
from workers.fakes import MemoryDirectory
from workers.runtime.person_limit import PersonLimit

ME = "U0BOT"
LIMIT = 3


class Routing:
    """Keeps the requests that it is given to decide."""

    def __init__(self):
        self.decided = []

    def decide(self, request):
        self.decided.append(request)


class Slack:
    """A client that collects what one person alone is told."""

    def __init__(self):
        self.private = []

    def chat_postEphemeral(self, **message):  # noqa: N802  # Slack's name
        self.private.append((message["user"], message["text"]))


class Bot:
    """Intake with the listener behind it."""

    def __init__(self, store, clock):
        ids = itertools.count(1)
        limit = PersonLimit(LIMIT, clock)
        self.store, self.routing, self.slack = store, Routing(), Slack()
        self.intake = Intake(store, ME, clock, lambda: f"id{next(ids)}", limit)
        self.listener = MessageListener(
            store, self.routing, HomeLookup(store.access, MemoryDirectory())
        )
        self._numbers = itertools.count(1)

    def receive(self, user="UANN", text=f"<@{ME}> hello", number=None):
        """Lets Slack deliver a message of that person's; returns its number."""
        number = number or next(self._numbers)
        kind = "app_mention" if ME in text else "message"
        body = {
            "type": "event_callback",
            "event_id": f"Ev{number}",
            "team_id": "T1",
            "authorizations": [{"team_id": "T1"}],
            "event": {
                "type": kind,
                "user": user,
                "channel": "C1",
                "ts": f"{number}.0",
                "text": text,
                "channel_type": "channel",
            },
        }
        context = {}

        def following():
            self.listener.handle(context, self.slack)

        self.intake(body=body, context=context, next=following)
        assert not (REQUEST in context and REFUSED in context)
        return number

    def asked(self, number):
        return self.store.requests.find("T1", "C1", f"{number}.0")


@pytest.fixture
def bot(store, clock):
    return Bot(store, clock)


def test_what_goes_beyond_the_limit_is_not_decided_and_told_once(bot, clock):
    numbers = [bot.receive() for _ in range(LIMIT + 50)]

    assert len(bot.routing.decided) == LIMIT
    assert [bot.asked(number).state for number in numbers[LIMIT:]] == ["ignored"] * 50
    ((user, text),) = bot.slack.private
    assert user == "UANN"
    assert "more than 3 requests within a minute" in text
    assert "before 08:01:00 UTC" in text


def test_nobody_else_is_refused(bot):
    for _ in range(LIMIT + 5):
        bot.receive()

    bot.receive("UBEN")

    assert bot.routing.decided[-1].user == "UBEN"


def test_after_the_time_that_was_named_the_person_is_heard_again(bot, clock):
    for _ in range(LIMIT + 5):
        bot.receive()

    clock.forward(60)
    number = bot.receive()

    assert bot.routing.decided[-1].id == bot.asked(number).id


def test_a_message_that_slack_delivers_again_counts_once(bot):
    first = bot.receive()
    for _ in range(10):
        bot.receive(number=first)
    for _ in range(LIMIT - 1):
        bot.receive()

    assert len(bot.routing.decided) == LIMIT
    assert bot.slack.private == []


def test_a_refused_message_that_slack_delivers_again_stays_refused(bot, clock):
    for _ in range(LIMIT + 1):
        number = bot.receive()

    clock.forward(600)
    bot.receive(number=number)

    assert bot.asked(number).state == "ignored"
    assert len(bot.routing.decided) == LIMIT


def test_talk_that_is_only_overheard_uses_up_nobody_s_requests(bot, store):
    store.channel_rules.upsert(ChannelRule("T1", "C1", hears="all"))
    for _ in range(LIMIT + 20):
        bot.receive(text="just talking to my colleagues")

    assert bot.slack.private == [], "it was not addressed to Beagle"
    number = bot.receive()
    assert bot.routing.decided[-1].id == bot.asked(number).id


INTAKES = {
    "bot/intake/requests.py",
    "bot/listeners/second_request.py",
    "bot/listeners/shortcuts.py",
}
"""Where a request begins; each asks the limit first."""
RUNNERS = {"bot/routing/service.py", "bot/slash_command.py"}
"""Where a click runs something again, and commands; they ask it, too."""


def test_every_way_to_make_beagle_work_asks_the_limit(pytestconfig):
    inserting, checking = set(), set()
    root = pytestconfig.rootpath
    for path in sorted((root / "bot").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue

            called = ast.unparse(node.func)
            if called.endswith(("requests.insert", "message_parts.insert")):
                inserting.add(name)
            if called.endswith("limit.check"):
                checking.add(name)

    assert inserting == INTAKES
    assert checking == INTAKES | RUNNERS
