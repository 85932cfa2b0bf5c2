"""Every button, dialog, shortcut and word of /beagle, pressed by everybody who may not.

The listeners come from the app itself, so a new one is pressed too. One that is for everybody is
named below with its reason; any other one must refuse whoever is no admin.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

import pytest
from cryptography.fernet import Fernet
from slack_bolt import App, BoltRequest
from slack_bolt.context.ack import Ack
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import select

from bot import commands, slack_app
from bot.admins import Admins
from bot.routing.service import RoutingService
from bot.sandbox import seed_data
from bot.sandbox.delivery.interactions import create_response_url
from bot.sandbox.limits.token_scopes import BOT_SCOPES
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.workspaces import open_workspaces
from bot.ui.texts import common, people_answers
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.store.base.tables import metadata
from router.store.weekly.failure_groups import FailureGroup
from router.types import Decision, Proposal, Score
from tests.fixtures.help_desk import write_routes
from tests.fixtures.router import TrigramEncoder
from tests.fixtures.slack_app import InlineExecutor
from tests.fixtures.weekly import find_candidate, mined_week, store, week
from workers.fakes import MemoryQueue
from workers.jobs import queue_of_job
from workers.knowledge.refresh import refresh_key

__all__ = ["mined_week", "store", "week"]  # fixtures

T1, T2 = "T1", "T2"
CHANNEL = "C0GENERAL00"
ADA, GRACE, LINUS, MAE = (seed_data.user_id(name) for name in ("ada", "grace", "linus", "mae"))
WORDS = "Kestrelmoor"
"""A word of T1 that nobody of T2 may read."""

FOR_EVERYBODY = {
    "choose_none": "runs nothing",
    r"choose_route:\d+": "the channel's question, answered by whoever reads it",
    "try_again": "a failed answer that everybody sees",
    "answer_without_files": "a question to the channel, like a failed answer",
    "answer_second": "for the author alone, checked with the request",
    "thumb": "everybody's own opinion",
    r"reason:\w+": "everybody's own opinion",
    "why_route": "shown to the person alone",
    "wrong_route": "opens a dialog for the person's own correction",
    "undo_label": "takes back the person's own correction",
    "run_new": "for the author alone, checked with the request",
    "home_opt_out": "the person's own choice",
    "home_opt_in": "the person's own choice",
    "look_alone": "quotes what the person may read, to them alone",
    "share_here": "what the person may read, in their name",
    "share_answer": "for the person whose answer it is, checked with the request",
    r"stats_span:\w+": "the workspace's figures are for everybody",
    "stats_csv": "the workspace's figures are for everybody",
    "send_answer": "for the asker and admins, checked with the answer (tests/sending)",
    r"send_kind:\d+": "the second step of the same, checked again",
    "answer_handed_over": "for the person to whom it was handed over, checked with that",
    "forget_me": "erases whoever presses it, if the button was made for them",
}
"""Buttons that need no admin, with the reason."""
DIALOGS_FOR_EVERYBODY = {
    "wrong_route": "the person's own correction",
    "share_answer": "for the person whose answer it is, checked with the request",
    "send_answer": "for the asker and admins, checked with the answer (tests/sending)",
    "send_reply": "for the person to whom it was handed over, checked with that",
}
WORDS_FOR_EVERYBODY = {
    "optout": "the person's own choice",
}
"""Words of /beagle with an effect for members, with the reason."""
WRITES = (
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "views.open",
    "views.publish",
    "files.getUploadURLExternal",
    "conversations.join",
)
"""Methods of Slack that others see, or that open a dialog."""
ARGUMENTS = ("", "now", "read", "stop", "refund", "me", "off", "\x00<!here>")
"""What is typed behind a word of /beagle."""
JUNK = (
    "",
    "null",
    "[]",
    "{}",
    "[" * 1_900,
    '{"candidate": 1, "request": 2, "proposal": 3, "source": 4, "channel": 5, "user": 6}',
    '{"candidate": {"a": 1}, "request": {"a": 1}, "proposal": ["x"], "source": null}',
    '{"version": "x", "revision": "x", "places": "x", "dataset": 7}',
    '{"version": null, "revision": null, "places": [99999], "dataset": null}',
    '{"version": 1e400, "revision": -1e400, "places": [-1, "x", null], "span": []}',
    '{"candidate": "\\u0000", "request": "\\u0000", "source": "\\ud83d", "channel": "\\ud83d"}',
    '{"request": "\\ud83d", "user": "\\u0000", "route": "\\ud83d", "proposal": "\\u0000"}',
    f'{{"version": {10**40}, "revision": {-10**40}, "places": [{10**40}]}}',
    "up", "up null", 'up {"request": 1}', "later 99999999999999999999 x", "\x00", "\ud83d",
)  # fmt: skip


class RecordingApp(App):
    """Bolt's app; keeps what was registered, and what listeners raised."""

    def __init__(self, **arguments):
        self.names, self.raised = defaultdict(list), []
        super().__init__(**(arguments | {"listener_executor": InlineExecutor()}))
        self.error(self._keep)

    def _keep(self, error):
        self.raised.append(error)

    def action(self, constraints, *rest, **arguments):
        self.names["action"].append(constraints)
        return super().action(constraints, *rest, **arguments)

    def view(self, constraints, *rest, **arguments):
        self.names["view"].append(constraints)
        return super().view(constraints, *rest, **arguments)

    def message_shortcut(self, constraints, *rest, **arguments):
        self.names["shortcut"].append(constraints)
        return super().message_shortcut(constraints, *rest, **arguments)


