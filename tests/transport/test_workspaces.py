"""Workspaces: OAuth installation, isolation, encrypted and rotated tokens, full removal."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from cryptography.fernet import Fernet
from slack_sdk.errors import SlackApiError

from bot.install.pages import INSTALL_PATH, REDIRECT_PATH, OAuthPages
from bot.sandbox.server import Sandbox, SandboxConfig
from bot.transport.events import with_time
from bot.transport.oauth import UninstallEvents, authorize
from bot.transport.workspaces import open_workspaces
from router.config import Settings
from router.errors import SettingsError
from router.store.requests.requests import UNINSTALLED
from workers.privacy.workspace_purge import purge_workspace

KEY = Fernet.generate_key().decode()
TEAM = "T0SANDBOX01"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SandboxConfig(limits=False)) as running:
        yield running


@pytest.fixture
def settings(sandbox):
    return Settings(
        _env_file=None,
        SLACK_API_URL=sandbox.api_url,
        SLACK_CLIENT_ID="1.2",
        SLACK_CLIENT_SECRET="hush",  # nobody's
        token_key=KEY,
    )


@pytest.fixture
def workspaces(settings, store, clock):
    return open_workspaces(settings, store, None, clock)


@pytest.fixture
def install(settings, store, clock, workspaces):
    """Follows the install link, allows the app and returns the last page's response."""
    pages = OAuthPages(settings, store, workspaces.installations, clock)

    def visit(path, query="", cookie=""):
        seen = {}
        environ = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_COOKIE": cookie,
            "HTTP_HOST": "127.0.0.1",
        }

        body = b"".join(
            pages(environ, lambda status, headers: seen.update(status=status, headers=headers))
        )
        return seen["status"], dict(seen["headers"]), body.decode()

    def run(*, rotates=False):
        _, headers, page = visit(INSTALL_PATH)
        headers = {name.lower(): value for name, value in headers.items()}
        cookie = headers["set-cookie"].split(";")[0]

        link = unescape(re.search(r'<a href="([^"]+)"', page)[1]) + (
            "&rotates=1" if rotates else ""
        )
        with urllib.request.urlopen(link) as answer:
            allowed = unescape(re.search(r'<a href="([^"]+)"', answer.read().decode())[1])

        query = allowed.split("?", 1)[1]
        return visit(REDIRECT_PATH, query, cookie)

    return run


def test_a_workspace_installs_itself_and_can_be_answered(install, workspaces, sandbox):
    status, _, _ = install()
    assert status.startswith("200")
    assert workspaces.clients.for_team(TEAM).retrying.auth_test()["team_id"] == TEAM
    assert workspaces.bot_user(TEAM) == "U0BEAGLE001"
    assert workspaces.installer(TEAM) == sandbox.actor("ada").id
    assert authorize(workspaces.installations)(
        None, TEAM
    ).bot_token == workspaces.installations.token(TEAM)


def test_no_plain_token_is_in_the_database(install, workspaces, store, tmp_path):
    install()
    token = workspaces.installations.token(TEAM).encode()
    store.close()
    assert not [
        path for path in tmp_path.rglob("*") if path.is_file() and token in path.read_bytes()
    ]


def test_a_token_that_expires_is_exchanged_before_it_does(install, workspaces):
    install(rotates=True)
    installs = workspaces.installations
    old = installs.find_bot(enterprise_id=None, team_id=TEAM)
    assert installs.token(TEAM) == old.bot_token
    old.bot_token_expires_at = int(time.time()) + 60
    installs.save_bot(old)
    fresh = installs.token(TEAM)
    assert fresh != old.bot_token
    assert workspaces.clients.for_team(TEAM).retrying.auth_test()["ok"]


def test_where_beagle_is_not_installed_it_has_no_token(workspaces):
    with pytest.raises(SlackApiError, match="account_inactive"):
        workspaces.clients.for_team("T2")

    assert authorize(workspaces.installations)(None, "T2") is None


def test_another_key_opens_nothing_and_says_what_to_do(install, settings, store, clock):
    install()
    other = settings.model_copy(
        update={"token_key": type(settings.token_key)(Fernet.generate_key().decode())}
    )

    with pytest.raises(SettingsError, match="BEAGLE_TOKEN_KEY"):
        open_workspaces(other, store, None, clock).installations.token(TEAM)


