"""A stack on this machine has nothing to do with the installation in the current folder."""

from __future__ import annotations

import contextlib
import json

import pytest

from bot.demo.stack import LocalStack, StackConfig

ADMIN = "U0FROMTHEDOTENV"


@pytest.fixture
def dotenv(tmp_path, monkeypatch):
    """A current folder with the `.env` of a real installation."""
    folder = tmp_path / "clone"
    folder.mkdir()
    lines = ["BEAGLE_MODEL=openai/costly", f"BEAGLE_ADMINS={ADMIN}", "SLACK_CLIENT_ID=1.2"]
    (folder / ".env").write_text("\n".join(lines), "utf-8")
    monkeypatch.chdir(folder)


@pytest.fixture
def bare_stack(short_folder):
    """A stack of which nothing runs but the loopback Slack."""
    made = LocalStack(short_folder, StackConfig(limits=False))
    (short_folder / "logs").mkdir()
    made.at_end(made.sandbox.start().stop)
    made.at_end(made._end_children)
    with contextlib.closing(made._undo):
        yield made


def test_the_env_file_of_the_current_folder_reaches_no_process(dotenv, bare_stack):
    bare_stack.start("doctor", "doctor", "--json")
    bare_stack.children["doctor"].wait(300)

    lines = (bare_stack.folder / "logs" / "doctor.log").read_text("utf-8").splitlines()
    parts = json.loads(lines[-1])["parts"]
    assert "costly" not in parts["model"]["said"]
    assert ADMIN not in parts["admins"]["said"]
    assert parts["bot token"]["said"].startswith("signed in as beagle")


def test_a_folder_of_routes_is_found_although_processes_run_elsewhere(
    bare_stack, tmp_path, monkeypatch
):
    folder = tmp_path / "routes" / "parking"
    folder.mkdir(parents=True)
    (folder / "route.md").write_text(
        "---\nname: parking\ndescription: d\nutterances: [where can I park]\n---\nSay where.\n",
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEAGLE_ROUTES", "routes")

    bare_stack.start("list", "routes", "list", "--json")
    bare_stack.children["list"].wait(300)

    lines = (bare_stack.folder / "logs" / "list.log").read_text("utf-8").splitlines()
    assert "parking" in [route["name"] for route in json.loads(lines[-1])["routes"]]
