"""Slack Connect: people from another workspace keep their own workspace in a shared channel."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from bot.intake.requests import Intake
from bot.replies.streaming import AnswerStreams
from router.types import Viewer
from workers.runtime.person_limit import PersonLimit

ME = "UBEAGLE"


@pytest.fixture
def read(store, clock):
    ids = itertools.count(1)
    intake = Intake(store, ME, clock, lambda: f"id{next(ids)}", PersonLimit(0, clock))

    def read(authorized="T1", body_team="T9", **over):
        event = {
            "type": "app_mention",
            "user": "U1",
            "channel": "C1",
            "ts": "1.0",
            "text": f"<@{ME}> hello",
            **over,
        }

        body = {"type": "event_callback", "event_id": "Ev1", "team_id": body_team, "event": event}
        return intake.parse_request(
            body | {"authorizations": [{"team_id": authorized, "user_id": ME}]}
        )

    return read


def test_the_workspace_that_was_asked_is_the_one_that_the_event_was_sent_for(read):
    request = read(user_team="T9")
    assert (request.team, request.user_team) == ("T1", "T9")


@pytest.mark.parametrize("over", [{"user_team": "T1"}, {"source_team": "T1"}, {}])
def test_people_of_the_workspace_itself_are_at_home(read, over):
    assert read(**over).user_team == ""


def test_where_they_come_from_is_kept_with_the_request(read, store, clock):
    request = read(user_team="T9")
    store.requests.insert(request, clock())
    assert store.requests.get(request.id).user_team == "T9"


@pytest.mark.parametrize(("home", "told"), [("T9", "T9"), ("", "T1")])
def test_an_answer_streams_to_them_in_their_own_workspace(
    store, clock, make_request, make_decision, home, told
):
    calls = []

    slack = SimpleNamespace(
        chat_startStream=lambda **how: calls.append(how) or {"ts": "2.0"},
        chat_appendStream=lambda **how: None,
    )
    clients = SimpleNamespace(best_effort=slack)
    request = make_request(team="T1", user_team=home)
    store.requests.insert(request, clock())
    AnswerStreams(SimpleNamespace(for_team=lambda _: clients), store.replies, clock).append(
        request, make_decision(), "Hello there"
    )
    assert calls[0]["recipient_team_id"] == told


def test_the_same_id_in_two_workspaces_is_two_people(store, clock, make_request):
    store.opt_outs.add("T1", "U1", clock())
    assert not store.opt_outs.is_opted_out("T2", "U1")
    store.access.set_user("T1", "U1", guest=False)
    assert not store.access.is_known_user("T2", "U1")
    assert Viewer("T1", "U1", frozenset()) != Viewer("T2", "U1", frozenset())


def test_two_workspaces_may_share_a_channel_and_each_finds_its_own_request(
    store, clock, make_request
):
    for team in ("T1", "T2"):
        assert store.requests.insert(make_request(team=team, channel="C1", ts="5.0"), clock())

    found = {team: store.requests.find(team, "C1", "5.0").team for team in ("T1", "T2")}
    assert found == {"T1": "T1", "T2": "T2"}
    assert store.requests.find("T3", "C1", "5.0") is None
