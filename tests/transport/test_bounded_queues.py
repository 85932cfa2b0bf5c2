"""However many events come, the bot holds a bounded number, and answers what it acknowledged.

Slack's clock stands still here: it repeats an event when a test says that time passes.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from bot.replies.replies import SlackReplies
from bot.sandbox.clock import ManualClock
from bot.sandbox.delivery import events
from bot.sandbox.delivery.dispatcher import ACK_SECONDS
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.slack_app import EVENTS, SlackApp
from bot.transport.clients import Clients
from bot.transport.deliveries.places import CLICK_PLACES, Admission, Incoming
from bot.ui.texts import common as texts
from router.config import Settings
from router.errors import StoreAwayError
from router.store import Store
from tests.fixtures.delivery import make_context
from tests.fixtures.process_state import container_sizes, queue_lengths
from tests.fixtures.slack_app import TEAM, make_slack_app
from workers.jobs.answer import answer_next
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.runtime.processes import wait_until

__all__ = ["make_context"]

# The SDK forgets a socket that the server closed, and the cycle collector ends it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
SECONDS = 60.0
PLACES = 8
QUESTIONS = 12
"""Messages to Beagle, sent first: more than there is room for."""
FLOOD = {"socket": 1_000, "http": 500}
"""Events in all. The others are talk in a channel, which nobody waits for an answer to."""


class Model:
    """A model that answers each call at once."""

    def send(self, endpoint: Any, call: Any, stall_seconds: float, on_text: Any) -> RawAnswer:
        return RawAnswer("An answer.", "stop", 10, 10)

    def price(self, name: str) -> Price:
        return Price()


class Gate:
    """Holds up calls of a function until it is opened."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.opened = threading.Event()
        self.calls = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        self.opened.wait(SECONDS)
        return self._function(*args, **kwargs)


@dataclass
class Attempts:
    """What Slack saw of its attempts to deliver, by event."""

    outcomes: list[tuple[str, int, str]] = field(default_factory=list)

    def note(self, name: str, event_id: str, attempt: int, outcome: str) -> None:
        self.outcomes.append((event_id, attempt, outcome))

    def failed(self, number: int) -> int:
        """Returns how many attempts of that number Slack counts as failed."""
        return sum(
            attempt == number and outcome != "acknowledged" for _, attempt, outcome in self.outcomes
        )

    def acknowledged_at(self) -> set[int]:
        """Returns the numbers of the attempts that were acknowledged."""
        return {number for _, number, outcome in self.outcomes if outcome == "acknowledged"}

    def acknowledged(self) -> Counter[str]:
        return Counter(event for event, _, outcome in self.outcomes if outcome == "acknowledged")


@pytest.fixture
def sandbox(clock: Any) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False, clock=ManualClock(clock()))) as running:
        yield running


@pytest.fixture
def attempts(sandbox: Sandbox) -> Attempts:
    seen = Attempts()
    sandbox.context.dispatcher.on_attempt = seen.note
    return seen


@pytest.fixture
def hold_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any, str], Gate]]:
    """Puts a gate before a method of an object; all are open at the end."""
    gates = []

    def hold_up(owner: Any, name: str) -> Gate:
        gates.append(Gate(getattr(owner, name)))
        monkeypatch.setattr(owner, name, gates[-1])
        return gates[-1]

    yield hold_up
    for gate in gates:
        gate.opened.set()


@pytest.fixture
def start(
    tmp_path: Path, store: Store, sandbox: Sandbox, clock: Any, attempts: Attempts
) -> Iterator[Callable[[str], SlackApp]]:
    """Starts the bot on one of both transports."""
    started: list[SlackApp] = []

    def start(mode: str) -> SlackApp:
        app = make_slack_app(
            tmp_path, store, sandbox, clock, slack_mode=mode, max_deliveries=PLACES
        )
        started.append(app)
        app.start()
        if app.web is not None:
            sandbox.use_request_url(f"http://127.0.0.1:{app.web.port}{EVENTS}")
        else:
            assert wait_until(lambda: sandbox.call(lambda: sandbox.workspace.connected), SECONDS)

        attempts.outcomes.clear()
        app.deliveries.counts.clear()
        return app

    yield start
    for app in started:
        app.stop()
        app.bolt.listener_runner.listener_executor.shutdown(wait=True)


@pytest.fixture
def answer_all(
    store: Store, sandbox: Sandbox, clock: Any, make_context: Any
) -> Callable[[SlackApp], None]:
    """Has a worker answer what was decided."""
    settings = Settings(_env_file=None, model="vendor/one")
    clients = Clients.single(sandbox.bot_token, sandbox.api_url)
    replies = SlackReplies(clients, store.replies, clock, lambda _: [], store.proposals.get)
    gateway = Gateway(settings, Model(), None, clock, lambda: 0.0)

    def answer_all(app: SlackApp) -> None:
        context = make_context(settings=settings, model=gateway, replies=replies)
        while answer_next(context):
            pass

    return answer_all


