"""Nothing that a process remembers grows with the requests, people or channels that it has seen."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bot import app
from bot.admins import Admins
from bot.sandbox.seed_data import BOT_USER_ID, build_channel
from bot.sandbox.server import Sandbox, SandboxConfig
from router.config import Settings
from router.publish import publish_catalog
from router.store import Store
from router.types import Request, SlackPerson
from tests.fixtures.process_state import container_sizes
from tests.fixtures.slack_app import TEAM, deliver, slack_app
from workers.context import Context
from workers.jobs import answer
from workers.llm.gateway import Gateway
from workers.llm.model_client import RawAnswer
from workers.llm.pricing import Price
from workers.runtime.bounded import BoundedDict
from workers.runtime.leases import Leases

__all__ = ["deliver", "slack_app"]

WARM, MORE = 10, 40
BOUNDS: Mapping[str, int] = {
    "router.encoder.cache.CachingEncoder._rows": 4096,
    "bot.replies.streaming.AnswerStreams._open_streams": 256,
    "bot.replies.streaming.AnswerStreams._muted": 256,
    "bot.replies.stream.NativeStream": 256,
    # In place of a stream, where Slack has none for a person; its tasks are the steps of an answer.
    "bot.replies.stream.EditedMessage": 256,
    "bot.replies.stream.EditedMessage._tasks": 256 * 8,
    "workers.llm.response_cache.ResponseCache._entries": 1000,
    "router.text.templates._parse": 512,
    # One entry a person and hour: `RefusalCounter` is emptied when the hour is over.
    "bot.admins.RefusalCounter._counts": 100_000,
    "workers.runtime.person_limit.PersonLimit._buckets": 10_000,
    "bot.routing.channel_usage.ChannelUsage._cache": 10_000,
    "bot.listeners.home.HomePublisher._open": 10_000,
}
"""What may grow, and how far. A new entry needs a limit in the code and a test of it there."""


class StreamingModel:
    """A model client that writes each answer in three pieces."""

    def send(self, endpoint: Any, call: Any, stall_seconds: float, on_text: Any) -> RawAnswer:
        for piece in ("It ", "is ", "done.") if on_text else ():
            on_text(piece)

        return RawAnswer("It is done.", "stop", 10, 3)

    def price(self, name: str) -> Price:
        return Price()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def context(slack_app: Any, sandbox: Sandbox, store: Store, clock: Any) -> Context:
    settings = Settings(_env_file=None, model="scripted/one", requests_per_minute=0)
    routing = slack_app._routing
    publish_catalog(routing.catalog, store, clock())
    replies = app.replies(
        slack_app._workspaces.clients, store, routing.catalog, Admins(settings, store.audit, clock)
    )
    return Context(
        settings=settings,
        store=store,
        queue=routing._queue,
        model=Gateway(settings, StreamingModel(), None, clock, lambda: 0.5),
        replies=replies,
        leases=Leases(store.requests, "worker", clock, 30.0),
        now=clock,
        random=lambda: 0.5,
        index=store.documents,
    )


def test_many_requests_of_many_people_in_many_channels_leave_nothing_behind(
    slack_app: Any, sandbox: Sandbox, deliver: Any, context: Context, clock: Any
) -> None:
    numbers = itertools.count(1)

    def live(count: int) -> None:
        for number in itertools.islice(numbers, count):
            clock.forward(60.0)
            _ask_and_click(slack_app, sandbox, deliver, context, clock, number)

    live(WARM)
    before = container_sizes()
    live(MORE)
    after = container_sizes()

    assert _unbounded(before, after) == {}
    for name, bound in BOUNDS.items():
        assert after[name] <= bound


def _ask_and_click(
    slack_app: Any, sandbox: Sandbox, deliver: Any, context: Context, clock: Any, number: int
) -> None:
    """A new person asks twice in a new channel; one answer streams to its end, one is stopped."""
    user, channel = f"U0PERSON{number:03}", f"C0CHANNEL{number:02}"

    def receive(at: float) -> Request:
        ts = f"{at:.6f}"
        sandbox.call(lambda: _post(sandbox, channel, user, ts))
        text = f"<@{BOT_USER_ID}> please reset my password, number {number}"
        event = {"type": "app_mention", "user": user, "text": text, "ts": ts, "channel": channel}
        assert deliver(event | {"event_ts": ts}) == 200
        request = context.store.requests.find(TEAM, channel, ts)
        assert request is not None
        slack_app._routing.decide(request)
        return request

    answered = receive(clock())
    answer.run(context, answered.id)
    outcome = context.store.decisions.outcome(answered.id, 0)
    assert outcome is not None
    assert outcome.error is None

    stopped = receive(clock() + 1.0)
    decision = context.store.decisions.newest(stopped.id)
    assert decision is not None
    context.replies.stream(stopped, decision, "An answer that nobody ends")
    person = SlackPerson(TEAM, user)
    slack_app._routing.explanation(stopped, decision, person)
    slack_app.home.load(person)


def _post(sandbox: Sandbox, channel: str, user: str, ts: str) -> None:
    workspace = sandbox.workspace
    if channel not in workspace.channels:
        members = [user, BOT_USER_ID]
        workspace.channels[channel] = build_channel(channel.lower(), members) | {"id": channel}
        workspace.messages[channel] = {}

    workspace.post(channel, {"ts": ts, "user": user, "text": "please"})


def _unbounded(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    """Returns what has grown with every second request or more, and has no bound."""
    growth = {name: after[name] - before[name] for name in after}
    return {name: size for name, size in growth.items() if size >= MORE / 2 and name not in BOUNDS}


def test_what_grows_with_each_request_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = type("Leak", (), {"__module__": "bot.leak", "__init__": lambda self: None})
    leak: Any = kind()
    leak.seen = {}
    before = container_sizes()
    leak.seen.update(dict.fromkeys(range(MORE)))

    assert _unbounded(before, container_sizes()) == {"bot.leak.Leak.seen": MORE}


def test_a_bounded_dict_keeps_what_was_written_last() -> None:
    kept: BoundedDict[int, str] = BoundedDict(3)
    for number in (1, 2, 3, 1, 4):
        kept[number] = str(number)

    assert list(kept) == [3, 1, 4]
