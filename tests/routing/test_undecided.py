"""A message that ends the process, or fails, while it is decided does so once and is given up."""

from __future__ import annotations

import os
import signal

import pytest

from bot.admins import Admins
from bot.cli import replay
from bot.routing.service import MAX_DECISION_TRIES, RoutingService
from bot.ui import blocks
from bot.ui.texts import common as texts
from router.catalog.catalog import load_routes
from router.config import Settings
from router.learning.learner import Learner
from router.types import UNDECIDED
from tests.fixtures.help_desk import CountingQueue, write_routes
from tests.fixtures.router import TrigramEncoder
from tests.fixtures.stores import open_sqlite
from workers.jobs import answer

WAIT = 60.0
LONG = "reset my password please " + "x" * 5000


class DecisionError(RuntimeError):
    """A bug in the router."""


@pytest.fixture
def routing(tmp_path, store, clock):
    write_routes(tmp_path / "routes")
    return service(tmp_path, store, clock)


def service(folder, store, clock):
    admins = Admins(Settings(_env_file=None), store.audit, clock)
    learner = Learner(TrigramEncoder(), folder / "router")
    return RoutingService(load_routes(folder / "routes"), learner, store, CountingQueue(), admins)


class HostileRouter:
    """A router that a long text holds for ever, or ends; `always` also a short one."""

    def __init__(self, router, fate, always=False):
        self._router = router
        self._fate = fate
        self._always = always
        self.attempts = 0

    def decide(self, text, signals):
        self.attempts += 1
        read = [text, *signals.previous_turns]
        if self._always or max(map(len, read)) > 1000:
            self._fate()

        return self._router.decide(text, signals)


def fail():
    raise DecisionError("deciding: this text cannot be read")


def end_process():
    os.kill(os.getpid(), signal.SIGKILL)


def put(monkeypatch, routing, fate, always=False):
    hostile = HostileRouter(routing.router("T1"), fate, always)
    monkeypatch.setattr(RoutingService, "router", lambda self, team: hostile)
    return hostile


def ending(action):
    """Runs the action in a process of its own; returns whether it killed that process."""
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)

    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_no_message_ends_the_bot_twice(monkeypatch, tmp_path, routing, clock, make_request):
    """Each start of the bot decides what is left over, as after a kill."""
    put(monkeypatch, routing, end_process)
    store = open_sqlite(tmp_path / "shared.db")
    request = make_request(LONG)
    store.requests.insert(request, clock())
    store.close()

    def first_start():
        service(tmp_path, open_sqlite(tmp_path / "shared.db"), clock).decide(request)

    def next_start():
        service(tmp_path, open_sqlite(tmp_path / "shared.db"), clock).decide_pending(WAIT)

    killed = [ending(first_start)]
    for _ in range(4):
        clock.forward(WAIT + 1)
        killed.append(ending(next_start))

    store = open_sqlite(tmp_path / "shared.db")
    assert killed == [True, False, False, False, False]
    assert store.decisions.newest(request.id).route == "password"
    store.close()


def test_one_that_ends_it_however_short_is_given_up(
    monkeypatch, tmp_path, routing, clock, make_request
):
    put(monkeypatch, routing, end_process, always=True)
    store = open_sqlite(tmp_path / "shared.db")
    request = make_request("reset my password")
    store.requests.insert(request, clock())
    store.close()

    def start():
        service(tmp_path, open_sqlite(tmp_path / "shared.db"), clock).decide_pending(WAIT)

    killed = []
    for _ in range(6):
        clock.forward(WAIT + 1)
        killed.append(ending(start))

    assert killed == [True] * MAX_DECISION_TRIES + [False] * (6 - MAX_DECISION_TRIES)
    store = open_sqlite(tmp_path / "shared.db")
    assert UNDECIDED in store.decisions.newest(request.id).reason
    store.close()


def test_a_message_that_fails_keeps_no_other_from_its_answer(
    monkeypatch, routing, store, clock, make_request
):
    put(monkeypatch, routing, fail)
    hostile = make_request("where is my parcel", id="bad", ts="1.1", event_id="Ev1")
    harmless = make_request("reset my password", id="good", ts="2.1", event_id="Ev2")
    for request in (hostile, harmless):
        store.requests.insert(request, clock())

    monkeypatch.setattr(HostileRouter, "decide", failing_for(hostile.text, routing))
    routing.decide_pending(WAIT)

    assert store.decisions.newest("good").route == "password"
    assert store.decisions.newest("bad") is None


def failing_for(text, routing):
    router = routing.router("T1")._router

    def decide(self, given, signals):
        if given == text:
            fail()

        return router.decide(given, signals)

    return decide


@pytest.fixture
def given_up(monkeypatch, routing, store, clock, make_request, make_context):
    """A request that no attempt could decide, after its person was told."""
    request = make_request("reset my password please")
    store.requests.insert(request, clock())

    with monkeypatch.context() as patch:
        hostile = put(patch, routing, fail, always=True)
        for _ in range(MAX_DECISION_TRIES + 3):
            clock.forward(WAIT + 1)
            routing.decide_pending(WAIT)

    assert hostile.attempts == MAX_DECISION_TRIES
    answer.run(make_context(), request.id)
    return request


def test_the_person_is_told_and_the_admin_sees_it(given_up, store):
    decision = store.decisions.newest(given_up.id)
    outcome = store.decisions.outcome(given_up.id, decision.revision)

    message = blocks.answer(given_up, decision, outcome, [])
    assert texts.ERRORS[UNDECIDED] in str(message.blocks)
    assert texts.TRY_AGAIN in str(message.blocks)
    (letter,) = store.requests.dead_letters()
    assert (letter.id, letter.error) == (given_up.id, UNDECIDED)


def test_a_replay_decides_it_again(given_up, store, routing, clock):
    monkey_now = clock() + 1
    assert store.undecided.reopen(given_up.id, monkey_now)
    clock.forward(2)

    assert routing.decide_pending(WAIT) == 1
    assert store.decisions.newest(given_up.id).route == "password"
    assert store.requests.dead_letters() == []


def test_the_command_replays_it(given_up, store, clock):
    assert replay._reopen(store, given_up.id)
    assert store.requests.get(given_up.id).state == "received"


def test_a_click_tries_it_again(given_up, store, routing):
    newest = store.decisions.newest(given_up.id)
    request = store.requests.get(given_up.id)

    revised = routing.retry(request, newest.revision, given_up.asker)

    assert revised is not None
    assert (revised.route, UNDECIDED in revised.reason) == ("password", False)


def test_a_message_that_nobody_addressed_is_given_up_silently(
    monkeypatch, routing, store, clock, make_request
):
    request = make_request("reset my password", source="channel")
    store.requests.insert(request, clock())
    put(monkeypatch, routing, fail, always=True)

    for _ in range(MAX_DECISION_TRIES + 1):
        clock.forward(WAIT + 1)
        routing.decide_pending(WAIT)

    assert store.requests.get(request.id).state == "ignored"


def test_attempts_to_decide_leave_all_attempts_to_answer(routing, store, clock, make_request):
    request = make_request("reset my password")
    store.requests.insert(request, clock())
    store.undecided.begin(request.id, clock(), clock())

    routing.decide(request)

    assert store.requests.acquire(request.id, "worker", clock() + 1, 20.0).tries == 1


def test_of_two_processes_one_decides(store, clock, make_request):
    request = make_request()
    store.requests.insert(request, clock())

    attempts = [store.undecided.begin(request.id, clock(), clock() + WAIT) for _ in range(2)]

    assert attempts == [1, None]