def send(sandbox: Sandbox, count: int, channel: str, text: str) -> list[str]:
    """Posts messages of Ada's at once; returns their ts."""
    context, ada = sandbox.context, sandbox.actor("ada")
    place, user = ada.channel(channel), ada.id

    def post() -> list[str]:
        posted = []
        for _ in range(count):
            message = context.workspace.post(place, {"user": user, "text": text})
            events.publish_message(context, place, message)
            posted.append(message["ts"])

        return posted

    return sandbox.call(post)


def received(app: SlackApp) -> int:
    counts = app.deliveries.counts
    return counts["taken"] + counts["repeated"] + counts["refused"]


def attempted(mode: str, count: int) -> int:
    """Returns how often Slack has sent so many events: over HTTP it hears of a refusal at once."""
    refused = count - PLACES
    return PLACES + (2 * refused if mode == "http" else refused)


def stored(store: Store, sandbox: Sandbox, asked: list[str]) -> list[str]:
    channel = sandbox.actor("ada").channel()
    return [ts for ts in asked if store.requests.find(TEAM, channel, ts) is not None]


def answers(sandbox: Sandbox, asked: list[str]) -> list[int]:
    return [len(sandbox.actor("ada").answers("dm", ts)) for ts in asked]


def told(sandbox: Sandbox, text: str = texts.TOO_BUSY) -> int:
    return sum(m["text"] == text for m in sandbox.actor("ada").ephemerals("dm"))


def pass_time(sandbox: Sandbox, seconds: float) -> None:
    """Moves Slack's clock: it repeats what was not acknowledged."""
    sandbox.call(lambda: sandbox.context.clock.advance(seconds))