@dataclass(frozen=True)
class Person:
    """Somebody who presses: `home` is their own workspace, `team` the one Slack sends."""

    user: str
    team: str = T1
    home: str = T1


MEMBER = Person(GRACE)
FORMER = Person(MAE)
ADMIN = Person(ADA)
FOREIGN = Person(GRACE, T2, T2)
"""The admin of the other workspace, whose payload names what belongs to this one."""
OUTSIDER = Person(ADA, T1, "T9")
"""Somebody of a third workspace in a shared channel, with the user id of the admin."""


@dataclass
class World:
    """Two workspaces behind one app, and what happens in them."""

    store: object
    sandbox: Sandbox
    app: RecordingApp
    queue: MemoryQueue
    value: dict
    seen: int = field(default=0)

    def snapshot(self):
        """Everything that T1 has, and what others see of Beagle; refused clicks do not count."""
        rows = {}
        with self.store.begin() as connection:
            for table in metadata.sorted_tables:
                query = select(table)
                if table.name == "audit":
                    query = query.where(table.c.outcome == "applied")
                if "team" in table.c:
                    query = query.where(table.c.team != T2)
                rows[table.name] = sorted(map(repr, connection.execute(query)))

        # What T2's clicks may spend or mark is T2's.
        jobs = [job for job in self.queue.jobs if T2 not in job[1]]
        calls = {method: self.sandbox.context.call_counts[method] for method in WRITES}
        return rows, jobs, calls

    def told(self):
        """What was said to people alone since the last call."""
        messages = list(self.sandbox.workspace.ephemerals.values())
        new, self.seen = messages[self.seen :], len(messages)
        return "\n".join(map(str, new))

    def dispatch(self, body):
        response = self.app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        # A listener that raised before its acknowledgement looks like none to Bolt.
        assert self.app.raised == [], body
        assert response.status == 200, body
        return str(response.body)

    def press(self, person, constraint, value, *, view=False):
        """Presses a button, or one in a dialog or the App Home."""
        text = value if isinstance(value, str) else json.dumps(value)
        action = {
            "type": "button",
            "action_id": sample(constraint),
            "block_id": "b",
            "value": text,
            "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": text},
        }
        body = self._body(person, "block_actions") | {"actions": [action]}
        if view:
            body["view"] = {"id": "V1", "type": "home", "state": {"values": {}}}
        else:
            body["message"] = {"ts": "1800000001.000000", "text": "x", "blocks": []}

        return self.dispatch(body) + self.told()

    def submit(self, person, constraint, value):
        """Submits a dialog with an answer to every question that a dialog of Beagle has."""
        text = value if isinstance(value, str) else json.dumps(value)
        view = {
            "id": "V1",
            "type": "modal",
            "callback_id": sample(constraint),
            "private_metadata": text,
            "state": {"values": ANSWERS},
        }
        body = self._body(person, "view_submission") | {"view": view}
        del body["channel"], body["response_url"]
        return self.dispatch(body) + self.told()

    def shortcut(self, person, constraint, message):
        body = self._body(person, "message_action")
        body |= {
            "callback_id": constraint,
            "message": message,
            "message_ts": message.get("ts", "1"),
            "action_ts": "1800009999.000000",
        }
        return self.dispatch(body) + self.told()

    def type(self, person, text):
        """Types /beagle."""
        body = {
            "command": "/beagle",
            "text": text,
            "team_id": person.team,
            "user_id": person.user,
            "channel_id": CHANNEL,
            "channel_name": "general",
        } | self._handles(person)
        return self.dispatch(body) + self.told()

    def _body(self, person, kind):
        return {
            "type": kind,
            "api_app_id": seed_data.APP_ID,
            "team": {"id": person.team, "domain": "x"},
            "user": {"id": person.user, "team_id": person.home, "name": "x"},
            "channel": {"id": CHANNEL, "name": "general"},
            "container": {"type": "message", "channel_id": CHANNEL},
        } | self._handles(person)

    def _handles(self, person):
        context = self.sandbox.context

        def issue():
            return {
                "trigger_id": context.short_lived_tokens.issue("trigger", user=person.user),
                "response_url": create_response_url(context, person.user, CHANNEL),
            }

        return self.sandbox.call(issue)


