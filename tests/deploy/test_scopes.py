"""The app manifest requests exactly the scopes and events that the code uses."""

from __future__ import annotations

import ast
import re

import pytest
import yaml

from bot.sandbox.limits import token_scopes
from bot.sandbox.web_api import METHODS
from bot.transport.scopes import BOT_SCOPES

FULL, MENTIONS = "deploy/slack-manifest.yaml", "deploy/slack-manifest-mentions.yaml"
BY_ATTRIBUTE = {name.replace(".", "_"): name for name in METHODS}
HISTORY = {f"{kind}:history" for kind in ("channels", "groups", "im", "mpim")}
READ = {"channels:read", "groups:read", "mpim:read"}
BY_HAND = {
    # These methods ask for the scope of the conversation that they are called for.
    "conversations.replies": HISTORY,
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.list": READ,
    "conversations.members": READ,
    # Only direct messages with one person are opened.
    "conversations.open": {"im:write"},
    # One call of the SDK makes these.
    "files.upload": {"files:write"},
}
EVENTS = {
    "app_mention": {"app_mentions:read"},
    "message.im": {"im:history"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.mpim": {"mpim:history"},
    "reaction_added": {"reactions:read"},
}


@pytest.fixture(scope="module")
def called(root):
    """The Web API methods that the bot calls, as client methods or by name."""
    found = set()

    paths = [path for path in (root / "bot").rglob("*.py") if "sandbox" not in path.parts]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", None)
            if isinstance(name, str):
                found.add(BY_ATTRIBUTE.get(name, ""))
                found.add("files.upload" if name == "files_upload_v2" else "")

    return found - {""}


@pytest.fixture(scope="module", params=[FULL, MENTIONS])
def manifest(request, root):
    return yaml.safe_load((root / request.param).read_text("utf-8"))


def needed(called):
    return {scope for name in called for scope in BY_HAND.get(name) or METHODS[name].scopes[:1]}


def test_the_scopes_are_those_of_the_methods_that_are_called_and_the_events_that_are_heard(
    called, root
):
    events = yaml.safe_load((root / FULL).read_text("utf-8"))["settings"]["event_subscriptions"][
        "bot_events"
    ]
    heard = {scope for event in events for scope in EVENTS.get(event, ())}
    # A file that was shared is fetched with the token, not through a method.
    assert needed(called) | heard | {"commands", "files:read"} == set(BOT_SCOPES)


def test_a_manifest_asks_for_exactly_these_scopes(manifest):
    assert manifest["oauth_config"]["scopes"]["bot"] == sorted(BOT_SCOPES)


def test_the_loopback_slack_grants_and_sends_exactly_this(manifest, root):
    full = yaml.safe_load((root / FULL).read_text("utf-8"))
    assert set(token_scopes.BOT_SCOPES) == set(manifest["oauth_config"]["scopes"]["bot"])
    assert set(token_scopes.BOT_EVENTS) == set(
        full["settings"]["event_subscriptions"]["bot_events"]
    )


def test_what_the_code_listens_to_is_subscribed(root, manifest):
    listened = set()
    for path in (root / "bot").rglob("*.py"):
        listened |= set(re.findall(r"events\.on\(\"(\w+)\"", path.read_text("utf-8")))

    assert listened <= set(manifest["settings"]["event_subscriptions"]["bot_events"])


def test_without_reading_along_no_message_of_a_channel_is_heard(root):
    events = yaml.safe_load((root / MENTIONS).read_text("utf-8"))["settings"][
        "event_subscriptions"
    ]["bot_events"]
    assert [event for event in events if event.startswith("message.")] == ["message.im"]


def test_the_shortcuts_are_those_that_are_answered(manifest):
    from bot.listeners.people_answers.capture import SHORTCUT
    from bot.listeners.shortcuts import ASK, WRONG

    shortcuts = [one["callback_id"] for one in manifest["features"]["shortcuts"]]
    assert shortcuts == [ASK, WRONG, SHORTCUT]