@pytest.mark.parametrize("mode", sorted(FLOOD))
def test_a_flood_before_a_listener_that_hangs_fills_no_queue(
    mode, start, store, sandbox, attempts, answer_all, hold_up
):
    app = start(mode)
    gate = hold_up(app._routing, "decide")
    before, longest_before = container_sizes(), queue_lengths()[0]

    asked = send(sandbox, QUESTIONS, "dm", "!refund I want my money back")
    assert wait_until(lambda: received(app) == attempted(mode, QUESTIONS), SECONDS)
    send(sandbox, FLOOD[mode] - QUESTIONS, "general", "just talking")
    assert wait_until(lambda: received(app) == attempted(mode, FLOOD[mode]), SECONDS)

    assert app.deliveries.count == PLACES
    assert queue_lengths()[0] <= max(longest_before, FLOOD[mode] // 2)
    growth = container_sizes() - before
    assert {name: size for name, size in growth.items() if size > FLOOD[mode] / 2} == {}

    gate.opened.set()
    assert wait_until(lambda: app.deliveries.count == 0, SECONDS)
    assert wait_until(lambda: sum(attempts.acknowledged().values()) == PLACES, SECONDS)
    taken = stored(store, sandbox, asked)
    assert len(taken) == PLACES
    answer_all(app)
    assert answers(sandbox, taken) == [1] * PLACES
    assert gate.calls == PLACES
    assert wait_until(lambda: told(sandbox) == QUESTIONS - PLACES, SECONDS)


def test_a_queue_that_grows_is_found_whoever_holds_it():
    hidden: queue.SimpleQueue[int] = queue.SimpleQueue()
    longest = queue_lengths()[0]
    for number in range(longest + 5):
        hidden.put(number)

    assert queue_lengths()[0] == longest + 5


def test_a_repetition_of_what_waits_is_acknowledged_with_it_and_the_rest_comes_again(
    start, store, sandbox, attempts, answer_all, hold_up
):
    app = start("socket")
    gate = hold_up(store.requests, "insert")
    asked = send(sandbox, QUESTIONS, "dm", "!refund I want my money back")
    assert wait_until(lambda: received(app) == QUESTIONS, SECONDS)

    # Nothing was acknowledged in time, so Slack repeats everything at once.
    pass_time(sandbox, ACK_SECONDS)
    assert wait_until(lambda: received(app) == 2 * QUESTIONS, SECONDS)
    assert app.deliveries.counts["repeated"] == PLACES
    assert app.deliveries.count == PLACES

    gate.opened.set()
    assert wait_until(lambda: sum(attempts.acknowledged().values()) == PLACES, SECONDS)
    assert wait_until(lambda: app.deliveries.count == 0, SECONDS)
    assert gate.calls == PLACES, "the repetitions were stored once more"
    assert {attempt for _, attempt, outcome in attempts.outcomes if outcome == "acknowledged"} == {
        1
    }

    # The others come once more after a minute, and there is room.
    pass_time(sandbox, ACK_SECONDS)
    assert wait_until(lambda: attempts.failed(1) == QUESTIONS - PLACES, SECONDS)
    pass_time(sandbox, 60.0)
    assert wait_until(lambda: len(stored(store, sandbox, asked)) == QUESTIONS, SECONDS)
    assert wait_until(lambda: app.deliveries.count == 0, SECONDS)
    answer_all(app)
    assert answers(sandbox, asked) == [1] * QUESTIONS
    assert set(attempts.acknowledged().values()) == {1}


def test_who_is_refused_to_the_last_is_asked_to_send_it_again(start, sandbox, attempts, hold_up):
    app = start("socket")
    hold_up(app._routing, "decide")
    send(sandbox, PLACES, "dm", "!refund first")
    assert wait_until(lambda: sum(attempts.acknowledged().values()) == PLACES, SECONDS)

    send(sandbox, 1, "dm", "!refund one too many")
    for number, seconds in enumerate((0.0, 60.0, 300.0)):
        assert wait_until(lambda sent=number: app.deliveries.counts["refused"] == sent + 1, SECONDS)
        pass_time(sandbox, ACK_SECONDS)
        assert wait_until(lambda sent=number: attempts.failed(sent) == 1, SECONDS)
        pass_time(sandbox, seconds)

    assert wait_until(lambda: told(sandbox, texts.TOO_BUSY_LAST) == 1, SECONDS)
    assert told(sandbox) == 1
    page = generate_latest(app.metrics).decode()
    assert 'beagle_deliveries_total{result="refused"} 4.0' in page
    assert 'beagle_deliveries_total{result="lost"} 1.0' in page
    assert f"beagle_deliveries_waiting {PLACES}.0" in page


def test_an_event_that_fails_is_tried_by_its_repetition(
    start, store, sandbox, attempts, monkeypatch
):
    app = start("socket")
    insert, failing = store.requests.insert, threading.Event()
    tries = []

    def fail_once(*args: Any) -> bool:
        tries.append(args)
        if len(tries) == 1:
            failing.wait(SECONDS)
            raise StoreAwayError("away")

        return bool(insert(*args))

    monkeypatch.setattr(store.requests, "insert", fail_once)
    asked = send(sandbox, 1, "dm", "!refund I want my money back")
    assert wait_until(lambda: app.deliveries.counts["taken"] == 1, SECONDS)
    pass_time(sandbox, ACK_SECONDS)
    assert wait_until(lambda: app.deliveries.counts["repeated"] == 1, SECONDS)

    failing.set()
    assert wait_until(lambda: bool(attempts.acknowledged()), SECONDS)
    assert stored(store, sandbox, asked) == asked
    assert len(tries) == 2


@pytest.mark.parametrize("mode", sorted(FLOOD))
def test_a_repetition_of_what_was_acknowledged_is_acknowledged_without_work(
    mode, start, sandbox, attempts, hold_up
):
    app = start(mode)
    gate = hold_up(app._routing, "decide")
    # The acknowledgement is lost, and Slack repeats the event a second later.
    sandbox.context.dispatcher.retries = (1.0,)
    sandbox.inject_fault("unacked", on="message", times=1)
    send(sandbox, 1, "dm", "!refund I want my money back")
    assert wait_until(lambda: sum(attempts.acknowledged().values()) == 1, SECONDS)

    pass_time(sandbox, 1.0)
    assert wait_until(lambda: sum(attempts.acknowledged().values()) == 2, SECONDS)
    assert app.deliveries.counts == {"taken": 1, "repeated": 1}
    gate.opened.set()
    assert wait_until(lambda: app.deliveries.count == 0, SECONDS)
    assert gate.calls == 1


def test_over_http_a_repetition_of_what_is_not_acknowledged_yet_is_refused(
    start, store, sandbox, attempts, hold_up
):
    app = start("http")
    gate = hold_up(store.requests, "insert")
    send(sandbox, 1, "dm", "!refund I want my money back")
    assert wait_until(lambda: app.deliveries.counts["taken"] == 1, SECONDS)

    pass_time(sandbox, ACK_SECONDS)
    assert wait_until(lambda: attempts.failed(1) == 1, SECONDS)
    gate.opened.set()
    assert wait_until(lambda: app.deliveries.count == 0, SECONDS)
    assert gate.calls == 1
    pass_time(sandbox, 60.0)
    assert wait_until(lambda: attempts.acknowledged_at() == {2}, SECONDS)


def test_a_command_does_not_wait_behind_events_and_is_answered_where_there_is_no_room(
    start, sandbox, hold_up
):
    app = start("socket")
    hold_up(app._routing, "decide")
    ada = sandbox.actor("ada")
    send(sandbox, PLACES, "dm", "!refund first")
    assert wait_until(lambda: app.deliveries.count == PLACES, SECONDS)

    assert ada.slash("general", "/beagle", "help")
    assert ada.wait_for_ephemeral("general", "/beagle", SECONDS)
    assert wait_until(lambda: app.deliveries.count == PLACES, SECONDS)
    for _ in range(CLICK_PLACES):
        assert app.deliveries.admit(Incoming(None, 1))[0] is Admission.TAKEN
    assert ada.slash("general", "/beagle", "help")
    assert ada.wait_for_ephemeral("general", texts.COMMAND_TOO_BUSY, SECONDS)
