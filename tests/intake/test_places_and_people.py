"""Messages as Slack sends them from every kind of channel and person, through the whole app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, deliver, slack_app
from workers.knowledge.channel_history import ChannelHistory

__all__ = ["deliver", "sandbox", "slack_app"]

FILE = Path(__file__).parents[1] / "slack_payloads" / "places.json"
CASES = json.loads(FILE.read_text("utf-8"))


@pytest.fixture
def colleague(store):
    """Slack has listed this workspace, and another one of the organisation, for somebody."""
    teams = {"id": "E0OURS", "enterprise_id": "E0OURS", "teams": [TEAM, "T0OURS00003"]}
    user = {"id": "W4LISTED", "team_id": "T0OURS00003", "enterprise_user": teams}
    history = ChannelHistory(store.documents, store.access, lambda _: "")
    history.apply(TEAM, {"type": "user_change", "user": user, "event_ts": "1700000000.000100"})


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_message_is_taken_up_as_who_said_it_and_where(deliver, store, colleague, case):
    event, expected = case["event"], case["expect"]

    # Slack sends it again while it is not acknowledged in time.
    for number in ("", "1", "2"):
        headers = {"x-slack-retry-num": [number]} if number else {}
        assert deliver(event, headers=headers, event_id="Ev1", **case["envelope"]) == 200

    request = store.requests.find(TEAM, event["channel"], event["ts"])
    assert (request is not None) == expected["asked"]
    if request is not None:
        assert (request.user_team, request.channel_kind) == (expected["home"], expected["kind"])
        assert request.user == event["user"]
    assert store.requests.open_count(0.0, TEAM)[0] == int(expected["asked"])
