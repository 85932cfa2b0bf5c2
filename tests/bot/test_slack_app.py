"""The Bolt app as the bot process makes it."""

from __future__ import annotations

import logging

import pytest
from cryptography.fernet import Fernet

from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import make_slack_app

__all__ = ["sandbox"]  # a fixture

ONE_WORKSPACE = {}
ALL_THAT_INSTALL = {
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "hush",  # nobody's
    "token_key": Fernet.generate_key().decode(),
}


@pytest.fixture
def make(tmp_path, store, sandbox, clock):
    made = []

    def make(**over):
        made.append(make_slack_app(tmp_path, store, sandbox, clock, **over))
        return made[-1]

    yield make
    for app in made:
        app.stop()


@pytest.mark.parametrize(
    ("environment", "settings"),
    [
        ({}, ONE_WORKSPACE),
        ({"SLACK_BOT_TOKEN": "xoxb-in-the-environment"}, ONE_WORKSPACE),
        ({}, ALL_THAT_INSTALL),
    ],
)
def test_nothing_is_warned_of_at_the_start(make, monkeypatch, caplog, environment, settings):
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    caplog.set_level(logging.WARNING)

    make(**settings)

    assert caplog.messages == []


@pytest.mark.parametrize("settings", [ONE_WORKSPACE, ALL_THAT_INSTALL])
def test_listeners_call_the_slack_of_the_settings_and_wait_when_it_says_so(make, sandbox, settings):
    client = make(**settings).bolt.client

    assert client.base_url.rstrip("/") == sandbox.api_url.rstrip("/")
    assert client.token == (None if settings else sandbox.bot_token)
    assert len(client.retry_handlers) == 4
