"""An install of a whole organisation is refused in words, wherever it shows."""

from __future__ import annotations

import json

import pytest
from slack_bolt import BoltRequest

from bot.transport.clients import web_client
from bot.transport.workspaces import fetch_bot_user
from bot.ui.texts import install as texts
from router.config import Settings
from router.errors import SettingsError
from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import slack_app

__all__ = ["sandbox", "slack_app"]


def test_a_token_of_an_organisation_is_refused_at_the_start(sandbox, monkeypatch):
    monkeypatch.setattr(sandbox.context, "org_install", True)
    client = web_client(sandbox.bot_token, sandbox.api_url)

    with pytest.raises(SettingsError, match="whole organisation"):
        fetch_bot_user(client, Settings(_env_file=None))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"command": "/beagle", "is_enterprise_install": "true"}, texts.ORGANISATION),
        ({"type": "block_actions", "is_enterprise_install": True, "actions": [{}]}, ""),
    ],
)
def test_who_uses_one_is_told_or_at_least_acknowledged(slack_app, body, told):
    who = {"user_id": "U2", "user": {"id": "U2"}, "team": None, "enterprise_id": "E1"}
    request = BoltRequest(body=json.dumps(body | who), mode="socket_mode")

    answer = slack_app.bolt.dispatch(request)

    assert (answer.status, answer.body) == (200, told)
