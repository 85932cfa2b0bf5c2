"""`beagle doctor`: a line for each part, and what to do about each fault."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing

import pytest
from cryptography.fernet import Fernet
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.cli import __main__ as command_line
from bot.cli.doctor import CheckResult, Diagnosis, run_checks
from bot.cli.doctor.machine_checks import check_data_folder
from bot.demo import data_folder
from bot.sandbox import seed_data
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.health import Health
from bot.transport.http_server import HttpServer
from bot.transport.scopes import BOT_SCOPES
from bot.transport.subscriptions import BOT_EVENTS, DAY_SECONDS
from router.config import Settings
from router.errors import SettingsError
from router.store import open_store
from router.store.base.engine import open_engine
from router.store.base.migrate import migrate, newest_revision, stored_revision
from router.store.requests.dead_letters import DeadLetter
from router.store.workspace.installations import StoredInstallation
from tests.fixtures.stores import open_sqlite
from workers.knowledge.relevance.quote_scorer import ADAPTERS, scorer_files
from workers.runtime.embedded_valkey import start_valkey
from workers.runtime.processes import wait_until
from workers.runtime.queue import is_alive, workers_per_queue
from workers.runtime.steady_clock import open_clock

PARTS = [
    *("bot token", "receiving", "admins", "admin channel", "data folder", "disk", "clock"),
    *("store", "queue", "workers", "bot", "routes", "encoder", "quote scorer", "model", "prices"),
    "models that end",
]
NEWEST = newest_revision()
WORKER = """
import sys, threading
from workers.runtime.queue import run_worker
run_worker(sys.argv[1], "answer", print, threading.Event())
"""
NOBODY_LISTENS = "http://127.0.0.1:9/api/"


@pytest.fixture(scope="module")
def slack():
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def make_settings(slack, short_folder, model):
    """Settings of a working installation at the loopback Slack; a test breaks one of them."""

    def make(**changes):
        values = {
            "slack_api_url": slack.api_url,
            "slack_bot_token": SecretStr(slack.bot_token),
            "slack_app_token": SecretStr(slack.app_token),
            "data": short_folder,
            "admins": ("UADA", "UBEN"),
            "model": "openai/some-model",
            "model_url": model.url,
            "model_key": SecretStr("none"),
            # Nobody listens there: another process of this machine may have the usual port.
            "health_port": 9,
        }
        open_sqlite(short_folder / "beagle.db").close()
        return Settings(_env_file=None).model_copy(update=values | changes)

    return make


def check(settings, part):
    return next(result for result in run_checks(settings).checks if result.part == part)


def test_an_installation_that_works_is_ok_in_every_part(make_settings):
    diagnosis = run_checks(make_settings())

    assert [result.part for result in diagnosis.checks] == PARTS
    assert [result.text for result in diagnosis.checks if not result.ok] == []
    assert diagnosis.ok
    texts = {result.part: result.text for result in diagnosis.checks}
    assert texts["bot token"].startswith("signed in as beagle in ")
    assert texts["receiving"].startswith("Socket Mode; Slack tells no app which events it sends")
    assert texts["admins"] == "UADA, UBEN"
    assert texts["admin channel"].startswith("none: BEAGLE_ADMIN_CHANNEL is empty")
    assert " MB free" in texts["disk"]
    assert texts["clock"].startswith("within ")
    assert texts["store"] == f"answers, with every migration up to {NEWEST}; 0 requests open"
    assert texts["queue"] == "embedded; it starts with the first process"
    assert texts["workers"] == "answer 0, compute 0; nothing of Beagle runs here yet"
    assert texts["bot"].startswith("does not run")
    assert texts["encoder"].startswith("not made yet: the first start makes it in ")
    assert texts["quote scorer"].startswith("not made yet: the first answer worker makes it in ")
    assert "triage" in texts["routes"]
    assert "openai/some-model" in texts["model"]
    assert "its price is unknown, so it is counted at $3.00 and $15.00" in texts["prices"]


@pytest.mark.parametrize(
    ("part", "changes", "words"),
    [
        ("bot token", {"slack_bot_token": SecretStr("")}, "SLACK_BOT_TOKEN is not set"),
        ("bot token", {"slack_bot_token": SecretStr("xoxb-wrong")}, "'invalid_auth'"),
        ("bot token", {"slack_api_url": NOBODY_LISTENS}, "not reached at http://127.0.0.1:9/"),
        ("receiving", {"slack_app_token": SecretStr("")}, "connections:write"),
        ("receiving", {"slack_app_token": SecretStr("xapp-wrong")}, "'invalid_auth'"),
        ("receiving", {"slack_mode": "http"}, "SLACK_SIGNING_SECRET is not set"),
        ("queue", {"redis_url": SecretStr("redis://127.0.0.1:9/0")}, "REDIS_URL is set but"),
    ],
)
def test_what_is_wrong_is_said_and_the_other_parts_are_checked_all_the_same(
    make_settings, retries_without_waiting, part, changes, words
):
    diagnosis = run_checks(make_settings(**changes))

    wrong = {result.part: result.text for result in diagnosis.checks if not result.ok}
    assert not diagnosis.ok
    assert words in wrong[part]
    assert [result.part for result in diagnosis.checks] == PARTS
    assert f"WRONG {part}: " in diagnosis.as_text()


def test_without_an_app_of_slack_its_clock_is_asked_of_nobody(make_settings, slack):
    settings = make_settings(slack_bot_token=SecretStr(""), slack_api_url=NOBODY_LISTENS)

    assert "Slack" not in check(settings, "clock").text


def test_a_demo_that_runs_beside_it_is_named(make_settings, short_folder):
    settings = make_settings()
    with data_folder.locked(short_folder / data_folder.NAME):
        assert check(settings, "workers").text.endswith("is starting, with workers of its own")
        data_folder.announce(short_folder / data_folder.NAME, "http://127.0.0.1:1/")
        assert check(settings, "workers").text.endswith("runs, with workers of its own")

    assert check(settings, "workers").text.endswith("nothing of Beagle runs here yet")


def test_events_of_which_none_came_are_named(make_settings, short_folder):
    settings = make_settings()
    moment = time.time()
    with closing(open_sqlite(short_folder / "beagle.db")) as store:
        for kind in BOT_EVENTS.keys() - {"member_left_channel"}:
            store.event_kinds.record("T1", kind, moment)
        store.event_kinds.record("T1", "team_join", moment - 40 * DAY_SECONDS)

    text = check(settings, "receiving").text

    assert "none came of member_left_channel (know who may read a channel no longer), " in text
    assert "team_join (know a new colleague); where one should have, compare" in text
    assert "app_mention" not in text


def test_with_every_kind_of_event_seen_there_is_nothing_to_compare(make_settings, short_folder):
    settings = make_settings()
    with closing(open_sqlite(short_folder / "beagle.db")) as store:
        for kind in BOT_EVENTS:
            store.event_kinds.record("T1", kind, time.time())

    text = check(settings, "receiving").text

    assert text == "Socket Mode; each subscribed event came within a day"


def messages_to(slack, user):
    def read():
        workspace = slack.workspace
        return list(workspace.messages.get(workspace.dm(user)["id"], {}).values())

    return slack.call(read)


def round_trip(settings):
    diagnosis = run_checks(settings, round_trip=True)
    return next(result for result in diagnosis.checks if result.part == "round trip")


def test_a_round_trip_says_what_this_slack_can_do_and_leaves_no_message(make_settings, slack):
    ada = seed_data.user_id("ada")
    settings = make_settings(admins=(ada,))

    result = round_trip(settings)

    assert result.ok
    assert result.text == (
        f"posted, edited and deleted a message to {ada}; answers can be streamed; "
        "answers can be stopped"
    )
    assert messages_to(slack, ada) == []


def test_a_round_trip_names_what_is_used_instead(make_settings, slack):
    ada = seed_data.user_id("ada")
    slack.context.refusals.kinds = frozenset({"table", "card"})
    try:
        result = round_trip(make_settings(admins=(f"{seed_data.TEAM_ID}:{ada}",)))
    finally:
        slack.context.refusals.kinds = frozenset()

    assert result.ok
    assert "no table, card here, so plainer blocks are sent instead" in result.text
    assert messages_to(slack, ada) == []


@pytest.mark.parametrize(
    ("method", "instead"),
    [
        ("chat.startStream", "no streaming (unknown_method), so answers are edited as they grow"),
        ("agents.sessions.setStatus", "no agent sessions (unknown_method), so answers have no"),
        ("assistant.threads.setStatus", "no status line (unknown_method), so a wait is seen in"),
    ],
)
def test_a_round_trip_names_each_feature_that_is_missing(make_settings, slack, method, instead):
    ada = seed_data.user_id("ada")
    slack.inject_fault("refused", on=method, error="unknown_method")
    try:
        result = round_trip(make_settings(admins=(ada,)))
    finally:
        slack.clear_faults()

    assert result.ok
    assert instead in result.text
    assert messages_to(slack, ada) == []


def test_a_revoked_token_is_named(make_settings, slack):
    slack.call(lambda: slack.context.tokens.add("xoxb-gone", "bot", BOT_SCOPES))
    slack.call(lambda: slack.context.tokens.revoke(token="xoxb-gone"))

    result = check(make_settings(slack_bot_token=SecretStr("xoxb-gone")), "bot token")

    assert not result.ok
    assert "token_revoked" in result.text
    assert "install" in result.text


def test_a_round_trip_needs_somebody_who_gets_the_message(make_settings, slack):
    assert "BEAGLE_ADMINS" in round_trip(make_settings(admins=())).text
    assert "user_not_found" in round_trip(make_settings(admins=("UNOBODY",))).text


def many_workspaces(make_settings, **over):
    values = {
        "slack_client_id": "1.2",
        "slack_client_secret": SecretStr("hush"),
        "slack_bot_token": SecretStr(""),
        "token_key": SecretStr(Fernet.generate_key().decode()),
    }
    return make_settings(**(values | over))


def test_a_missing_scope_of_the_token_is_named(make_settings, slack):
    scopes = set(BOT_SCOPES) - {"files:write", "im:write"}
    slack.call(lambda: slack.context.tokens.add("xoxb-old", "bot", scopes))

    result = check(make_settings(slack_bot_token=SecretStr("xoxb-old")), "bot token")

    assert not result.ok
    assert "lacks the scopes files:write, im:write" in result.text
    assert "install it again" in result.text


def test_where_workspaces_install_beagle_no_single_token_is_asked_for(make_settings):
    result = check(many_workspaces(make_settings), "bot token")

    assert result.ok
    assert "installs Beagle at /slack/install; 0 have a token" in result.text


def test_where_any_workspace_may_install_is_a_warning_of_its_own(make_settings):
    result = check(many_workspaces(make_settings), "who may install")
    diagnosis = Diagnosis([result])

    assert (result.ok, result.warns, diagnosis.ok) == (True, True, True)
    assert diagnosis.as_text().startswith(
        "WARN  who may install: any workspace, and each may spend up to 20 USD a day: "
        "BEAGLE_ALLOWED_TEAMS is empty"
    )
    assert diagnosis.as_dict()["parts"] == {
        "who may install": {"ok": True, "said": result.text, "warns": True}
    }


def test_a_list_of_who_may_install_is_no_warning(make_settings):
    result = check(many_workspaces(make_settings, allowed_teams=("T1", "T2")), "who may install")

    assert result == CheckResult("who may install", True, "T1, T2")


def test_a_token_under_an_older_key_is_counted(make_settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings = many_workspaces(make_settings, token_key=SecretStr(f"{new},{old}"))
    sealed = Fernet(old).encrypt(b"{}").decode()
    store = open_store(settings.store_url)
    store.installations.save(StoredInstallation("T1", "U1", sealed, 1.0))
    store.close()

    result = check(settings, "bot token")

    assert "1 is still encrypted with an older BEAGLE_TOKEN_KEY" in result.text


def test_where_workspaces_install_beagle_the_installers_are_admins(make_settings):
    result = check(many_workspaces(make_settings, admins=("T1:U1",)), "admins")

    assert result.text == "whoever installed Beagle in a workspace; T1:U1"


def test_events_over_http_need_no_app_token(make_settings):
    signed = make_settings(
        slack_mode="http", slack_signing_secret=SecretStr("hush"), slack_app_token=SecretStr("")
    )

    result = check(signed, "receiving")
    assert result.ok
    assert result.text.startswith("signed HTTP at /slack/events; Slack tells no app")


def test_without_an_admin_it_runs_but_says_that_nobody_may_approve(make_settings):
    result = check(make_settings(admins=()), "admins")

    assert result.ok
    assert "nobody may approve" in result.text


def test_a_store_that_cannot_be_opened_is_wrong_and_nothing_is_read_from_it(
    make_settings, tmp_path
):
    file = tmp_path / "file"
    file.write_text("no folder", "utf-8")

    diagnosis = run_checks(make_settings(database_url=SecretStr(f"sqlite:///{file / 'beagle.db'}")))

    wrong = [result.part for result in diagnosis.checks if not result.ok]
    assert wrong == ["store"]
    assert diagnosis.dead_letters == []


def test_a_route_that_cannot_be_read_is_named(make_settings, tmp_path):
    broken = tmp_path / "routes" / "broken"
    broken.mkdir(parents=True)
    (broken / "route.md").write_text("no front matter", "utf-8")

    result = check(make_settings(routes=tmp_path / "routes"), "routes")

    assert not result.ok
    assert "broken" in result.text


def test_the_local_model_without_its_weights_is_wrong(make_settings, monkeypatch):
    monkeypatch.setattr("workers.llm.local.weights.PACKAGE", "no_such_package")

    result = check(make_settings(model="local", model_url=""), "model")

    assert not result.ok
    assert "'no-such-package' is not installed" in result.text
    assert "BEAGLE_MODEL" in result.text


def test_requests_given_up_are_listed_but_do_not_make_it_wrong(make_settings, give_up):
    settings = make_settings()
    store = open_store(settings.store_url)
    give_up(store, "r7", error="the model said nothing", channel="C7")
    store.close()

    diagnosis = run_checks(settings)

    assert diagnosis.ok
    assert [letter.id for letter in diagnosis.dead_letters] == ["r7"]
    text = diagnosis.as_text()
    assert "1 request was given up; `beagle replay ID` or `beagle replay all`" in text
    assert "  r7  1970-01-01 00:00  C7  tries 1  the model said nothing" in text


def test_open_requests_are_counted_with_the_age_of_the_oldest(make_settings, make_request):
    settings = make_settings()
    store = open_store(settings.store_url)
    store.requests.insert(make_request(), 1.0)
    store.close()

    assert check(settings, "store").text.startswith(
        f"answers, with every migration up to {NEWEST}; 1 request open, the oldest for "
    )


def test_the_keys_for_machines_are_those_of_the_release():
    letter = DeadLetter(id="r1", channel="C1", tries=5, error="no", at=2.0)
    diagnosis = Diagnosis([CheckResult("store", False, "away")], [letter])

    assert diagnosis.as_dict() == {
        "ok": False,
        "parts": {"store": {"ok": False, "said": "away"}},
        "dead": [{"id": "r1", "channel": "C1", "tries": 5, "error": "no", "at": 2.0}],
    }


@pytest.mark.parametrize(("admins", "token", "status"), [("UADA", True, 0), ("UADA", False, 1)])
def test_the_command_prints_one_object_and_ends_with_a_status(
    make_settings, monkeypatch, admins, token, status
):
    changes = {} if token else {"slack_bot_token": SecretStr("")}
    settings = make_settings(**changes)
    monkeypatch.setattr("bot.cli.doctor.load_settings", lambda: settings)

    result = CliRunner().invoke(command_line.app, ["doctor", "--json"])

    assert result.exit_code == status
    assert json.loads(result.stdout)["ok"] is (status == 0)
    assert list(json.loads(result.stdout)["parts"]) == PARTS


def test_the_database_is_looked_at_and_not_migrated(make_settings, short_folder):
    url = f"sqlite:///{short_folder / 'old.db'}"
    engine = open_engine(url)
    migrate(engine, "0001")
    result = check(make_settings(database_url=SecretStr(url)), "store")

    assert not result.ok
    assert "found revision '0001'" in result.text
    with engine.connect() as connection:
        assert stored_revision(connection) == "0001"

    engine.dispose()


def test_a_model_that_has_ended_is_wrong_and_one_that_ends_is_named(make_settings):
    ended = check(make_settings(teacher_model="gpt-4-0314"), "models that end")
    ending = check(make_settings(teacher_model="claude-opus-5"), "models that end")
    lasting = check(make_settings(), "models that end")

    assert (ended.ok, "gpt-4-0314 on 2026-03-26" in ended.text) == (False, True)
    assert "BEAGLE_TEACHER_MODEL" in ended.text
    assert lasting.ok
    assert "claude-opus-5 on 2027-07-24" in ending.text


def test_an_empty_folder_stays_without_a_database_and_a_queue(make_settings, short_folder):
    settings = make_settings(database_url=SecretStr(f"sqlite:///{short_folder / 'new.db'}"))

    diagnosis = run_checks(settings)

    assert [result.text for result in diagnosis.checks if not result.ok] == []
    assert check(settings, "store").text == f"none yet; the first start makes {short_folder}/new.db"
    names = {path.name for path in short_folder.iterdir()}
    assert not names & {"new.db", "new.db-wal", "valkey.sock", "valkey.lock", "clock", "encoder"}


def test_a_queue_without_a_worker_is_wrong_once_something_runs(make_settings, broker):
    settings = make_settings(redis_url=SecretStr(broker.url))
    assert check(settings, "workers").ok

    worker = subprocess.Popen([sys.executable, "-c", WORKER, broker.url])
    try:
        assert wait_until(lambda: workers_per_queue(broker.url) == {"answer": 1}, 60)
        result = check(settings, "workers")
    finally:
        worker.terminate()
        worker.wait()

    assert not result.ok
    assert result.text.startswith("answer 1, compute 0; ")
    assert "`beagle worker --queue compute`" in result.text


def test_a_queue_that_is_running_is_counted(make_settings, short_folder):
    running = start_valkey(short_folder, is_alive)
    try:
        result = check(make_settings(), "queue")
    finally:
        running.stop()

    assert result.text == "answers (embedded); waiting: answer 0, compute 0"


def channel_of(slack, name):
    return slack.call(lambda: slack.workspace.channel(name)["id"])


def test_the_admin_channel_is_looked_up(make_settings, slack):
    general = channel_of(slack, "general")
    assert check(make_settings(admin_channel=general), "admin channel").text == "#general"

    unknown = check(make_settings(admin_channel="CNOWHERE"), "admin channel")
    assert not unknown.ok
    assert "is no channel that Beagle can see" in unknown.text


def test_an_admin_channel_that_beagle_is_not_in_is_wrong(make_settings, slack):
    random = channel_of(slack, "random")
    me = slack.workspace.bot["id"]
    before = slack.call(lambda: list(slack.workspace.channels[random]["members"]))
    slack.call(lambda: slack.workspace.set_members(random, [u for u in before if u != me]))
    try:
        result = check(make_settings(admin_channel=random), "admin channel")
    finally:
        slack.call(lambda: slack.workspace.set_members(random, before))

    assert not result.ok
    assert "Beagle is no member of BEAGLE_ADMIN_CHANNEL" in result.text
    assert "invite it there" in result.text


def test_a_clock_that_was_set_since_the_start_is_wrong(make_settings, short_folder):
    settings = make_settings()
    store = open_store(settings.store_url)
    # What a process writes down whose machine was set back by an hour since.
    clock = open_clock(store, settings.data, wall=lambda: time.time() + 3600)
    try:
        result = check(settings, "clock")
    finally:
        clock.close()
        store.close()

    assert not result.ok
    assert "differs by -3600 s from itself when Beagle started" in result.text
    assert "NTP" in result.text


@pytest.mark.parametrize("name", [".env", "elsewhere.db"])
def test_a_file_of_ours_that_everybody_may_read_is_named(
    make_settings, tmp_path, monkeypatch, name
):
    monkeypatch.chdir(tmp_path)
    settings = make_settings(database_url=SecretStr(f"sqlite:///{tmp_path}/elsewhere.db"))
    file = tmp_path / name
    file.touch(0o600)
    assert "for this user only" in check_data_folder(settings)

    file.chmod(0o644)

    with pytest.raises(SettingsError, match=re.escape(f"chmod o-rwx {file}")):
        check_data_folder(settings)


def test_a_file_of_ours_that_a_group_may_read_is_mentioned(make_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ".env"
    file.touch(0o600)
    file.chmod(0o640)

    assert f"{file} is also open to its group" in check_data_folder(make_settings())


def test_a_disk_without_room_is_wrong(make_settings, monkeypatch):
    real = os.statvfs("/")
    full = os.statvfs_result((*real[:3], 0, 0, *real[5:]))
    monkeypatch.setattr("bot.cli.doctor.machine_checks.os.statvfs", lambda _: full)

    result = check(make_settings(), "disk")

    assert not result.ok
    assert "has 0 MB left" in result.text


def test_an_encoder_that_cannot_be_opened_is_wrong(make_settings):
    result = check(make_settings(encoder="no-such/encoder-at-all"), "encoder")

    assert not result.ok
    assert "known: fast, torch" in result.text


def test_a_quote_scorer_that_cannot_be_opened_is_wrong(make_settings):
    settings = make_settings()
    settings.encoder_cache.mkdir(parents=True)
    files = scorer_files(ADAPTERS)
    files.model(settings.encoder_cache).write_bytes(b"damaged")
    files.check(settings.encoder_cache).write_text('{"admitted": true, "sha256": "0"}', "utf-8")

    result = check(settings, "quote scorer")

    assert not result.ok
    assert "SHA-256" in result.text


def test_a_quote_scorer_belongs_to_the_fast_encoder(make_settings):
    result = check(make_settings(encoder="multilingual"), "quote scorer")

    assert result.ok
    assert "not used" in result.text


def test_what_a_running_bot_lacks_is_said(make_settings):
    health = Health({"queue": lambda: "Redis did not answer"}, CollectorRegistry(), lambda: 0.0)
    server = HttpServer("127.0.0.1", 0, health, setting="BEAGLE_HEALTH_PORT")
    server.start()
    try:
        result = check(make_settings(health_port=server.port), "bot")
    finally:
        server.stop()

    assert not result.ok
    assert "it runs but is not ready: queue: Redis did not answer" in result.text
