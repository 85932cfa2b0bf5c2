"""A click on a candidate counts for admins only, counts once, and is acknowledged."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.admins import Admins
from bot.ui.texts import common, weekly
from bot.weekly.candidate_click import CandidateClicks
from router.candidate_evidence import CandidateEvidence
from router.config import Settings
from router.lifecycle import STATES
from router.lifecycle_evidence import RejectionEvidence
from router.types import Candidate
from tests.fixtures.slack_client import FakeSlackClient
from workers.fakes import MemoryQueue
from workers.readiness.gates import GateName, Recommendation

KEY = "T1:c1"


class Clicks:
    """Clicks as a person and keeps the replies."""

    def __init__(self, store, clock) -> None:
        settings = Settings(_env_file=None, admins=("UADA",))
        admins = Admins(settings, store.audit, clock)
        self.clicks = CandidateClicks(store, MemoryQueue({}), admins, clock)
        self.slack, self.replies, self.acks = FakeSlackClient(), [], []

    def button(self, user="UADA", team="T1", version=0, **body):
        value = f'{{"candidate": "{KEY}", "version": {version}}}'
        body |= {"user": {"id": user}, "team": {"id": team}, "trigger_id": "t"}
        respond = lambda **reply: self.replies.append(reply["text"])  # noqa: E731

        return self.clicks.on_button("rollout", {"value": value}, body, respond, self.slack)

    def dialog(self, user="UADA"):
        view = {"private_metadata": f'{{"candidate": "{KEY}", "version": 0}}'}
        body = {"user": {"id": user}, "team": {"id": "T1"}, "view": view}

        return self.clicks.on_dialog("drift", self.ack, body, view, "why")

    def ack(self, **answer):
        self.acks.append(answer)


@pytest.fixture
def clicks(store, clock):
    candidate = Candidate(KEY, "T1", "boxes", "d", "digested", evidence=CandidateEvidence())
    store.candidates.upsert(candidate, 1.0)

    return Clicks(store, clock)


def test_under_a_message_the_reply_is_for_the_person_alone(clicks):
    assert clicks.button(user="UBOB").resolve() is None

    assert clicks.replies == [common.ADMINS_ONLY]
    assert not clicks.slack.views


def test_in_the_home_the_reply_is_a_dialog(clicks):
    assert clicks.button(user="UBOB", view={"type": "home"}).resolve() is None

    assert common.ADMINS_ONLY in str(clicks.slack.views)
    assert not clicks.replies


def test_in_a_dialog_the_problem_is_at_its_question(clicks):
    assert clicks.dialog(user="UBOB").resolve() is None

    assert clicks.acks == [{"response_action": "errors", "errors": {"why": common.ADMINS_ONLY}}]


@pytest.mark.parametrize("over", [{"team": "T2"}, {"version": 7}])
def test_another_workspace_and_an_old_button_get_the_notice_that_it_has_changed(clicks, over):
    assert clicks.button(**over).resolve() is None

    assert clicks.replies == [weekly.CANDIDATE_CHANGED]


def test_the_second_of_two_clicks_is_late(clicks, store):
    first, second = clicks.button(), clicks.button()
    seen, also_seen = first.resolve(), second.resolve()

    assert first.advance(seen, RejectionEvidence(), "Done.").state == "rejected"
    assert second.advance(also_seen, RejectionEvidence(), "Done.") is None

    assert clicks.replies == ["Done.", weekly.CANDIDATE_CHANGED]
    acts = [(act.action, act.outcome) for act in store.audit.for_subject("T1", KEY)]
    assert acts == [("rollout_rejected", "applied"), ("rollout_rejected", "late")]


def test_every_state_gate_and_recommendation_has_words():
    assert set(weekly.STATES) == set(STATES)
    assert set(weekly.GATES) == set(get_args(GateName))
    assert set(weekly.ADVICE) == set(get_args(Recommendation))
