"""Whoever waits in a long queue sees how long it is, within fifteen seconds."""

from __future__ import annotations

import pytest

from bot.replies.queue_notices import PATIENCE_SECONDS, QUEUE_NOTICE_SECONDS, QueueNotices
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from router.types import Outcome

GENERAL = seed_data.build_channel("general", [])["id"]


@pytest.fixture
def sandbox():
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def notices(store, sandbox, clock):
    return QueueNotices(store.waiting, Clients.single(sandbox.bot_token, sandbox.api_url), clock)


@pytest.fixture
def ask(store, sandbox, clock, make_request, make_decision):
    """Stores a decided request of a message in Slack; returns it."""

    def new(**over):
        ts = str(sandbox.actor("ada").say("general", "hello"))
        team = seed_data.TEAM_ID
        request = make_request(team=team, channel=GENERAL, ts=ts, **over)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())
        return request

    return new


def statuses(sandbox):
    return sandbox.call(
        lambda: {key[1]: entry["status"] for key, entry in sandbox.workspace.statuses.items()}
    )


def test_each_person_in_a_long_queue_is_told_its_length_in_time(notices, ask, sandbox, clock):
    requests = [ask() for _ in range(12)]
    for _ in range(int(15.0 / QUEUE_NOTICE_SECONDS)):
        clock.forward(QUEUE_NOTICE_SECONDS)
        notices.tick()

    shown = statuses(sandbox)
    assert {request.ts for request in requests} == set(shown)
    assert all("12 requests are waiting" in status for status in shown.values())


def test_who_is_served_soon_is_told_nothing(notices, ask, sandbox, clock, store):
    served, waiting = ask(), ask()
    clock.forward(1.0)
    with_lease = store.requests.claim("worker", clock(), 60.0)
    assert with_lease.request.id == served.id
    clock.forward(PATIENCE_SECONDS)
    notices.tick()

    assert set(statuses(sandbox)) == {waiting.ts}
    assert "your request is next" in statuses(sandbox)[waiting.ts]


def test_nobody_is_told_twice_and_late_ones_get_the_length_of_their_time(
    notices, ask, sandbox, clock
):
    first = [ask(), ask()]
    clock.forward(PATIENCE_SECONDS + 1)
    notices.tick()
    later = ask()
    clock.forward(PATIENCE_SECONDS + 1)
    changes = []
    sandbox.call(lambda: sandbox.workspace.subscribe(changes.append))
    notices.tick()

    told = [change["thread_ts"] for change in changes if change["type"] == "status"]
    assert told == [later.ts]
    assert "3 requests" in statuses(sandbox)[later.ts]
    assert "2 requests" in statuses(sandbox)[first[0].ts]


def test_a_slack_that_does_not_answer_stops_no_notice(store, ask, sandbox, clock):
    notices = QueueNotices(store.waiting, Clients.single("xoxb-wrong", sandbox.api_url), clock)
    ask()
    clock.forward(PATIENCE_SECONDS + 1)

    notices.tick()
    assert statuses(sandbox) == {}


def test_what_waits_is_counted_on_each_database(every_store, make_request, make_decision, clock):
    store = every_store
    for number in range(3):
        request = make_request(received_at=clock() + number)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())

    assert store.waiting.count(clock()) == 3
    claimed = store.requests.claim("worker", clock(), 60.0)
    waiting = store.waiting.received_between(0.0, clock() + 1, clock(), 10)
    assert store.waiting.count(clock()) == 2
    assert claimed.request.id not in {request.id for request in waiting}
    assert len(waiting) == 1


def test_who_comes_after_a_start_does_not_wait_behind_those_of_before(
    store, ask, sandbox, clock, monkeypatch
):
    monkeypatch.setattr("bot.replies.queue_notices.MAX_NOTICES", 2)
    backlog = []
    for _ in range(5):
        backlog.append(ask())
        clock.forward(0.5)

    clients = Clients.single(sandbox.bot_token, sandbox.api_url)
    notices = QueueNotices(store.waiting, clients, clock)
    clock.forward(1.0)
    new = ask()

    clock.forward(PATIENCE_SECONDS + 1)
    notices.tick()
    assert new.ts in statuses(sandbox)
    for _ in range(4):
        notices.tick()

    assert {request.ts for request in backlog} <= set(statuses(sandbox))


def test_a_message_that_could_not_be_decided_yet_is_told_unless_it_was_only_overheard(
    store, notices, sandbox, clock, make_request
):
    said = [str(sandbox.actor("ada").say("general", "hello")) for _ in range(2)]
    for ts, source in zip(said, ("mention", "channel"), strict=True):
        request = make_request(team=seed_data.TEAM_ID, channel=GENERAL, ts=ts, source=source)
        store.requests.insert(request, clock())

    clock.forward(PATIENCE_SECONDS + 1)
    notices.tick()

    assert set(statuses(sandbox)) == {said[0]}


def test_an_answer_that_is_changed_in_its_place_takes_the_status_line_away(
    replies, post_request, make_decision, sandbox
):
    """Slack clears a status with the next message only, and a changed one is not new."""
    _, request = post_request()
    first, again = make_decision(), make_decision(revision=2)
    outcome = Outcome(text="Twenty-five days.", route="rewrite", kind="prompt", model="m")
    replies.deliver(request, first, outcome)

    replies.show_working(request, again)
    assert request.ts in statuses(sandbox)
    replies.deliver(request, again, outcome)

    assert statuses(sandbox) == {}
