"""Who may install Beagle, who becomes its admin by that, and who is told."""

from __future__ import annotations

import logging
import urllib.error

import pytest
from structlog.testing import capture_logs

from bot.install.pages import INSTALL_PATH, MAX_CALLBACKS, REDIRECT_PATH
from bot.sandbox import seed_data
from bot.transport.http_server import HttpLimits
from router.store.workspace.audit import AuditEntry
from router.types import SlackPerson

TEAM = "T0SANDBOX01"
ADA, MAE, GRACE, LINUS = (seed_data.user_id(name) for name in ("ada", "mae", "grace", "linus"))


@pytest.fixture
def set_flags(sandbox):
    """Changes what Slack says about a person."""

    def change(name, **flags):
        sandbox.call(lambda: sandbox.workspace.user(name).update(flags))

    return change


def admins_of(installs):
    return {
        name
        for name in (ADA, MAE, GRACE, LINUS)
        if installs.admins.includes(SlackPerson(TEAM, name))
    }


def audited(store, subject):
    return [(row.user, row.action, row.outcome) for row in store.audit.for_subject(TEAM, subject)]


def direct_messages(sandbox, name):
    def read():
        channel = sandbox.workspace.dm(seed_data.user_id(name))["id"]
        return [m["text"] for m in sandbox.workspace.messages.get(channel, {}).values()]

    return sandbox.call(read)


def calls_of(sandbox, method):
    return sandbox.context.call_counts[method]


def test_the_first_person_who_installs_is_the_admin(installs, store):
    page = installs.browser.install("mae")

    assert page.status == 200
    assert "You are its admin" in page.page
    assert admins_of(installs) == {MAE}
    assert audited(store, TEAM) == [(MAE, "install", "applied")]


def test_a_member_who_installs_again_renews_the_token_and_changes_no_admin(installs, store):
    installs.browser.install("ada")
    before = installs.rows.token(TEAM)

    page = installs.browser.install("mae")

    assert page.status == 200
    assert "stays the same" in page.page
    assert installs.rows.token(TEAM) != before
    assert admins_of(installs) == {ADA}
    assert audited(store, ADA) == [(MAE, "take_over", "refused")]


@pytest.mark.parametrize("flag", ["is_admin", "is_owner", "is_primary_owner"])
def test_an_admin_or_owner_takes_over_and_the_former_admin_is_told(
    installs, store, sandbox, set_flags, flag
):
    installs.browser.install("mae")
    set_flags("grace", **{flag: True})

    page = installs.browser.install("grace")

    assert "You are its admin in this workspace now" in page.page
    assert admins_of(installs) == {GRACE}
    assert audited(store, MAE) == [(GRACE, "take_over", "applied")]
    (notice,) = direct_messages(sandbox, "mae")
    assert GRACE in notice


def test_a_former_admin_does_not_become_one_again_by_installing(installs, store, set_flags):
    installs.browser.install("mae")
    set_flags("grace", is_owner=True)
    installs.browser.install("grace")

    page = installs.browser.install("mae")

    assert "stays the same" in page.page
    assert admins_of(installs) == {GRACE}
    assert audited(store, GRACE) == [(MAE, "take_over", "refused")]


def test_an_owner_takes_over_from_somebody_who_left_the_company(installs, set_flags):
    installs.browser.install("mae")
    set_flags("mae", deleted=True)
    set_flags("grace", is_owner=True)

    page = installs.browser.install("grace")

    assert page.status == 200
    assert admins_of(installs) == {GRACE}


@pytest.mark.parametrize("kind", ["503", "reset_before", "malformed"])
def test_nobody_takes_over_while_slack_does_not_say_who_they_are(
    installs, sandbox, set_flags, kind
):
    installs.browser.install("mae")
    set_flags("grace", is_owner=True)
    sandbox.inject_fault(kind, on="users.info")

    page = installs.browser.install("grace")

    assert "stays the same" in page.page
    assert admins_of(installs) == {MAE}


def test_a_revoked_token_does_not_free_the_place_of_the_admin(installs):
    installs.browser.install("ada")
    installs.rows.delete_bot(enterprise_id=None, team_id=TEAM)

    installs.browser.install("mae")

    assert installs.rows.token(TEAM)
    assert admins_of(installs) == {ADA}


def test_after_an_uninstall_whoever_installs_is_the_first_again(installs, store):
    installs.browser.install("ada")
    store.personal_data.delete_team(TEAM)

    installs.browser.install("mae")

    assert admins_of(installs) == {MAE}


def test_two_first_installs_at_once_make_one_admin(installs, store):
    """The second was granted before the first was stored."""
    browser = installs.browser
    cookie, link = browser.begin()
    query = browser.allow(link, user="linus")
    browser.install("mae")

    page = browser.visit("/slack/oauth_redirect", query, cookie)

    assert "stays the same" in page.page
    assert admins_of(installs) == {MAE}


