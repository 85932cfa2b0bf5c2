"""Tokens of workspaces: sealed to their workspace, and moved to a new key without a new install."""

from __future__ import annotations

import json

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import update

from bot.install.pages import INSTALL_PATH
from bot.transport.oauth import authorize
from router.errors import SettingsError
from router.store.base.workspace_tables import installation
from router.store.workspace.installations import StoredInstallation
from tests.install.conftest import KEY

TEAM, OTHER = "T0SANDBOX01", "T0OTHER0001"
NEW = Fernet.generate_key().decode()


def copy_row(store, source, target):
    row = store.installations.get(source)
    store.installations.save(StoredInstallation(target, "UEVE", row.sealed, row.at))


def test_a_row_that_is_copied_to_another_workspace_does_not_open(installs, store):
    installs.browser.install("ada")

    copy_row(store, TEAM, OTHER)

    with pytest.raises(SettingsError, match="another workspace's"):
        installs.rows.token(OTHER)
    with pytest.raises(SettingsError, match="another workspace's"):
        authorize(installs.rows)(None, OTHER)
    assert installs.rows.token(TEAM)


def test_a_row_of_the_last_release_opens_for_its_own_workspace_only(installs, store):
    """It was sealed without the field that names its workspace."""
    installs.browser.install("ada")
    values = json.loads(Fernet(KEY).decrypt(store.installations.get(TEAM).sealed.encode()))
    del values["sealed_for"]
    old = Fernet(KEY).encrypt(json.dumps(values).encode()).decode()
    with store.begin() as connection:
        connection.execute(update(installation).values(sealed=old))

    copy_row(store, TEAM, OTHER)

    assert installs.rows.token(TEAM)
    with pytest.raises(SettingsError, match="another workspace's"):
        installs.rows.token(OTHER)


def test_a_new_key_beside_the_old_one_opens_every_token(make_installs):
    make_installs().browser.install("ada")

    both = make_installs(token_key=f"{NEW},{KEY}")

    assert both.rows.token(TEAM)
    assert both.rows.count_old_seals() == 1


def test_after_they_were_resealed_the_old_key_is_not_needed(make_installs):
    make_installs().browser.install("ada")
    both = make_installs(token_key=f"{NEW}, {KEY}")

    assert both.rows.reseal() == 1

    assert both.rows.count_old_seals() == 0
    assert both.rows.reseal() == 0
    only_new = make_installs(token_key=NEW)
    assert only_new.rows.token(TEAM)
    assert only_new.rows.installer(TEAM) == "U0ADA000000"
    with pytest.raises(SettingsError, match="BEAGLE_TOKEN_KEY"):
        make_installs().rows.token(TEAM)


def test_a_row_that_no_key_opens_does_not_keep_the_others_from_being_resealed(make_installs, store):
    make_installs().browser.install("ada")
    store.installations.save(StoredInstallation("T0AAA", "UEVE", "nonsense", 1.0))
    copy_row(store, TEAM, OTHER)

    assert make_installs(token_key=f"{NEW},{KEY}").rows.reseal() == 1
    assert make_installs(token_key=NEW).rows.token(TEAM)


def test_resealing_does_not_overwrite_a_token_that_came_meanwhile(installs, store):
    installs.browser.install("ada")
    old = store.installations.get(TEAM).sealed
    installs.browser.install("ada")
    fresh = store.installations.get(TEAM).sealed

    assert not store.installations.replace_token(TEAM, old, "older")
    assert store.installations.get(TEAM).sealed == fresh


def test_an_exchanged_token_brings_no_workspace_back(installs, store):
    installs.browser.install("ada", rotates="1")
    bot = installs.rows.find_bot(enterprise_id=None, team_id=TEAM)
    store.personal_data.delete_team(TEAM)

    installs.rows.save_bot(bot)

    assert store.installations.get(TEAM) is None


@pytest.mark.parametrize(
    "keys",
    ["", "short", f"{KEY},", f"{KEY},short"],
    # The key is drawn anew in each test process, and a test has one name in all of them.
    ids=["none", "short", "then-none", "then-short"],
)
def test_a_wrong_key_stops_the_start_and_is_not_repeated(make_installs, keys):
    with pytest.raises(SettingsError, match="Fernet") as refused:
        make_installs(token_key=keys)

    assert KEY not in str(refused.value)


def test_the_install_page_works_while_a_workspace_s_row_does_not_open(installs, store):
    store.installations.save(StoredInstallation(TEAM, "UEVE", "nonsense", 1.0))

    assert installs.browser.visit(INSTALL_PATH).status == 200
    assert installs.browser.install("ada").status == 200
    assert installs.rows.token(TEAM)
