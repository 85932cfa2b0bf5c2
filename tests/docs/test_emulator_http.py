"""The example of acting as a person by HTTP runs as docs/slack-emulator.md prints it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.clients import Clients
from bot.ui.blocks import actions, button

PAGE = Path(__file__).parents[2] / "docs" / "slack-emulator.md"
EXAMPLE = re.compile(r"```bash\n(.*?)```", re.DOTALL)


@pytest.fixture
def sandbox():
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


def post_button(sandbox: Sandbox, action: str) -> str:
    """Posts a message with that button as the bot; returns its ts."""
    client = Clients.single(sandbox.bot_token, sandbox.api_url).for_team("").retrying
    channel = sandbox.actor("ada").channel("general")
    blocks = [actions([button("Why?", action, {})])]
    return str(client.chat_postMessage(channel=channel, text="x", blocks=blocks)["ts"])


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_message_is_posted_read_and_its_button_pressed(sandbox):
    (script,) = EXAMPLE.findall(PAGE.read_text("utf-8"))
    ts = post_button(sandbox, re.search(r'"action_id": "(\w+)"', script)[1])
    values = {
        "http://127.0.0.1:8080": sandbox.url.rstrip("/"),
        "TOKEN=…": f"TOKEN={sandbox.context.page_token}",
        '"TS"': f'"{ts}"',
    }
    for placeholder, value in values.items():
        assert placeholder in script
        script = script.replace(placeholder, value)

    done = subprocess.run(  # the documented example
        ["bash", "-ec", script.replace('"$@"; }', '"$@"; echo; }')],
        capture_output=True,
        text=True,
        check=True,
    )

    said, messages, state, clicked = map(json.loads, done.stdout.splitlines())
    assert said["ok"]
    assert said["ts"] in [message["ts"] for message in messages["messages"]]
    assert state["me"]["name"] == "ada"
    # Nothing listens here: the button was found and pressed, and nobody acknowledged it.
    assert (clicked["ok"], clicked["acknowledged"]) == (True, False)


def test_the_button_of_the_example_is_one_of_ours():
    (script,) = EXAMPLE.findall(PAGE.read_text("utf-8"))
    action = re.search(r'"action_id": "(\w+)"', script)[1]

    assert f'"{action}"' in (PAGE.parents[1] / "bot" / "ui" / "blocks.py").read_text("utf-8")