def test_a_workspace_that_is_not_allowed_reads_why_and_no_token_is_stored(
    make_installs, store, sandbox
):
    installs = make_installs(allowed_teams="T0OTHER0001, T0OTHER0002")

    page = installs.browser.install("ada")

    assert page.status == 403
    assert f"add {TEAM} to BEAGLE_ALLOWED_TEAMS" in page.page
    assert store.installations.get(TEAM) is None
    assert admins_of(installs) == set()
    assert calls_of(sandbox, "auth.revoke") == 1


def test_a_workspace_that_is_allowed_installs(make_installs):
    installs = make_installs(allowed_teams=f"T0OTHER0001,{TEAM}")

    assert installs.browser.install("ada").status == 200
    assert installs.rows.token(TEAM)


def test_a_workspace_that_is_not_allowed_any_more_is_not_served(make_installs, sandbox):
    make_installs().browser.install("ada")
    narrowed = make_installs(allowed_teams="T0OTHER0001")

    assert narrowed.rows.find_bot(enterprise_id=None, team_id=TEAM) is None
    assert narrowed.browser.install("ada").status == 403
    # Its data is erased when it removes the app, and not by being left out of a list.
    assert calls_of(sandbox, "auth.revoke") == 0
    assert make_installs().rows.token(TEAM)


def test_an_organisation_is_refused_in_words(installs, store, sandbox):
    page = installs.browser.install("ada", org="1")

    assert page.status == 403
    assert "one by one, not a whole organisation" in page.page
    assert store.installations.teams() == []
    assert calls_of(sandbox, "auth.revoke") == 1


@pytest.mark.parametrize("flag", ["deleted", "is_restricted", "is_ultra_restricted"])
def test_the_loopback_slack_lets_no_guest_and_nobody_who_left_install(installs, set_flags, flag):
    set_flags("mae", **{flag: True})

    with pytest.raises(urllib.error.HTTPError, match="403"):
        installs.browser.install("mae")


def test_equal_ids_of_two_workspaces_never_cross(make_installs, store):
    installs = make_installs(admins=f"T0OTHER0001:{GRACE},{TEAM}:{LINUS}")
    installs.browser.install("ada")

    assert admins_of(installs) == {ADA, LINUS}
    assert installs.admins.includes(SlackPerson("T0OTHER0001", GRACE))
    assert not installs.admins.includes(SlackPerson("T0OTHER0001", ADA))
    assert not installs.admins.includes(SlackPerson("T0OTHER0001", LINUS))


@pytest.mark.parametrize(("teams", "warnings"), [("", 1), (TEAM, 0)])
def test_the_start_warns_where_any_workspace_may_install(make_installs, teams, warnings):
    installs = make_installs(allowed_teams=teams)

    with capture_logs() as logs:
        installs.rows.warn_where_anybody_may_install()

    assert [line["event"] for line in logs] == ["any_workspace_may_install"] * warnings
    assert [line["log_level"] for line in logs] == ["warning"] * warnings


def test_no_token_is_in_a_log_or_on_a_page(installs, caplog, capsys):
    # The product shows libraries' lines from warnings on.
    caplog.set_level(logging.WARNING)

    page = installs.browser.install("ada")

    token = installs.rows.token(TEAM)
    printed = capsys.readouterr()
    for text in (page.page, str(page.headers), caplog.text, printed.out, printed.err):
        assert token not in text


def test_an_audit_row_of_an_install_says_who_and_when(installs, store, clock):
    installs.browser.install("ada")

    (row,) = store.audit.for_subject(TEAM, TEAM)
    assert row == AuditEntry(TEAM, ADA, "install", TEAM, "applied", clock())


def test_installs_leave_most_threads_to_events(installs):
    """Anybody may send callbacks, and each waits for Slack."""
    browser = installs.browser
    cookie, link = browser.begin()
    query = browser.allow(link)
    for _ in range(MAX_CALLBACKS):
        assert browser._pages._callbacks.acquire(blocking=False)

    busy = browser.visit(REDIRECT_PATH, query, cookie)

    assert busy.status == 503
    assert browser.visit(INSTALL_PATH).status == 200
    browser._pages._callbacks.release()
    assert browser.visit(REDIRECT_PATH, query, cookie).status == 200
    assert HttpLimits().threads >= MAX_CALLBACKS * 2


@pytest.mark.parametrize("kind", ["503", "reset_before", "reset_after", "malformed"])
@pytest.mark.parametrize("method", ["oauth.v2.access", "auth.test"])
def test_while_slack_does_not_answer_an_install_ends_in_words(
    installs, sandbox, store, method, kind
):
    cookie, link = installs.browser.begin()
    query = installs.browser.allow(link)
    sandbox.inject_fault(kind, on=method)

    page = installs.browser.visit(REDIRECT_PATH, query, cookie)

    assert page.status in (401, 503)
    assert "Beagle was not installed" in page.page
    assert store.installations.get(TEAM) is None
