"""Which events arrive is recorded, because Slack tells no app what it is subscribed to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from slack_bolt import BoltResponse

from bot.transport.subscriptions import (
    BOT_EVENTS,
    DAY_SECONDS,
    OF_THE_END,
    RECORD_SECONDS,
    SubscriptionRecorder,
    quiet_subscriptions,
    subscription,
)
from router.errors import StoreAwayError
from tests.fixtures.stores import open_sqlite

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "deploy/slack-manifest.yaml"
NOW = 1_800_000_000.0
ANSWER = BoltResponse(status=200, body="")


@pytest.fixture
def store(tmp_path):
    store = open_sqlite(tmp_path / "beagle.db")
    yield store
    store.close()


def body(kind="app_mention", team="T1", **event):
    return {
        "event": {"type": kind, **event},
        "team_id": "T_HOST",
        "authorizations": [{"team_id": team}],
    }


def test_the_events_are_those_of_the_manifest():
    manifest = yaml.safe_load(MANIFEST.read_text("utf-8"))

    assert sorted(BOT_EVENTS) == manifest["settings"]["event_subscriptions"]["bot_events"]
    assert BOT_EVENTS.keys() > OF_THE_END


def test_each_shape_of_event_is_counted_for_its_subscription():
    shapes = json.loads((ROOT / "tests/slack_payloads/events.json").read_text("utf-8"))

    assert shapes.keys() == BOT_EVENTS.keys()
    for name, events in shapes.items():
        found = {subscription({"event": event}) for event in events}
        # A private channel may have been a public one.
        assert found - {"message.groups"} <= {name}, name


def test_an_event_that_arrives_is_recorded_for_the_workspace_that_gets_it(store):
    recorder = SubscriptionRecorder(store.event_kinds, lambda: NOW)

    assert recorder(body(), lambda: ANSWER) is ANSWER
    recorder(body("message", channel_type="mpim"), lambda: ANSWER)
    recorder({"type": "block_actions", "team": {"id": "T1"}}, lambda: ANSWER)

    assert store.event_kinds.arrived().last_at == {"app_mention": NOW, "message.mpim": NOW}
    with store.engine.connect() as connection:
        teams = connection.exec_driver_sql("SELECT DISTINCT team FROM event_kind").scalars().all()
    assert teams == ["T1"]


def test_a_busy_channel_costs_one_write_in_ten_minutes(store, clock):
    recorder = SubscriptionRecorder(store.event_kinds, clock)
    first = clock()
    for _ in range(5):
        recorder(body(), lambda: ANSWER)
        clock.forward(RECORD_SECONDS / 5 - 1)
    assert store.event_kinds.arrived().last_at["app_mention"] == first

    clock.forward(10)
    recorder(body(), lambda: ANSWER)

    arrived = store.event_kinds.arrived()
    assert arrived.since == first
    assert arrived.last_at["app_mention"] == clock()


def test_an_event_passes_where_nothing_can_be_recorded():
    class Away:
        def record(self, team, kind, at):
            raise StoreAwayError("writing: the database is away; try again later")

    assert SubscriptionRecorder(Away(), lambda: NOW)(body(), lambda: ANSWER) is ANSWER


def test_a_kind_that_was_not_seen_for_a_month_is_quiet(store):
    for kind in BOT_EVENTS:
        store.event_kinds.record("T1", kind, NOW)
    store.event_kinds.record("T1", "user_change", NOW - 31 * DAY_SECONDS)

    quiet = list(quiet_subscriptions(store.event_kinds.arrived(), NOW))

    assert quiet == ["user_change"]
