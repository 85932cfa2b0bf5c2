"""Nothing of one workspace reaches another with the same ids, and a planted leak is found."""

from __future__ import annotations

import pytest

from bot.intake.requests import Intake
from bot.routing.channel_usage import ChannelUsage
from evals.bench.tenancy.crossings import run_actions
from evals.bench.tenancy.plan import TEAMS, WEIGHTS, draw_actions
from router.store.privacy.personal_data import PersonalData
from router.store.requests.labels import Labels

ACTIONS = 120


@pytest.mark.parametrize("seed", [1])
def test_nothing_crosses(seed, tmp_path):
    found = run_actions(draw_actions(ACTIONS, seed), tmp_path)

    assert found.examples == []
    assert found.actions == ACTIONS


def test_the_draw_has_every_action_in_both_workspaces_at_the_same_message_times():
    actions = list(draw_actions(2_000, 1))

    assert {action.name for action in actions} == set(WEIGHTS)
    times = {team: {action.ts for action in actions if action.team == team} for team in TEAMS}
    assert len(times["T1"] & times["T2"]) > 100
    assert any(action.forged for action in actions)


def share_labels(patch):
    read = Labels.all
    patch.setattr(
        Labels, "all", lambda self, team: [one for each in TEAMS for one in read(self, each)]
    )


def share_usage(patch):
    count = ChannelUsage.route_counts
    patch.setattr(
        ChannelUsage, "route_counts", lambda self, team, channel: count(self, "T1", channel)
    )


def share_forgetting(patch):
    erase = PersonalData.erase_user

    def erase_everywhere(self, team, user, *rest):
        erase(self, next(other for other in TEAMS if other != team), user, *rest)
        return erase(self, team, user, *rest)

    patch.setattr(PersonalData, "erase_user", erase_everywhere)


def share_event_numbers(patch):
    parse = Intake.parse_request

    def without_team(self, body):
        request = parse(self, body)
        if request is not None:
            object.__setattr__(request, "event_id", request.event_id.split(":")[-1])
        return request

    patch.setattr(Intake, "parse_request", without_team)


@pytest.mark.parametrize(
    ("leak", "kinds", "actions"),
    [
        (share_labels, {"ask", "why", "command"}, 100),
        (share_usage, {"ask"}, 100),
        (share_forgetting, {"rows of request"}, 250),
        (share_event_numbers, {"ask"}, 50),
    ],
)
def test_a_planted_leak_is_found(leak, kinds, actions, tmp_path, monkeypatch):
    leak(monkeypatch)

    found = run_actions(draw_actions(actions, 1), tmp_path)

    assert kinds & found.by_kind.keys()