def sample(constraint):
    """Returns an id that matches what a listener listens to."""
    if isinstance(constraint, str):
        return constraint

    text = constraint.pattern.replace(r"\d+", "0").replace(r"\w+", "7d")
    assert constraint.fullmatch(text), f"say here which ids match {constraint.pattern!r}"
    return text


def name_of(constraint):
    return constraint if isinstance(constraint, str) else constraint.pattern


def _answers():
    """One answer for each question of each dialog."""
    texts = ("budget", "reason", "why", "note", "usd", "answer", "models", "limit", "merge")
    texts += ("question",)
    chosen = ("when", "hears", "default_route", "route", "is_request", "again", "verdict", "kind")
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "mentions"}
    values = {name: {name: {"type": "plain_text_input", "value": "1"}} for name in texts}
    values |= {
        name: {name: {"type": "static_select", "selected_option": option}} for name in chosen
    }
    values["channel"] = {"channel": {"type": "conversations_select"}}
    values["channel"]["channel"]["selected_conversation"] = CHANNEL
    return values


ANSWERS = _answers()


@pytest.fixture
def sandbox():
    with Sandbox(SandboxConfig(limits=False, team=T1)) as running:
        yield running


@pytest.fixture
def settings(sandbox, tmp_path):
    return Settings(
        _env_file=None,
        SLACK_API_URL=sandbox.api_url,
        SLACK_CLIENT_ID="1.2",
        SLACK_CLIENT_SECRET="hush",  # nobody's
        token_key=Fernet.generate_key().decode(),
        data=tmp_path / "data",
        port=0,
        health_port=0,
        admin_channel="C0LEADS0000",
    )


@pytest.fixture
def value(store, week, clock, make_request, sandbox):
    """Ids of what is in T1, with everything that a button or dialog of Beagle may carry."""
    text = f"refund for {WORDS}"
    posted = sandbox.call(
        lambda: sandbox.workspace.post(CHANNEL, {"user": LINUS, "text": text, "type": "message"})
    )
    request = make_request(text, team=T1, channel=CHANNEL, user=LINUS, ts=posted["ts"])
    store.requests.insert(request, clock())
    scores = (Score("refund", 0.5), Score("delivery", 0.4))
    decision = Decision("route", "refund", 0.5, 0.1, 0.9, scores, "v")
    store.decisions.insert_first(request.id, decision, clock())
    proposal = Proposal(request.id, 1, "open_ticket", {"title": WORDS}, WORDS, clock())
    store.proposals.propose(proposal)
    store.opt_outs.add(T1, LINUS, clock())

    group = FailureGroup(
        "g1", T1, "w", "w", "router", "refund", [request.id], 5, 5, 9, "e", b"", clock(),
        detail={"to": "delivery"},
    )  # fmt: skip
    store.failure_groups.upsert(group)
    candidate = find_candidate(store)
    return {
        "group": group.id,
        "candidate": candidate.id,
        "version": candidate.version,
        "dataset": "d1",
        "places": [0],
        "request": request.id,
        "revision": 1,
        "route": "delivery",
        "reason": "slow",
        "user": LINUS,
        "channel": CHANNEL,
        "ts": posted["ts"],
        "thread": posted["ts"],
        "team": T1,
        "source": refresh_key(T1, "handbook"),
        "span": "7d",
        "proposal": proposal.key,
        "seal": proposal.content_hash,
    }


