"""A better prompt found by the optimiser goes through shadow and canary like any version."""

from __future__ import annotations

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
from workers.rollout import candidate as standing

KEY = "T1:c1"


class Way:
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
        self.parts = RolloutActions(self.context.settings, self.store, clicks, self.context.now)
        self.told = []

    @property
    def one(self):
        return self.store.candidates.get(KEY)

    def go(self):
        for _ in range(4):
            advance.run(self.context, KEY)

        return self.one.state

    def answered(self, version, step):
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
        value = f'{{"candidate": "{KEY}", "version": {self.one.version}}}'
        body = {"team": {"id": "T1"}, "user": {"id": user}}
        (act or self.parts.start_shadow)(
            lambda **_: None,
            {"value": value},
            body,
            lambda **said: self.told.append(said["text"]),
            None,
        )


@pytest.fixture
def make_way(tmp_path):
    made = []

    def make(model, **settings):
        made.append(Way(tmp_path, model, **settings))
        return made[-1]

    yield make
    for way in made:
        way.store.close()


def test_a_better_prompt_that_reaches_the_target_waits_for_a_person_and_then_runs_in_shadow(
    make_way,
):
    way = make_way(RuleModel())
    assert way.go() == "kept_prompt"
    better = standing.last_evidence(way.context, way.one).version
    assert better != way.live.id
    assert way.store.versions.shadow_version("boxes") is None
    assert way.store.versions.live("boxes").id == way.live.id

    way.press()

    assert way.one.state == "shadow"
    assert way.store.versions.shadow_version("boxes").id == better
    assert way.store.versions.version_for_user("boxes", "U1").id == way.live.id
    assert way.store.candidates.history(KEY)[-1].actor == "UADA"


def test_nobody_but_an_admin_sends_it_there(make_way):
    way = make_way(RuleModel())
    way.go()
    way.press(user="UBOB")
    assert way.one.state == "kept_prompt"


def test_a_live_prompt_that_is_good_enough_is_kept_and_nothing_is_offered(make_way):
    way = make_way(RuleModel(), ready_prompt_target=0.3, optimise_calls=24)
    assert way.go() == "kept_prompt"
    assert standing.last_evidence(way.context, way.one).version is None
    way.press()
    assert way.one.state == "kept_prompt"


def test_each_way_that_was_tried_is_told_with_what_it_cost(make_way):
    way = make_way(RuleModel(copies=False))
    way.go()
    edges = way.store.candidates.history(KEY)
    told = next(edge.evidence for edge in edges if edge.after == "optimised")
    assert told.dev_accuracy["live"] == pytest.approx(1 / 3)
    assert "not rewritten" in told.notes
    assert told.spend["calls"] == len(way.context.model.calls)
    assert all(edge.actor == SYSTEM for edge in edges if edge.after not in ("approved",))


def test_it_goes_live_step_by_step_like_every_version_and_comes_back_the_same_way(make_way):
    way = make_way(RuleModel(), shadow_min_requests=1, canary_min_requests=20)
    way.go()
    way.press()
    better = standing.last_evidence(way.context, way.one).version
    way.answered(way.live.id, 9)
    way.store.shadow_runs.insert(ShadowRun("s9n0", better, "boxes", 1.0, True, 0.0, 1.0, 1.0))
    way.press(act=way.parts.start_canary)
    assert way.one.state == "canary"
    people = [f"U{number}" for number in range(200)]
    shares = []

    for step in range(3):
        shares.append(
            sum(way.store.versions.version_for_user("boxes", one).id == better for one in people)
            / len(people)
        )
        way.answered(better, step)
        way.go()

    assert shares[0] < shares[1] < shares[2] == 1.0
    assert (way.one.state, way.store.versions.live("boxes").id) == ("live", better)

    way.press(act=way.parts.roll_back)
    assert (way.one.state, way.store.versions.live("boxes").id) == ("rolled_back", way.live.id)
