"""Somebody of whom a mention names the organisation alone is the same person everywhere."""

from __future__ import annotations

import pytest

from bot.intake.foreign_homes import HomeLookup
from bot.sandbox.companies import Company, build_person
from router.types import SlackPerson
from tests.fixtures.delivery import sandbox
from tests.fixtures.slack_app import TEAM, deliver, slack_app
from workers.affiliation import Affiliation
from workers.fakes import MemoryDirectory

__all__ = ["deliver", "sandbox", "slack_app"]
USER, ORGANISATION, WORKSPACE = "W9", "E0OTHER", "T0OTHER0002"
CHANNEL = "C0SHARED001"


def mention(ts):
    home = {"user_team": ORGANISATION, "source_team": ORGANISATION, "team": TEAM}
    said = {"user": USER, "text": "<@U0BEAGLE001> the tide table", "channel": CHANNEL}
    return {"type": "app_mention", "ts": ts, "event_ts": ts, **said, **home}


def message(ts):
    said = {"user": USER, "text": "<@U0BEAGLE001> the tide table", "channel": CHANNEL}
    place = {"channel_type": "channel", "team": WORKSPACE}
    return {"type": "message", "ts": ts, "event_ts": ts, **said, **place}


MENTION = {"is_ext_shared_channel": True}
MESSAGE = {
    "is_ext_shared_channel": True,
    "team_id": WORKSPACE,
    "enterprise_id": ORGANISATION,
    "context_team_id": TEAM,
}


@pytest.mark.parametrize("mention_first", [True, False])
def test_of_the_two_events_of_a_mention_the_one_that_says_more_counts(
    deliver, store, mention_first
):
    events = [(mention("1700000001.000100"), MENTION), (message("1700000001.000100"), MESSAGE)]
    for event, envelope in events if mention_first else reversed(events):
        assert deliver(event, **envelope) == 200

    request = store.requests.find(TEAM, CHANNEL, "1700000001.000100")
    assert request.asker == SlackPerson(TEAM, USER, WORKSPACE)


def test_a_later_mention_is_theirs_at_once(deliver, store):
    deliver(message("1700000001.000100"), **MESSAGE)
    deliver(mention("1700000002.000100"), **MENTION)

    request = store.requests.find(TEAM, CHANNEL, "1700000002.000100")
    assert request.user_team == WORKSPACE


def test_an_app_that_hears_mentions_only_asks_slack(deliver, store, sandbox):
    company = Company(WORKSPACE, "Grid Partner", ORGANISATION)
    person = {**build_person("wilma", company), "id": USER}
    sandbox.call(lambda: sandbox.workspace.add_user(person))

    deliver(mention("1700000003.000100"), **MENTION)

    request = store.requests.find(TEAM, CHANNEL, "1700000003.000100")
    assert request.user_team == WORKSPACE


@pytest.mark.parametrize(
    "found",
    [
        None,
        Affiliation(ORGANISATION, guest=True, organisation=ORGANISATION),
        Affiliation("T0OTHER0009", guest=True, organisation="E0THIRD"),
        Affiliation(),
    ],
    ids=["silent", "the organisation alone", "another organisation's", "a colleague's"],
)
def test_where_slack_does_not_say_it_nothing_is_guessed(store, clock, make_request, found):
    directory = MemoryDirectory()
    directory.down = found is None
    directory.people = directory.people if found is None else lambda *_: {USER: found}
    request = make_request(team=TEAM, user=USER, user_team=ORGANISATION)

    assert HomeLookup(store.access, directory).complete(request) == request


def test_slack_is_not_asked_about_anybody_else(store, make_request):
    directory = MemoryDirectory()
    lookup = HomeLookup(store.access, directory)
    for home in ("", WORKSPACE, "unknown"):
        request = make_request(team=TEAM, user=USER, user_team=home)
        assert lookup.complete(request) is request

    assert directory.lookups == []


def test_a_mention_does_not_place_a_colleague_of_a_sister_workspace_here(deliver, store):
    ours = {"enterprise_id": "E0OURS", "team_id": TEAM, "user_id": "U0BEAGLE001", "is_bot": True}
    named = {"user_team": "E0OURS", "source_team": "E0OURS"}
    envelope = {"enterprise_id": "E0OURS", "authorizations": [ours]}
    deliver({**mention("1700000004.000100"), **named, "user": "W2"}, **envelope)
    said = {**message("1700000004.000100"), "user": "W2", "team": "T0OURS00002"}
    deliver(said, **envelope, team_id="T0OURS00002")

    request = store.requests.find(TEAM, CHANNEL, "1700000004.000100")
    assert request.asker == SlackPerson(TEAM, "W2")
    assert store.access.foreign_homes.organisation_of(TEAM, "T0OURS00002") == "E0OURS"
    assert store.access.foreign_homes.organisation_of(TEAM, TEAM) == ""
