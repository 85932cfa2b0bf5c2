"""OAuth states: forged, late and used ones complete no install; asking for one stores nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from bot.install.pages import INSTALL_PATH, REDIRECT_PATH
from bot.install.states import STATE_SECONDS, OAuthStates
from router.store.base.workspace_tables import install_state

TEAM = "T0SANDBOX01"


def stored_states(store):
    with store.begin() as connection:
        return connection.execute(select(func.count()).select_from(install_state)).scalar_one()


@pytest.fixture
def states(store, clock):
    return OAuthStates(store.installations, "hush", clock)


def test_asking_for_the_install_page_stores_nothing(installs, store):
    pages = {installs.browser.begin() for _ in range(2_000)}

    assert len(pages) == 2_000
    assert stored_states(store) == 0


def test_a_state_completes_one_install(installs, store):
    browser = installs.browser
    cookie, link = browser.begin()
    state = cookie.partition("=")[2]
    assert browser.visit(REDIRECT_PATH, browser.allow(link), cookie).status == 200

    again = browser.visit(REDIRECT_PATH, f"code=x&state={state}", cookie)

    assert again.status == 401
    assert stored_states(store) == 1


def test_of_two_installs_with_one_state_at_once_one_is_completed(states):
    state = states.issue()

    assert states.consume(state)
    assert states.consume(state)
    assert [states.complete(state), states.complete(state)] == [True, False]


def test_a_used_state_is_refused_with_a_code_of_its_own(installs, store):
    """Both codes are Slack's, and both came back before either was exchanged."""
    browser = installs.browser
    cookie, link = browser.begin()
    first, second = browser.allow(link), browser.allow(link, user="mae")

    assert browser.visit(REDIRECT_PATH, first, cookie).status == 200
    assert browser.visit(REDIRECT_PATH, second, cookie).status == 401
    assert store.installations.get(TEAM).installer == "U0ADA000000"


def test_a_state_ends_after_ten_minutes(states, clock):
    state = states.issue()
    clock.forward(STATE_SECONDS - 1)
    assert states.consume(state)

    clock.forward(1)

    assert not states.consume(state)
    assert not states.complete(state)


def test_used_states_are_deleted_once_they_are_late(states, store, clock):
    for _ in range(5):
        states.complete(states.issue())
        clock.forward(STATE_SECONDS)

    assert stored_states(store) == 1


def test_another_secret_s_state_is_forged(states, store, clock):
    foreign = OAuthStates(store.installations, "another", clock).issue()

    assert not states.consume(foreign)


@pytest.mark.parametrize(
    "change",
    [
        lambda state: "",
        lambda state: "made-up",
        lambda state: state[:-1],
        lambda state: state + "0",
        lambda state: "9" + state,
        lambda state: state.replace(state[:2], "99", 1),
        lambda state: state.upper(),
        lambda state: f" {state}",
        lambda state: f"{state}\n",
        lambda state: "9" * 100_000,
        lambda state: re.sub(r"\..*\.", ".....", state),
    ],
)
def test_a_forged_state_is_refused(installs, states, change):
    forged = change(states.issue())

    assert not states.consume(forged)
    cookie = f"slack-app-oauth-state={forged}"
    page = installs.browser.visit(REDIRECT_PATH, f"code=x&state={forged}", cookie)
    assert page.status in (400, 401)


def test_a_browser_without_the_cookie_is_refused(installs):
    cookie, link = installs.browser.begin()
    other_cookie, _ = installs.browser.begin()
    query = installs.browser.allow(link)

    assert installs.browser.visit(REDIRECT_PATH, query).status == 400
    assert installs.browser.visit(REDIRECT_PATH, query, other_cookie).status == 400
    assert installs.browser.visit(REDIRECT_PATH, query, cookie).status == 200


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("error=access_denied", "access_denied"),
        ("error=Call+0900+now", "unknown"),
        ("error=%3Cscript%3Ealert(1)%3C/script%3E", "unknown"),
        ("state=%00&code=%ff", "invalid_browser"),
        ("", "invalid_browser"),
    ],
)
def test_a_failure_says_slack_s_reason_and_nothing_else_from_the_address(installs, query, shown):
    page = installs.browser.visit(REDIRECT_PATH, query)

    assert f"ended the install ({shown})" in page.page


def test_every_page_has_strict_headers(installs):
    pages = [
        installs.browser.visit(INSTALL_PATH),
        installs.browser.visit(REDIRECT_PATH, "error=x"),
        installs.browser.install("ada"),
    ]

    for page in pages:
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert "HttpOnly" in page.headers["set-cookie"]


def test_only_reading_methods_reach_the_pages(installs):
    for path in (INSTALL_PATH, REDIRECT_PATH):
        assert installs.browser.visit(path, method="POST").status == 405
