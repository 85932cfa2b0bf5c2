"""Slack offers no command to people of other companies; should one arrive, it is theirs alone."""

from __future__ import annotations

import json

import pytest
from slack_bolt import BoltRequest
from sqlalchemy import select

from bot.sandbox.seed_data import user_id
from router.store.base.workspace_tables import audit
from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, slack_app

__all__ = ["sandbox", "slack_app"]
OTHER = "T0OTHER0001"


@pytest.mark.parametrize("text", ["optout", "channel", "budget", "stats"])
def test_a_command_from_another_company_reaches_nothing_of_this_workspace(
    slack_app, sandbox, store, text
):
    # The hardest case: their id is that of an admin here.
    admin = user_id("ada")
    command = {
        "command": "/beagle",
        "text": text,
        "team_id": OTHER,
        "user_id": admin,
        "channel_id": sandbox.actor("ada").channel("support"),
        "trigger_id": "1.2.3",
        "response_url": f"{sandbox.url}actions/none",
    }

    status = slack_app.bolt.dispatch(BoltRequest(body=json.dumps(command), mode="socket_mode"))

    assert int(status.status) == 200
    assert not store.opt_outs.is_opted_out(TEAM, admin)
    with store.engine.connect() as connection:
        assert connection.execute(select(audit).where(audit.c.team == TEAM)).all() == []
