"""Who counts as an admin of a workspace."""

from __future__ import annotations

import pytest

from bot.admins import MAX_REFUSALS, Admins
from router.config import Settings
from router.types import SlackPerson


@pytest.fixture
def settings():
    return Settings(_env_file=None, admins=("UADA",))


def test_the_admins_of_the_settings_and_the_installer_are_admins(settings, store, clock):
    installers = {"T1": "UGRACE"}
    admins = Admins(settings, store.audit, clock, lambda team: installers.get(team, ""))

    assert admins.includes(SlackPerson("T1", "UADA"))
    assert admins.includes(SlackPerson("T1", "UGRACE"))
    assert not admins.includes(SlackPerson("T2", "UGRACE"))
    assert not admins.includes(SlackPerson("T1", "UEVE"))


def test_a_person_without_an_id_is_no_admin_where_nobody_installed_beagle(settings, store, clock):
    admins = Admins(settings, store.audit, clock)

    assert not admins.includes(SlackPerson("T1", ""))


def test_an_admin_who_is_named_with_a_workspace_is_one_there_only(store, clock):
    named = Settings(_env_file=None, admins="T1:UADA, T2:UEVE", SLACK_CLIENT_ID="1.2")
    admins = Admins(named, store.audit, clock)

    assert admins.includes(SlackPerson("T1", "UADA"))
    assert admins.includes(SlackPerson("T2", "UEVE"))
    assert not admins.includes(SlackPerson("T2", "UADA"))
    assert not admins.includes(SlackPerson("T1", "UEVE"))
    assert not admins.includes(SlackPerson("", "UADA"))


def test_somebody_who_keeps_pressing_does_not_fill_the_audit_log(settings, store, clock):
    admins = Admins(settings, store.audit, clock)
    for _ in range(1_000):
        admins.record(("T1", "UEVE"), "candidate", "c1", "refused")

    admins.record(("T1", "UMAE"), "candidate", "c1", "refused")
    admins.record(("T2", "UEVE"), "candidate", "c1", "refused")
    rows = store.audit.for_subject("T1", "c1")
    assert [row.user for row in rows] == ["UEVE"] * MAX_REFUSALS + ["UMAE"]
    assert len(store.audit.for_subject("T2", "c1")) == 1

    clock.forward(3_600)
    admins.record(("T1", "UEVE"), "candidate", "c1", "refused")
    assert len(store.audit.for_subject("T1", "c1")) == MAX_REFUSALS + 2


def test_what_was_applied_is_always_recorded(settings, store, clock):
    admins = Admins(settings, store.audit, clock)
    for _ in range(50):
        admins.record(("T1", "UADA"), "candidate", "c1", "applied")
        admins.record(("T1", "UADA"), "candidate", "c1", "late")

    assert len(store.audit.for_subject("T1", "c1")) == 100


def test_nobody_of_another_workspace_is_an_admin(settings, store, clock):
    admins = Admins(settings, store.audit, clock, lambda _team: "UGRACE")

    assert not admins.includes(SlackPerson("T1", "UADA", "T9"))
    assert not admins.includes(SlackPerson("T1", "UGRACE", "T9"))
