"""Whatever a button or a dialog carries, nothing crashes and nothing changes."""

from __future__ import annotations

import inspect
import itertools
import json
import re
from types import SimpleNamespace
from typing import get_type_hints

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.admins import Admins
from bot.payloads import ButtonValue
from bot.plainer.fallback import Fallback
from bot.routing.service import RoutingService
from bot.slack_app import SlackApp
from bot.ui.button_values import decode_number, decode_value
from router.candidate_evidence import CandidateEvidence
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.types import Candidate
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder

TEAM, ADMIN, MEMBER = "T1", "UADMIN", "U1"
CANDIDATE = "T1:c1"
WITHOUT_VALUE = ("opt_out", "opt_in", "home_opt")
"""Parts of the names of buttons that carry nothing: a click alone says what to do."""
JUNK = (
    None,
    True,
    -1,
    0,
    1.5,
    2**31,
    10**400,
    "",
    "x",
    "\x00",
    "\ud800",
    "9" * 5000,
    "²",
    "x" * 100_000,
    [],
    [None],
    ["0"],
    [10**30],
    list(range(10_000)),
    {},
    {"request": {}},
    float("nan"),
)
TEXTS = (
    *map(str, JUNK[:10]),
    "[" * 100_000,
    "{" * 1000,
    '{"a":' * 100_000,
    "null",
    "[]",
    '"x"',
    "9" * 5000,
    "up " + "[" * 100_000,
    "down {}",
    "1w -1 x",
    "4w ² T1:c1",
    "x2 " + "9" * 5000 + " T1:c1",
)
"""Values as they arrive: a text."""


class RecordingApp:
    """Takes listeners as Bolt does, and keeps them."""

    def __init__(self):
        self.actions, self.views, self.shortcuts = {}, {}, {}

    def action(self, constraint):
        return lambda listener: self.actions.setdefault(_name(constraint), listener)

    def view(self, constraint):
        return lambda listener: self.views.setdefault(_name(constraint), listener)

    def shortcut(self, constraint):
        return lambda listener: self.shortcuts.setdefault(_name(constraint), listener)

    message_shortcut = shortcut

    def event(self, _kind):
        return lambda listener: listener

    command = options = event

    def use(self, _middleware):
        """Takes what runs before the listeners."""


def _name(constraint):
    if isinstance(constraint, re.Pattern):
        return constraint.pattern.replace(r"\d+", "0").replace(r"\w+", "x")

    return constraint if isinstance(constraint, str) else str(constraint)


class Client:
    """Answers every call of Slack's Web API with nothing in particular."""

    def __getattr__(self, _method):
        answer = {"channel": {"id": "C1"}, "ts": "1.0", "members": [], "view": {"id": "V1"}}
        return lambda *_, **__: {"ok": True, **answer}


class ListeningApp(SlackApp):
    """The product's app, on a recorder in place of Bolt."""

    def _bolt_app(self):
        return RecordingApp()


class NoTrainer:
    def request(self, *_):
        pass


@pytest.fixture
def app(tmp_path, store, clock, make_request, make_decision):
    """Every listener of the product, around a store with one request and one candidate."""
    write_routes(tmp_path / "routes")
    settings = Settings(
        _env_file=None, admins=(ADMIN,), data=tmp_path, health_port=0, requests_per_minute=0
    )
    admins = Admins(settings, store.audit, clock)
    learner = Learner(TrigramEncoder(), tmp_path / "router")
    catalog, queue = load_routes(tmp_path / "routes"), CountingQueue()
    routing = RoutingService(catalog, learner, store, queue, admins)
    routing.trainer = NoTrainer()

    store.requests.insert(make_request(id="r1", user=MEMBER), clock())
    store.decisions.insert_first("r1", make_decision("refund"), clock())
    candidate = Candidate(CANDIDATE, TEAM, "boxes", "d", "digested", evidence=CandidateEvidence())
    store.candidates.upsert(candidate, clock())

    clients = SimpleNamespace(
        for_team=lambda _team: SimpleNamespace(retrying=Client()), fallback=Fallback()
    )
    workspaces = SimpleNamespace(
        bot_user=lambda team="": "UBOT", installations=None, clients=clients, now=clock
    )
    # Registered by the product itself, so that a listener added there is tried here.
    slack_app = ListeningApp(settings, store, queue, routing, workspaces, lambda: "new")
    yield slack_app.bolt
    slack_app.health.stop()


def call(listener, **available):
    """Calls the listener as Bolt does: with the arguments that it names."""
    names = inspect.signature(listener).parameters
    return listener(**{name: available[name] for name in names})


def ack(**_):
    pass


def respond(**_):
    return SimpleNamespace(status_code=200)


