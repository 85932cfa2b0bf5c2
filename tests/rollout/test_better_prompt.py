"""A better prompt found by the optimiser goes through shadow and canary like any version."""

from __future__ import annotations

import dataclasses

import pytest

from bot.admins import Admins
from bot.weekly.candidate_click import CandidateClicks
from bot.weekly.rollout_actions import RolloutActions
from router.candidate_evidence import CandidateEvidence
from router.lifecycle import SYSTEM
from router.lifecycle_evidence import ApprovalEvidence
from router.store.versions.shadow_runs import ShadowRun
from router.types import Candidate, Decision, Outcome, Request
from tests.fixtures.rule_model import RuleModel, make_context, make_route
from workers.jobs import advance
from workers.rollout import candidate as rollout_candidate

KEY = "T1:c1"


class PromptRollout:
    """An approved candidate of a route whose prompt can be made better."""

    def __init__(self, folder, model, **settings) -> None:
        self.context = make_context(folder, model, admins=("UADA",), **settings)
        self.store = self.context.store
        self.live = make_route(self.context, folder).version
        self.store.candidates.upsert(
            Candidate(
                KEY, "T1", "boxes", "d", "digested", route="boxes", evidence=CandidateEvidence()
            ),
            1.0,
        )

        self.store.candidates.advance(KEY, ApprovalEvidence(), actor="UADA", at=2.0, version=0)
        admins = Admins(self.context.settings, self.store.audit, self.context.now)
        clicks = CandidateClicks(self.store, self.context.queue, admins, self.context.now)
        self.actions = RolloutActions(self.context.settings, self.store, clicks, self.context.now)
        self.notices = []

    @property
    def candidate(self):
        return self.store.candidates.get(KEY)

    def run_step(self):
        for _ in range(4):
            advance.run(self.context, KEY)

        return self.candidate.state

    def add_answers(self, version, step):
        """Stores answers of that version to twenty people."""
        for number in range(20):
            key = f"s{step}n{number}"
            asked = Request(
                key, "T1", "C1", f"U{number}", f"{key}.0", f"E{key}", f"put {key} away", 1.0
            )
            self.store.requests.insert(asked, 1.0)
            self.store.decisions.insert_first(
                key, Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", version), 1.0
            )
            outcome = Outcome("t", {"box": "left"}, route="boxes", version=version, seconds=1.0)
            self.store.decisions.insert_outcome(key, 0, outcome, self.context.now() + 1)

        self.context.now.time += 2

    def press(self, user="UADA", act=None):
        value = f'{{"candidate": "{KEY}", "version": {self.candidate.version}}}'
        body = {"team": {"id": "T1"}, "user": {"id": user}}
        (act or self.actions.start_shadow)(
            lambda **_: None,
            {"value": value},
            body,
            lambda **said: self.notices.append(said["text"]),
            None,
        )


@pytest.fixture
def make_prompt_rollout(tmp_path):
    made = []

    def make(model, **settings):
        made.append(PromptRollout(tmp_path, model, **settings))
        return made[-1]

    yield make
    for rollout in made:
        rollout.store.close()


def test_a_better_prompt_that_reaches_the_target_waits_for_a_person_and_then_runs_in_shadow(
    make_prompt_rollout,
):
    rollout = make_prompt_rollout(RuleModel())
    assert rollout.run_step() == "kept_prompt"
    better = rollout_candidate.last_evidence(rollout.context, rollout.candidate).version
    assert better != rollout.live.id
    assert rollout.store.versions.shadow_version("T1", "boxes") is None
    assert rollout.store.versions.live("T1", "boxes").id == rollout.live.id

    rollout.press()

    assert rollout.candidate.state == "shadow"
    assert rollout.store.versions.shadow_version("T1", "boxes").id == better
    assert rollout.store.versions.version_for_user("T1", "boxes", "U1").id == rollout.live.id
    assert rollout.store.candidates.history(KEY)[-1].actor == "UADA"


def test_nobody_but_an_admin_sends_it_there(make_prompt_rollout):
    rollout = make_prompt_rollout(RuleModel())
    rollout.run_step()
    rollout.press(user="UBOB")
    assert rollout.candidate.state == "kept_prompt"


def test_a_live_prompt_that_is_good_enough_is_kept_and_nothing_is_offered(make_prompt_rollout):
    rollout = make_prompt_rollout(RuleModel(), ready_prompt_target=0.3, optimise_calls=24)
    assert rollout.run_step() == "kept_prompt"
    assert rollout_candidate.last_evidence(rollout.context, rollout.candidate).version is None
    rollout.press()
    assert rollout.candidate.state == "kept_prompt"


def test_each_attempt_is_listed_with_its_cost(make_prompt_rollout):
    rollout = make_prompt_rollout(RuleModel(copies=False))
    rollout.run_step()
    edges = rollout.store.candidates.history(KEY)
    told = next(edge.evidence for edge in edges if edge.after == "optimised")
    assert told.dev_accuracy["live"] == pytest.approx(1 / 3)
    assert "not rewritten" in told.notes
    assert told.spend["calls"] == len(rollout.context.model.calls)
    assert all(edge.actor == SYSTEM for edge in edges if edge.after not in ("approved",))


def test_it_goes_live_step_by_step_like_every_version_and_comes_back_the_same_way(
    make_prompt_rollout,
):
    rollout = make_prompt_rollout(RuleModel(), shadow_min_requests=1, canary_min_requests=20)
    rollout.run_step()
    rollout.press()
    better = rollout_candidate.last_evidence(rollout.context, rollout.candidate).version
    rollout.add_answers(rollout.live.id, 9)
    now = rollout.context.now()
    rollout.store.shadow_runs.insert(ShadowRun("s9n0", better, "boxes", 1.0, True, 0.0, 1.0, now))
    rollout.press(act=rollout.actions.start_canary)
    assert rollout.candidate.state == "canary"
    people = [f"U{number}" for number in range(200)]
    shares = []

    for step in range(3):
        shares.append(
            sum(
                rollout.store.versions.version_for_user("T1", "boxes", one).id == better
                for one in people
            )
            / len(people)
        )
        rollout.add_answers(better, step)
        rollout.run_step()

    assert shares[0] < shares[1] < shares[2] == 1.0
    assert (rollout.candidate.state, rollout.store.versions.live("T1", "boxes").id) == (
        "live",
        better,
    )

    rollout.press(act=rollout.actions.roll_back)
    assert (rollout.candidate.state, rollout.store.versions.live("T1", "boxes").id) == (
        "rolled_back",
        rollout.live.id,
    )


def test_a_canary_step_in_which_nobody_asks_ends_by_its_evaluation_after_a_week(
    make_prompt_rollout,
):
    rollout = make_prompt_rollout(
        RuleModel(), shadow_min_requests=1, canary_min_requests=20, canary_hours=48.0
    )
    rollout.run_step()
    rollout.press()
    better = rollout_candidate.last_evidence(rollout.context, rollout.candidate).version
    rollout.add_answers(rollout.live.id, 9)
    now = rollout.context.now()
    rollout.store.shadow_runs.insert(ShadowRun("s9n0", better, "boxes", 1.0, True, 0.0, 1.0, now))
    rollout.press(act=rollout.actions.start_canary)

    def share():
        return rollout_candidate.last_evidence(rollout.context, rollout.candidate).share

    first = share()
    rollout.run_step()
    assert share() == first

    later = rollout.context.now() + 49 * 3600
    rollout.context = dataclasses.replace(rollout.context, now=lambda: later)
    rollout.run_step()
    assert share() > first
    # Each step has the whole time again.
    second = share()
    rollout.run_step()
    assert share() == second
