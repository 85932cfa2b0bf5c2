"""Whatever Slack delivers to the app is acknowledged; else it is sent again and again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, deliver, slack_app

__all__ = ["deliver", "sandbox", "slack_app"]

ROOT = Path(__file__).parents[2]
PAYLOADS = ROOT / "tests" / "slack_payloads" / "events.json"
EVENTS = json.loads(PAYLOADS.read_text("utf-8"))


@pytest.mark.parametrize("manifest", ["slack-manifest.yaml", "slack-manifest-mentions.yaml"])
def test_there_is_a_payload_for_each_subscribed_event(manifest):
    settings = yaml.safe_load((ROOT / "deploy" / manifest).read_text("utf-8"))["settings"]
    assert set(settings["event_subscriptions"]["bot_events"]) <= set(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_each_subscribed_event_is_acknowledged_in_each_shape(deliver, name):
    for event in EVENTS[name]:
        assert deliver(event) == 200, event


def test_an_event_that_nobody_subscribed_to_is_acknowledged_too(deliver):
    assert deliver({"type": "emoji_changed", "event_ts": "1700000002.000100"}) == 200


def test_slack_s_notice_that_it_drops_events_is_acknowledged_and_kept(deliver, store):
    notice = {"type": "app_rate_limited", "minute_rate_limited": 1_700_000_000, "event": None}
    with capture_logs() as logs:
        assert deliver({}, **notice) == 200

    assert [line["event"] for line in logs] == ["events_dropped_by_slack"]
    assert store.contact.dropped(1_700_000_060) == {TEAM: [1_700_000_000]}
    assert store.contact.dropped(1_700_000_059) == {}


def test_a_notice_of_a_form_that_nobody_foresaw_is_acknowledged(deliver, store):
    for minute in ("soon", None, 1.5):
        assert deliver({}, type="app_rate_limited", minute_rate_limited=minute, event=None) == 200

    assert store.contact.dropped(2e9) == {}
