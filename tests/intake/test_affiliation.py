"""Whose workspace and whose company somebody belongs to, in all the words that Slack has for it."""

from __future__ import annotations

import pytest

from bot.intake.people import PeopleOfPayloads, installed_team
from bot.payloads import clicker
from router.types import SlackPerson
from workers.affiliation import Affiliation, affiliation

HERE, THERE = "T1", "T9"


@pytest.mark.parametrize(
    ("said", "home"),
    [
        ({"team": HERE}, ""),
        ({"team": THERE}, THERE),
        ({"team": THERE, "user_team": HERE, "source_team": HERE}, ""),
        ({"team": HERE, "user_team": "E9", "source_team": "E9"}, "E9"),
        ({"team": HERE, "user_team": "E9", "source_team": THERE}, THERE),
        ({"team": HERE, "user_profile": {"team": THERE}}, THERE),
        ({"team": HERE, "user_team": "E1"}, ""),
        ({"team_id": THERE}, THERE),
        ({"team_id": "E1"}, ""),
        ({}, "unknown"),
        ({"user_team": None, "team": ["T1"], "user_profile": "T1"}, "unknown"),
    ],
)
def test_an_author_is_at_home_only_where_slack_says_so(said, home):
    assert affiliation(said, HERE, own={"E1"}, shared=True).home == home


@pytest.mark.parametrize("flag", ["is_restricted", "is_ultra_restricted", "is_stranger"])
def test_a_guest_is_recognised_by_slack_s_flags(flag):
    assert affiliation({"team_id": HERE, flag: True}, HERE) == Affiliation(guest=True)
    assert affiliation({"team_id": HERE, flag: False}, HERE) == Affiliation()


def test_an_app_s_user_is_recognised():
    assert affiliation({"team_id": HERE, "is_bot": True}, HERE) == Affiliation(bot=True)


def test_a_colleague_of_the_organisation_is_no_guest_where_they_are_a_member():
    listed = {"enterprise_id": "E1", "teams": ["T2", HERE]}
    colleague = {"team_id": "T2", "enterprise_user": listed}
    assert affiliation(colleague, HERE) == Affiliation(teams=frozenset({"E1", "T2", HERE}))
    assert affiliation(colleague, "T3") == Affiliation("T2", guest=True, organisation="E1")


def test_somebody_of_another_organisation_has_the_workspace_that_slack_lists():
    listed = {"enterprise_id": "E9", "teams": [THERE]}
    person = affiliation({"team_id": "E9", "enterprise_user": listed}, HERE, shared=True)
    assert person == Affiliation(THERE, guest=True, organisation="E9")


def test_a_dialog_of_another_company_s_person_belongs_to_the_workspace_that_has_beagle(store):
    body = {
        "type": "view_submission",
        "team": {"id": THERE, "enterprise_id": "E9"},
        "enterprise": {"id": "E9"},
        "user": {"id": "U1", "team_id": "E9"},
        "view": {"app_installed_team_id": HERE, "team_id": THERE},
    }
    assert installed_team(body) == HERE

    PeopleOfPayloads(store.access)(body, lambda: None)

    # The dialog names the organisation of the workspace that they are in.
    assert clicker(body) == SlackPerson(HERE, "U1", THERE)


@pytest.mark.parametrize(
    ("user_team", "home"), [("T2", ""), ("E1", ""), (HERE, ""), (THERE, THERE), ("T3", "T3")]
)
def test_who_clicks_is_a_colleague_if_slack_listed_that_workspace_for_them(store, user_team, home):
    store.access.set_user(HERE, "U1", guest=False, teams=[HERE, "T2", "E1"])
    user = {"id": "U1", "team_id": user_team}
    body = {"type": "block_actions", "team": {"id": HERE, "enterprise_id": "E1"}, "user": user}

    PeopleOfPayloads(store.access)(body, lambda: None)

    assert clicker(body) == SlackPerson(HERE, "U1", home)


@pytest.mark.parametrize(("is_shared", "home"), [(False, ""), (True, "unknown")])
def test_who_clicks_in_a_shared_channel_without_a_workspace_is_not_at_home(store, is_shared, home):
    store.access.set_channel(HERE, "C1", at=1.0, public=True, shared=is_shared)
    place = {"team": {"id": HERE}, "channel": {"id": "C1"}}
    body = {"type": "message_action", "user": {"id": "U1"}, **place}

    PeopleOfPayloads(store.access)(body, lambda: None)

    assert clicker(body).home == home
