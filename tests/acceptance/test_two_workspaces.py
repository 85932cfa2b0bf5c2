"""Two workspaces share one Beagle over HTTP: their data stays apart, and one can leave."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.demo.stack import LocalStack, StackConfig
from bot.replies.posting import EVENT_TYPE
from bot.sandbox import seed_data
from bot.sandbox.oauth_browser import install_app
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.sandbox.workspace_proxy import WorkspaceProxy
from bot.transport.workspaces import EncryptedInstallationStore, open_workspaces
from router.config import child_environment
from router.store.base.tables import metadata
from router.store.usage.spend import DAY_SECONDS
from tests.fixtures.slack import assert_everything_acknowledged
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
ONE, TWO = seed_data.TEAM_ID, "T0SANDBOX02"
SECONDS = 300.0
SECRET = {ONE: "Kestrelmoor", TWO: "Otterbrook"}
"""A word of each workspace that the other must never see."""


@pytest.fixture(scope="module")
def two(model):
    """Two workspaces whose people and channels have the same ids: the hardest case to isolate."""
    with ExitStack() as resources:
        folder = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="bg")))
        proxy = resources.enter_context(WorkspaceProxy())
        key = Fernet.generate_key().decode()
        extra = {
            "BEAGLE_SLACK_MODE": "http",
            "SLACK_API_URL": proxy.api_url,
            "SLACK_BOT_TOKEN": "",
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "loopback",
            "BEAGLE_TOKEN_KEY": key,
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_CAP_TEAM_REQUESTS": "40",
            "BEAGLE_LEASE_SECONDS": "3",
            "BEAGLE_REAPER_INTERVAL_SECONDS": "0.5",
        }

        stack = LocalStack(
            folder,
            StackConfig(
                workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False
            ),
        )
        other = Sandbox(
            SandboxConfig(
                signing_secret=stack.sandbox.signing_secret, limits=False, team=TWO, seed=2
            )
        )
        proxy.sandboxes += [stack.sandbox, other]
        resources.enter_context(other)
        resources.enter_context(stack)

        for sandbox in proxy.sandboxes:
            sandbox.use_request_url(f"http://127.0.0.1:{stack.port}/slack/events")

        yield SimpleNamespace(
            stack=stack, sandboxes={ONE: stack.sandbox, TWO: other}, key=key, extra=extra
        )
        for sandbox in proxy.sandboxes:
            assert_everything_acknowledged(sandbox)


@pytest.fixture(scope="module")
def installed(two):
    """Ada installed Beagle in the first workspace, Grace in the second, where tokens expire."""
    address = f"http://127.0.0.1:{two.stack.port}"
    assert f"team={ONE}" in install_app(address, team=ONE, user="ada")
    install_app(address, team=TWO, user="grace", rotates="1")

    return two


def answer(sandbox, name, said, channel="general"):
    """Lets a person post in a channel and returns the finished answer."""
    actor = sandbox.actor(name)
    ts = actor.say(channel, said if channel == "dm" else f"@beagle {said}")

    def search():
        return [
            m
            for m in actor.thread(channel, ts)
            if (m.get("metadata") or {}).get("event_type") == EVENT_TYPE
        ]

    assert wait_until(search, SECONDS), f"no answer to {said!r}"
    return search()


def whisper(sandbox, name, text):
    """Returns what `/beagle text` shows to that person."""
    actor = sandbox.actor(name)
    before = len(actor.ephemerals("general"))
    actor.slash("general", "/beagle", text)
    messages = []

    def has_come():
        messages[:] = actor.ephemerals("general")
        return len(messages) > before

    assert wait_until(has_come, SECONDS)
    return str(messages[-1])


def everything(sandbox):
    """Everything that a workspace holds, as text."""
    return str(
        sandbox.call(
            lambda: [
                sandbox.workspace.messages,
                sandbox.workspace.homes,
                sandbox.workspace.ephemerals,
            ]
        )
    )


def installs(two):
    settings = two.stack.settings().model_copy(
        update={
            "slack_api_url": two.extra["SLACK_API_URL"],
            "slack_client_id": "1.2",
            "slack_client_secret": SecretStr("loopback"),
            "token_key": SecretStr(two.key),
        }
    )

    found = open_workspaces(settings, two.stack.store, None, lambda: 0.0).installations
    assert isinstance(found, EncryptedInstallationStore)
    return found


def test_both_talk_at_once_and_each_is_answered_at_home_once(installed):
    stats = installed.stack.store.stats
    before = {team: stats.since(team, 0.0).requests for team in (ONE, TWO)}

    def talk(team, n):
        return team, answer(
            installed.sandboxes[team], "linus", f"!rewrite {SECRET[team]} number {n}"
        )

    with ThreadPoolExecutor(12) as crowd:
        found = list(
            crowd.map(lambda one: talk(*one), [(team, n) for n in range(12) for team in (ONE, TWO)])
        )

    assert len(found) == 24
    assert all(len(answers) == 1 for _, answers in found)

    for team, foreign in ((ONE, TWO), (TWO, ONE)):
        assert stats.since(team, 0.0).requests - before[team] == 12
        assert SECRET[foreign] not in everything(installed.sandboxes[team])


def test_documents_are_quoted_in_their_own_workspace_only(installed, tmp_path):
    for team, amount in ((ONE, 140), (TWO, 95)):
        folder = tmp_path / team
        folder.mkdir()
        sentence = f"At {SECRET[team]} a hotel room may cost up to {amount} euros a night."
        page = f"# Travel\n\n## Hotels\n\n{sentence}\n"
        (folder / "travel.md").write_text(page, "utf-8")
        command = [
            sys.executable,
            "-m",
            "bot.cli",
            "ingest",
            str(folder),
            "--team",
            team,
            "--name",
            "travel",
        ]

        env = child_environment(**installed.stack._environment())
        subprocess.run(
            [*command, "--no-wait"], env=env, check=True, capture_output=True, timeout=SECONDS
        )

    asked = "!handbook how much may a hotel room cost a night"
    for team, amount in ((ONE, "140 euros"), (TWO, "95 euros")):
        assert amount in answer(installed.sandboxes[team], "mae", asked)[0]["text"]

    listed = {team: whisper(installed.sandboxes[team], "mae", "knowledge") for team in (ONE, TWO)}
    assert all("travel" in said for said in listed.values())


def test_an_admin_of_one_workspace_is_nobody_in_the_other(installed):
    assert "Only an admin" in whisper(installed.sandboxes[TWO], "ada", "digest now")
    assert "Only an admin" in whisper(installed.sandboxes[ONE], "grace", "digest now")
    assert "Only an admin" not in whisper(installed.sandboxes[TWO], "grace", "label")


def test_figures_budgets_and_homes_are_each_workspace_s_own(installed):
    store = installed.stack.store
    day = int(
        float(answer(installed.sandboxes[ONE], "linus", "!rewrite what day is it")[0]["ts"])
        // DAY_SECONDS
    )
    spent = {team: store.spend.usage(("team", team), day).requests for team in (ONE, TWO)}

    more = 3
    for n in range(more):
        answer(installed.sandboxes[TWO], "omar", f"!rewrite only here {n}")

    after = {team: store.spend.usage(("team", team), day).requests for team in (ONE, TWO)}
    assert (after[ONE] - spent[ONE], after[TWO] - spent[TWO]) == (0, more)

    for team, name in ((ONE, "ada"), (TWO, "grace")):
        count = store.stats.since(team, 0.0).requests
        assert f"*Requests*\\n{count}" in whisper(installed.sandboxes[team], name, "stats 7d")

    for team, sandbox in installed.sandboxes.items():
        omar = sandbox.actor("omar")
        omar.open_home()
        assert wait_until(omar.home, SECONDS)
        assert ("only here" in str(omar.home())) == (team == TWO)


def test_a_link_to_an_answer_of_the_other_workspace_explains_nothing(installed):
    found = answer(installed.sandboxes[ONE], "linus", "!rewrite explain this one")[0]
    link = f"https://x.example/archives/C0GENERAL00/p{found['ts'].replace('.', '')}"
    assert "cannot find one of my answers" in whisper(
        installed.sandboxes[TWO], "linus", f"why {link}"
    )
    assert "cannot find one of my answers" not in whisper(
        installed.sandboxes[ONE], "linus", f"why {link}"
    )


def test_a_token_is_exchanged_while_people_talk(installed):
    kept = installs(installed)
    old = kept.find_bot(enterprise_id=None, team_id=TWO)

    with ThreadPoolExecutor(4) as crowd:
        talking = [
            crowd.submit(answer, installed.sandboxes[team], "mae", f"!rewrite in the middle {n}")
            for n in range(4)
            for team in (ONE, TWO)
        ]

        old.bot_token_expires_at = int(old.installed_at) + 60
        kept.save_bot(old)
        assert all(len(one.result()) == 1 for one in talking)

    answer(installed.sandboxes[TWO], "mae", "!rewrite and after it")
    fresh = kept.find_bot(enterprise_id=None, team_id=TWO)
    assert fresh.bot_token != old.bot_token
    assert fresh.bot_refresh_token != old.bot_refresh_token


def test_one_leaves_and_nothing_of_it_is_left_while_the_other_goes_on(installed):
    store = installed.stack.store
    installed.sandboxes[ONE].inject_fault("uninstall")
    assert wait_until(lambda: rows(store, ONE) == {}, SECONDS), rows(store, ONE)
    assert rows(store, TWO)
    assert wait_until(lambda: SECRET[ONE].encode() not in stored(installed), SECONDS)
    # The files are read one after the other, and a rewrite may move a page from one to another.
    assert wait_until(lambda: SECRET[TWO].encode() in stored(installed), SECONDS)
    assert installs(installed).find_bot(enterprise_id=None, team_id=ONE) is None
    assert len(answer(installed.sandboxes[TWO], "mae", "!rewrite we are still here")) == 1
    assert (
        "95 euros"
        in answer(installed.sandboxes[TWO], "mae", "!handbook how much may a hotel room cost")[0][
            "text"
        ]
    )


def rows(store, team):
    """The number of the workspace's rows in each table that has any."""
    found = {}
    with store.begin() as connection:
        for table in metadata.sorted_tables:
            if "team" in table.c:
                found[table.name] = connection.execute(
                    select(func.count()).select_from(table).where(table.c.team == team)
                ).scalar()

    return {name: count for name, count in found.items() if count}


def stored(two):
    """The bytes of the database and of its log."""
    return b"".join(path.read_bytes() for path in two.stack.folder.glob("beagle.db*"))