@pytest.fixture
def world(store, settings, clock, tmp_path, sandbox, value, monkeypatch):
    monkeypatch.setattr(slack_app, "App", RecordingApp)
    sandbox.call(lambda: sandbox.context.tokens.add("xoxb-two", "bot", BOT_SCOPES))
    workspaces = open_workspaces(settings, store, None, clock)
    installs = workspaces.installations
    for team, user, token in ((T1, MAE, sandbox.bot_token), (T2, GRACE, "xoxb-two")):
        installs.save(
            Installation(
                team_id=team,
                user_id=user,
                bot_token=token,
                bot_id=seed_data.BOT_ID,
                bot_user_id=seed_data.BOT_USER_ID,
            )
        )
    assert installs.replace_installer(T1, MAE, ADA)

    write_routes(tmp_path / "routes")
    admins = Admins(settings, store.audit, clock, workspaces.installer)
    queue = MemoryQueue(queue_of_job())
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    routing = RoutingService(load_routes(tmp_path / "routes"), learner, store, queue, admins)
    numbers = iter(range(10**6))
    bot = slack_app.SlackApp(
        settings, store, queue, routing, workspaces, lambda: f"n{next(numbers)}"
    )
    # Some buttons wait for what their click teaches.
    routing.trainer.start()
    yield World(store, sandbox, bot.bolt, queue, value)
    routing.trainer.stop()
    bot.stop()


def buttons(world, *, admins_only):
    names = world.app.names["action"]
    return [name for name in names if (name_of(name) not in FOR_EVERYBODY) == admins_only]


def dialogs(world, *, admins_only):
    names = world.app.names["view"]
    return [name for name in names if (name_of(name) not in DIALOGS_FOR_EVERYBODY) == admins_only]


def is_refusal(text):
    refusals = (common.ADMINS_ONLY, common.NOT_YOURS, people_answers.OWNERS_ONLY)
    return any(refusal in text for refusal in (*refusals, people_answers.NOT_YOURS))


def encodings(value):
    """A value as a button, a thumb and an option of a select carry it."""
    text = json.dumps(value)
    return [text, f"up {text}", f"week {value['version']} {value['candidate']}"]


def test_every_reason_names_a_listener(world):
    """A name that nobody listens to any more must not hide a new one."""
    assert set(FOR_EVERYBODY) <= {name_of(name) for name in world.app.names["action"]}
    assert set(DIALOGS_FOR_EVERYBODY) <= {name_of(name) for name in world.app.names["view"]}
    assert set(WORDS_FOR_EVERYBODY) <= set(commands.names())
    assert len(world.app.names["action"]) > 30
    assert len(world.app.names["view"]) > 8


@pytest.mark.parametrize("person", [MEMBER, FORMER, OUTSIDER], ids=["member", "former", "outsider"])
def test_a_button_or_dialog_for_admins_refuses_everybody_else(world, person):
    before = world.snapshot()
    for button in buttons(world, admins_only=True):
        texts = [world.press(person, button, text) for text in encodings(world.value)]
        assert any(map(is_refusal, texts)), name_of(button)
        assert world.snapshot() == before, name_of(button)

    for dialog in dialogs(world, admins_only=True):
        assert is_refusal(world.submit(person, dialog, world.value)), name_of(dialog)
        assert world.snapshot() == before, name_of(dialog)

    assert world.app.raised == []


def test_the_same_buttons_and_dialogs_let_an_admin_in(world):
    for button in buttons(world, admins_only=True):
        for text in encodings(world.value):
            assert not is_refusal(world.press(ADMIN, button, text)), name_of(button)

    for dialog in dialogs(world, admins_only=True):
        assert not is_refusal(world.submit(ADMIN, dialog, world.value)), name_of(dialog)

    assert world.app.raised == []


def test_another_workspace_s_admin_changes_nothing_here_and_reads_nothing(world):
    before = world.snapshot()
    for button in world.app.names["action"]:
        for text in encodings(world.value):
            assert WORDS not in world.press(FOREIGN, button, text), name_of(button)

        assert world.snapshot()[:2] == before[:2], name_of(button)

    for dialog in world.app.names["view"]:
        assert WORDS not in world.submit(FOREIGN, dialog, world.value), name_of(dialog)
        assert world.snapshot()[:2] == before[:2], name_of(dialog)

    assert world.app.raised == []


