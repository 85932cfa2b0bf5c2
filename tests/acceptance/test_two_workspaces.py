"""Two workspaces install the same Beagle over HTTP and talk at once: nothing crosses, and one can leave."""

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

from bot.demo.stack import Cast, Stage
from bot.replies.replies import EVENT_TYPE
from bot.sandbox import seed_data as people
from bot.sandbox.oauth_browser import install
from bot.sandbox.server import Sandbox, Setup
from bot.sandbox.workspace_proxy import Crossing
from bot.transport.workspaces import Installs, open_workspaces
from router.config import environment
from router.store.base.tables import metadata
from router.store.usage.spend import DAY_SECONDS, Spend
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
ONE, TWO = people.TEAM_ID, "T0SANDBOX02"
SECONDS = 90.0
SECRET = {ONE: "Kestrelmoor", TWO: "Otterbrook"}
"""A word of each workspace that the other must never see."""


@pytest.fixture(scope="module")
def two(model):
    """Both workspaces with the same people and channels under the same ids: the hardest case for keeping them apart."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bg")))
        crossing = stack.enter_context(Crossing())
        key = Fernet.generate_key().decode()
        extra = {
            "BEAGLE_SLACK_MODE": "http",
            "SLACK_API_URL": crossing.api_url,
            "SLACK_BOT_TOKEN": "",
            "SLACK_CLIENT_ID": "1.2",
            "SLACK_CLIENT_SECRET": "loopback",
            "BEAGLE_TOKEN_KEY": key,
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
            "BEAGLE_CAP_TEAM_REQUESTS": "40",
            "BEAGLE_LEASE_SECONDS": "3",
            "BEAGLE_REAP_SECONDS": "0.5",
        }

        stage = Stage(
            folder,
            Cast(workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False),
        )
        other = Sandbox(
            Setup(signing_secret=stage.sandbox.signing_secret, limits=False, team=TWO, seed=2)
        )
        crossing.towns += [stage.sandbox, other]
        stack.enter_context(other)
        stack.enter_context(stage)

        for town in crossing.towns:
            town.use_request_url(f"http://127.0.0.1:{stage.port}/slack/events")

        yield SimpleNamespace(
            stage=stage, towns={ONE: stage.sandbox, TWO: other}, key=key, extra=extra
        )


@pytest.fixture(scope="module")
def installed(two):
    """Ada installed Beagle in the first workspace, Grace in the second, where tokens expire."""
    address = f"http://127.0.0.1:{two.stage.port}"
    assert f"team={ONE}" in install(address, team=ONE, user="ada")
    install(address, team=TWO, user="grace", rotates="1")

    return two


def answer(town, name, said, channel="general"):
    """The finished answer to what that person says there."""
    actor = town.actor(name)
    ts = actor.say(channel, said if channel == "dm" else f"@beagle {said}")

    def found():
        return [
            m
            for m in actor.thread(channel, ts)
            if (m.get("metadata") or {}).get("event_type") == EVENT_TYPE
        ]

    assert wait_until(found, SECONDS), f"no answer to {said!r}"
    return found()


def whisper(town, name, text):
    """What `/beagle text` shows that person."""
    actor = town.actor(name)
    before = len(actor.whispers("general"))
    actor.slash("general", "/beagle", text)
    assert wait_until(lambda: len(actor.whispers("general")) > before, SECONDS)

    return str(actor.whispers("general")[-1])


def everything(town):
    """All that stands in a workspace, as text."""
    return str(
        town.call(
            lambda: [town.workspace.messages, town.workspace.homes, town.workspace.ephemerals]
        )
    )


def installs(two):
    settings = two.stage.settings().model_copy(
        update={
            "slack_api_url": two.extra["SLACK_API_URL"],
            "slack_client_id": "1.2",
            "slack_client_secret": SecretStr("loopback"),
            "token_key": SecretStr(two.key),
        }
    )

    found = open_workspaces(settings, two.stage.store, None, lambda: 0.0).installs
    assert isinstance(found, Installs)
    return found


def test_both_talk_at_once_and_each_is_answered_at_home_once(installed):
    def talk(team, n):
        return team, answer(installed.towns[team], "linus", f"!rewrite {SECRET[team]} number {n}")

    with ThreadPoolExecutor(12) as crowd:
        found = list(
            crowd.map(lambda one: talk(*one), [(team, n) for n in range(12) for team in (ONE, TWO)])
        )

    assert len(found) == 24
    assert all(len(answers) == 1 for _, answers in found)

    for team, foreign in ((ONE, TWO), (TWO, ONE)):
        assert installed.stage.store.stats.since(team, 0.0).requests == 12
        assert SECRET[foreign] not in everything(installed.towns[team])


def test_documents_are_quoted_in_their_own_workspace_only(installed, tmp_path):
    for team, amount in ((ONE, 140), (TWO, 95)):
        folder = tmp_path / team
        folder.mkdir()
        page = f"# Travel\n\n## Hotels\n\nAt {SECRET[team]} a hotel room may cost up to {amount} euros a night.\n"
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

        env = environment(**installed.stage._environment())
        subprocess.run(
            [*command, "--no-wait"], env=env, check=True, capture_output=True, timeout=SECONDS
        )

    asked = "!handbook how much may a hotel room cost a night"
    for team, amount in ((ONE, "140 euros"), (TWO, "95 euros")):
        assert amount in answer(installed.towns[team], "mae", asked)[0]["text"]

    listed = {team: whisper(installed.towns[team], "mae", "knowledge") for team in (ONE, TWO)}
    assert all("travel" in said for said in listed.values())


def test_an_admin_of_one_workspace_is_nobody_in_the_other(installed):
    assert "Only an admin" in whisper(installed.towns[TWO], "ada", "digest now")
    assert "Only an admin" in whisper(installed.towns[ONE], "grace", "digest now")
    assert "Only an admin" not in whisper(installed.towns[TWO], "grace", "label")


def test_figures_budgets_and_homes_are_each_workspace_s_own(installed):
    store = installed.stage.store
    day = int(
        float(answer(installed.towns[ONE], "linus", "!rewrite what day is it")[0]["ts"])
        // DAY_SECONDS
    )
    spent = {team: Spend(store.engine).of(("team", team), day).requests for team in (ONE, TWO)}

    more = 3
    for n in range(more):
        answer(installed.towns[TWO], "omar", f"!rewrite only here {n}")

    after = {team: Spend(store.engine).of(("team", team), day).requests for team in (ONE, TWO)}
    assert (after[ONE] - spent[ONE], after[TWO] - spent[TWO]) == (0, more)

    for team, name in ((ONE, "ada"), (TWO, "grace")):
        count = store.stats.since(team, 0.0).requests
        assert f"*Requests*\\n{count}" in whisper(installed.towns[team], name, "stats 7d")

    for team, town in installed.towns.items():
        omar = town.actor("omar")
        omar.open_home()
        assert wait_until(omar.home, SECONDS)
        assert ("only here" in str(omar.home())) == (team == TWO)


def test_a_link_to_an_answer_of_the_other_workspace_explains_nothing(installed):
    found = answer(installed.towns[ONE], "linus", "!rewrite explain this one")[0]
    link = f"https://x.example/archives/C0GENERAL00/p{found['ts'].replace('.', '')}"
    assert "no answer of mine" in whisper(installed.towns[TWO], "linus", f"why {link}")
    assert "no answer of mine" not in whisper(installed.towns[ONE], "linus", f"why {link}")


def test_a_token_is_exchanged_while_people_talk(installed):
    kept = installs(installed)
    old = kept.find_bot(enterprise_id=None, team_id=TWO)

    with ThreadPoolExecutor(4) as crowd:
        talking = [
            crowd.submit(answer, installed.towns[team], "mae", f"!rewrite in the middle {n}")
            for n in range(4)
            for team in (ONE, TWO)
        ]

        old.bot_token_expires_at = int(old.installed_at) + 60
        kept.save_bot(old)
        assert all(len(one.result()) == 1 for one in talking)

    answer(installed.towns[TWO], "mae", "!rewrite and after it")
    fresh = kept.find_bot(enterprise_id=None, team_id=TWO)
    assert fresh.bot_token != old.bot_token
    assert fresh.bot_refresh_token != old.bot_refresh_token


def test_one_leaves_and_nothing_of_it_is_left_while_the_other_goes_on(installed):
    store = installed.stage.store
    installed.towns[ONE].fault("uninstall")
    assert wait_until(lambda: rows(store, ONE) == {}, SECONDS), rows(store, ONE)
    assert rows(store, TWO)
    assert wait_until(lambda: SECRET[ONE].encode() not in stored(installed), SECONDS)
    assert SECRET[TWO].encode() in stored(installed)
    assert installs(installed).find_bot(enterprise_id=None, team_id=ONE) is None
    assert len(answer(installed.towns[TWO], "mae", "!rewrite we are still here")) == 1
    assert (
        "95 euros"
        in answer(installed.towns[TWO], "mae", "!handbook how much may a hotel room cost")[0][
            "text"
        ]
    )


def rows(store, team):
    """How many rows of the workspace each table holds, where it holds any."""
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
    return b"".join(path.read_bytes() for path in two.stage.folder.glob("beagle.db*"))