def test_a_missing_key_stops_the_start(settings, store, clock):
    with pytest.raises(SettingsError, match="Fernet"):
        open_workspaces(
            settings.model_copy(update={"token_key": type(settings.token_key)("")}),
            store,
            None,
            clock,
        )


def test_a_removal_erases_the_workspace_and_no_other(
    install, workspaces, store, clock, make_request, make_decision
):
    install()
    for team in (TEAM, "T2"):
        request = make_request(team=team)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())
        store.opt_outs.add(team, "U1", clock())

    forgotten = []
    removal = UninstallEvents(store, workspaces.installations, forgotten.append)
    removal.handle_uninstall({}, TEAM, None)
    assert forgotten == [TEAM]
    assert store.stats.since(TEAM, 0.0).requests == 0
    assert store.stats.since("T2", 0.0).requests == 1
    assert store.opt_outs.for_team(TEAM) == frozenset()
    assert store.opt_outs.for_team("T2") == {"U1"}
    assert authorize(workspaces.installations)(None, TEAM) is None
    assert sum(purge_workspace(store, TEAM).values()) == 0


def test_a_revoked_token_is_forgotten_and_the_rest_is_kept(
    install, workspaces, store, clock, make_request
):
    install()
    store.requests.insert(make_request(team=TEAM), clock())
    UninstallEvents(store, workspaces.installations, print).handle_revoked_tokens(
        {"tokens": {"bot": ["U0BEAGLE001"]}}, TEAM, None
    )
    assert authorize(workspaces.installations)(None, TEAM) is None
    assert store.stats.since(TEAM, 0.0).requests == 1


@pytest.mark.parametrize(("age", "is_kept"), [(3600, True), (1, True), (0, False), (-5, False)])
def test_an_event_about_an_earlier_installation_changes_nothing(
    install, workspaces, store, clock, make_request, age, is_kept
):
    install()
    store.requests.insert(make_request(team=TEAM), clock())
    event = {"event_ts": str(int(clock()) - age), "tokens": {"bot": ["U0BEAGLE001"]}}
    forgotten = []
    removal = UninstallEvents(store, workspaces.installations, forgotten.append)

    removal.handle_revoked_tokens(event, TEAM, None)
    assert (authorize(workspaces.installations)(None, TEAM) is not None) == is_kept
    removal.handle_uninstall(event, TEAM, None)
    assert store.stats.since(TEAM, 0.0).requests == int(is_kept)
    assert forgotten == ([] if is_kept else [TEAM])


def test_an_event_has_the_time_of_its_envelope():
    envelope = {"event_time": 1_700_000_000}
    assert with_time({"type": "app_uninstalled"}, envelope)["event_ts"] == "1700000000"
    assert with_time({"event_ts": "5.000100"}, envelope)["event_ts"] == "5.000100"


def test_an_answer_waits_for_a_token_and_a_new_install_posts_it(
    install, workspaces, store, clock, make_request, make_decision
):
    install()
    for team in (TEAM, "T2"):
        request = make_request(team=team)
        store.requests.insert(request, clock())
        store.decisions.insert_first(request.id, make_decision(), clock())
        lease = store.requests.acquire(request.id, "w1", clock(), 20.0)
        store.requests.retry(lease, clock() + 300.0, UNINSTALLED)

    clock.forward(1)
    assert store.requests.claim_overdue("decided", clock(), clock() + 60) == []
    install()
    (woken,) = store.requests.claim_overdue("decided", clock(), clock() + 60)
    assert store.requests.get(woken).team == TEAM


def test_whoever_asks_while_a_token_is_exchanged_gets_the_new_one_and_who_was_refused_is_woken(
    install, workspaces, store, clock, make_request, make_decision
):
    install(rotates=True)
    request = make_request(team=TEAM)
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision(), clock())
    installs = workspaces.installations
    old = installs.find_bot(enterprise_id=None, team_id=TEAM)
    old.bot_token_expires_at = int(time.time()) + 60
    installs.save_bot(old)
    store.requests.retry(
        store.requests.acquire(request.id, "w1", clock(), 20.0), clock() + 300.0, UNINSTALLED
    )

    with ThreadPoolExecutor(12) as crowd:
        (fresh,) = set(crowd.map(lambda _: installs.token(TEAM), range(12)))

    assert fresh != old.bot_token
    clock.forward(1)
    assert store.requests.claim_overdue("decided", clock(), clock() + 60) == [request.id]