def test_an_old_button_or_dialog_changes_nothing(world):
    stale = world.value | {
        "version": world.value["version"] - 1,
        "revision": 0,
        "seal": "old",
        "source": "old",
        "dataset": "old",
        "request": "gone",
        "ts": "1.000000",
        "group": "gone",
    }
    before = world.snapshot()[0]
    for person in (ADMIN, MEMBER):
        for button in buttons(world, admins_only=True):
            for text in encodings(stale):
                world.press(person, button, text)
            assert world.snapshot()[0] == before, name_of(button)

        for dialog in world.app.names["view"]:
            if name_of(dialog) != "channel_settings":
                world.submit(person, dialog, stale)
                assert world.snapshot()[0] == before, name_of(dialog)

    assert world.app.raised == []


@pytest.mark.fuzz
@pytest.mark.parametrize("person", [ADMIN, MEMBER, FOREIGN, OUTSIDER])
def test_forged_values_change_nothing_and_raise_nothing(world, person):
    """Whoever sends them: an admin, too, presses only what Beagle has posted."""
    odd = world.value | {"version": "1", "revision": [1], "places": [2**70], "route": "\x00"}
    odd |= {"request": ["r1"], "proposal": 7}
    forged = (*JUNK, odd) if person is ADMIN else (*JUNK[-4:], odd)
    before = world.snapshot()[0]

    for junk in forged:
        for button in world.app.names["action"]:
            world.press(person, button, junk, view=person is ADMIN)
        for dialog in world.app.names["view"]:
            world.submit(person, dialog, junk)

    after = world.snapshot()[0]
    changed = {name for name in after if after[name] != before[name]}
    # The person's own choice needs no value, and an admin may set the rule of any channel.
    assert changed <= ({"opt_out", "channel_rule", "audit"} if person is ADMIN else {"opt_out"})


@pytest.mark.parametrize("person", [MEMBER, FORMER, FOREIGN], ids=["member", "former", "foreign"])
@pytest.mark.parametrize(
    "argument", ["", "now", "read", "stop", "refund", "me", "off", "\x00<!here>"]
)
def test_a_word_changes_nothing_for_whoever_is_no_admin(world, person, argument):
    before = world.snapshot()
    for word in commands.names():
        if word in WORDS_FOR_EVERYBODY:
            continue

        answer = world.type(person, f"{word} {argument}")
        assert WORDS not in answer, word
        if person is not FOREIGN:
            assert world.snapshot() == before, word
        else:
            assert world.snapshot()[:2] == before[:2], word

    assert world.app.raised == []


@pytest.mark.parametrize(
    "person", [MEMBER, OUTSIDER, FOREIGN], ids=["member", "outsider", "foreign"]
)
def test_an_odd_message_under_a_shortcut_raises_nothing(world, person):
    odd = ({"ts": "1"}, {"ts": "", "text": None}, {"ts": "x", "text": "\x00", "user": None})
    for shortcut in world.app.names["shortcut"]:
        for message in odd:
            world.shortcut(person, shortcut, message)

    assert world.app.raised == []


def calls_until_ack(world, monkeypatch):
    """Returns a function that counts what Slack is asked before a press is acknowledged."""
    calls = world.sandbox.context.call_counts
    asked = []
    acknowledge = Ack.__call__

    def counted(self, *args, **kwargs):
        asked.append(calls.total())
        return acknowledge(self, *args, **kwargs)

    monkeypatch.setattr(Ack, "__call__", counted)

    def count(press, *arguments):
        asked.clear()
        before = calls.total()
        press(*arguments)
        return asked[0] - before if asked else 0

    return count


@pytest.mark.parametrize("person", [ADMIN, MEMBER], ids=["admin", "member"])
def test_everything_is_acknowledged_before_slack_is_asked_anything(world, monkeypatch, person):
    """Slack waits three seconds; a channel of thousands of people comes in many pages."""
    count, value = calls_until_ack(world, monkeypatch), world.value
    message = {"ts": "1800000001.000000", "user": LINUS, "text": f"refund for {WORDS}"}
    late = []
    for button in world.app.names["action"]:
        for encoded in encodings(value):
            late += [name_of(button)] * count(world.press, person, button, encoded)
    for dialog in world.app.names["view"]:
        late += [name_of(dialog)] * count(world.submit, person, dialog, value)
    for shortcut in world.app.names["shortcut"]:
        late += [shortcut] * count(world.shortcut, person, shortcut, message)
    for word in commands.names():
        late += [word] * count(world.type, person, word)

    assert late == []