def rows(store):
    """Everything that is stored but the audit, which notes refused clicks."""
    with store.begin() as connection:
        tables = connection.execute(
            text("select name from sqlite_master where type = 'table' order by name")
        ).scalars()
        return {
            table: connection.execute(text(f"select * from '{table}'")).fetchall()
            for table in tables
            if not table.startswith(("audit", "sqlite_"))
        }


def body(**over):
    return {
        "type": "block_actions",
        "user": {"id": ADMIN},
        "team": {"id": TEAM},
        "channel": {"id": "C1"},
        "trigger_id": "t",
        "response_url": "http://127.0.0.1/none",
        "message": {"ts": "1.0", "text": ""},
        **over,
    }


def forged_objects():
    """Objects that name what exists, with one field that is not what Beagle writes."""
    base = {"request": "r1", "candidate": CANDIDATE, "version": 0, "revision": 0}
    for name, junk in itertools.product(get_type_hints(ButtonValue), JUNK):
        encoded = json.dumps({**base, name: junk})
        if not decode_value(encoded):
            yield encoded

    yield json.dumps({"request": "r9", "candidate": "T1:c9", "version": 0, "revision": 0})


def junk_states():
    yield {}
    yield None
    for junk in (*JUNK[:9], *JUNK[13:20]):
        answer = {"value": junk, "selected_option": junk, "selected_options": [junk]}
        answer["selected_conversation"] = junk
        yield {"values": junk}
        yield {"values": {name: {name: answer} for name in QUESTIONS}}
        yield {"values": {name: {name: {"value": junk}} for name in QUESTIONS}}
        option = {"value": junk}
        chosen = {"selected_option": option, "selected_options": [option, None]}
        yield {"values": {name: {name: chosen} for name in QUESTIONS}}


NAMES = """
hears routes default_route usd mines route note again channel kind why when what budget base
consent reason into verdict_0 answer_0
"""
QUESTIONS = NAMES.split()


def test_no_button_takes_junk(app, store):
    press_all(app, store, [*TEXTS, *itertools.islice(forged_objects(), 0, None, 9)])


@pytest.mark.nightly
def test_no_button_takes_any_kind_of_junk(app, store):
    press_all(app, store, [*TEXTS, *forged_objects()])


def press_all(app, store, values):
    before = rows(store)

    assert len(app.actions) > 25
    for name, listener in app.actions.items():
        if any(part in name for part in WITHOUT_VALUE):
            continue

        for value in values:
            for prefix in ("", "up ") if name == "thumb" else ("",):
                action = {"action_id": name, "value": prefix + value}
                press(listener, action)
                press(listener, {"action_id": name, "selected_option": {"value": value}})

        for junk in JUNK:
            press(listener, {"action_id": name, "value": junk})
            press(listener, {"action_id": name, "selected_option": junk})

        assert rows(store) == before, name


def press(listener, action):
    call(listener, ack=ack, body=body(), action=action, respond=respond, client=Client())


def test_no_dialog_takes_junk(app, store):
    metadata = [*TEXTS, *itertools.islice(forged_objects(), 0, None, 7)]
    states = list(junk_states())
    before = rows(store)

    assert len(app.views) > 5
    for name, listener in app.views.items():
        pairs = [(value, {}) for value in metadata]
        pairs += [(value, states[1 + n % (len(states) - 1)]) for n, value in enumerate(metadata)]
        pairs += [(value, state) for state in states for value in ("{}", "null", JUNK[0])]
        for value, state in pairs:
            view = {"callback_id": name, "private_metadata": value, "state": state}
            submitted = body(type="view_submission", view=view)
            call(listener, ack=ack, body=submitted, view=view, client=Client(), respond=respond)

        assert rows(store) == before, name


@pytest.mark.parametrize("encoded", TEXTS)
def test_what_beagle_did_not_write_is_empty_and_noted(encoded):
    with capture_logs() as logs:
        assert decode_value(encoded) == {}

    assert logs[0]["event"] == "value_refused"


@pytest.mark.parametrize("junk", JUNK)
def test_a_field_of_another_kind_refuses_the_whole_value(junk):
    for name in ("revision", "version", "places"):
        encoded = json.dumps({"request": "r1", name: junk})
        if (name, junk) not in (("revision", 0), ("version", 0), ("places", [])):
            assert decode_value(encoded) == {}, name


def test_what_beagle_wrote_comes_back_without_fields_of_other_releases():
    value = {"request": "r1", "revision": 3, "places": [0, 2], "seal": "a"}

    assert decode_value(json.dumps({**value, "newer": 1})) == value


@pytest.mark.parametrize(
    ("number", "expected"),
    [("0", 0), ("17", 17), ("-1", -1), ("²", -1), ("٣", -1), ("", -1), ("9" * 5000, -1)],
)
def test_a_number_in_a_text_is_a_plain_one(number, expected):
    assert decode_number(number) == expected
