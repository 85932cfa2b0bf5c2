"""A rollout goes to live and back, even when its process is killed on the way."""

from __future__ import annotations

import dataclasses
import random

import pytest

from router.store.versions.shadow_runs import ShadowRun
from workers.jobs import advance
from workers.rollout import candidate as rollout_candidate
from workers.rollout.approval import approval_of


def test_a_candidate_waits_for_a_review_and_nothing_unreviewed_is_learnt(rollout):
    rollout.run_until_waiting()
    assert rollout.state == "dataset"
    assert not (rollout.context.settings.data / "training").exists()
    assert rollout.serving_versions() == {rollout.live.id}


def test_where_no_model_may_be_trained_the_prompt_is_kept_and_no_dataset_is_made(rollout):
    one = rollout.store.candidates.get("T1:c1")
    rollout.set_state("digested", "UADA")
    rollout.set_state(
        "approved", "UADA", consent=True, budget_usd=3.0, base="none", reason="prompt only"
    )
    assert approval_of(rollout.store, one.id).budget_usd == 3.0
    rollout.run_until_waiting()
    assert rollout.state == "kept_prompt"
    assert rollout.store.datasets.newest_for_candidate("T1", "T1:c1") is None


def test_after_the_review_it_is_trained_proved_and_tried_where_nobody_sees_it(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    assert rollout.state == "shadow"
    report = rollout.store.datasets.newest_report("T1", "boxes", rollout.trained_version())
    assert report.body["passed"]
    assert report.body["figures"]["new"]["accuracy"] == 1.0
    assert report.body["kinds"]["new"] == "tuned"
    assert rollout.serving_versions() == {rollout.live.id}


def test_it_is_promoted_step_by_step_until_it_is_live(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    version = rollout.start_canary()
    assert rollout.serving_versions() == {rollout.live.id, version}
    shares = []

    for step in range(4):
        rollout.run_until_waiting()
        stored = rollout.store.versions.get("T1", "boxes", version)
        shares.append((rollout.state, stored.rollout_share))

        for n in range(20):
            rollout.add_request(100 * (step + 1) + n, version)

        rollout.clock.time += 2.0

    assert shares == [("canary", 0.05), ("canary", 0.25), ("canary", 1.0), ("live", 0.0)]
    assert stored.origin == "rollout"
    assert rollout.serving_versions() == {version}


def test_a_version_that_is_corrected_more_is_taken_back_by_itself(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    version = rollout.start_canary()

    for n in range(20):
        rollout.add_request(100 + n, version, corrected=n < 4)

    rollout.run_until_waiting()
    assert rollout.state == "rolled_back"
    assert (
        "corrected"
        in rollout_candidate.last_edge(
            rollout.context, rollout.store.candidates.get("T1:c1")
        ).evidence.explanation
    )
    assert rollout.serving_versions() == {rollout.live.id}


def test_a_version_that_breaks_its_shape_in_shadow_is_taken_back(rollout):
    rollout.context = dataclasses.replace(
        rollout.context,
        settings=rollout.context.settings.model_copy(update={"shadow_min_requests": 10}),
    )
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    version, tried_at = rollout.trained_version(), rollout.clock.time

    for n in range(10):
        rollout.store.shadow_runs.insert(
            ShadowRun(f"q{rollout.live.id}{n}", version, "boxes", 0.0, n > 1, 0.0, 1.0, tried_at)
        )

    rollout.run_until_waiting()
    assert rollout.state == "rolled_back"


def test_too_few_people_make_no_dataset(rollout):
    rollout.context = dataclasses.replace(
        rollout.context, settings=rollout.context.settings.model_copy(update={"mine_min_people": 9})
    )
    rollout.run_until_waiting()
    assert rollout.state == "optimised"
    assert rollout.store.datasets.newest_for_candidate("T1", "T1:c1") is None


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 25))]
)
def test_killed_anywhere_the_rollout_resumes_and_no_half_promoted_version_answers(
    make_rollout, tmp_path, seed
):
    """Four kills in each run: a hundred in all."""
    rollout = make_rollout(tmp_path)
    chance = random.Random(seed)
    kills, version = 0, None

    for _ in range(60):
        rollout.clock.reads_left = chance.randrange(6) if kills < 4 else None
        try:
            advance.run(rollout.context, "T1:c1", rollout.trainer)
        except rollout.killed:
            kills += 1

        rollout.clock.reads_left = None
        answering = rollout.serving_versions()

        if version is None:
            assert answering == {rollout.live.id}
        else:
            assert answering <= {rollout.live.id, version}

        if rollout.state == "dataset":
            rollout.accept_dataset()
        elif rollout.state == "shadow":
            version = rollout.start_canary()
        elif rollout.state == "canary":
            for n in range(20):
                rollout.add_request(10_000 + 100 * _ + n, version)

            rollout.clock.time += 2.0
        elif rollout.state == "live":
            advance.run(rollout.context, "T1:c1", rollout.trainer)
            break

    assert rollout.state == "live"
    assert kills == 4
    assert rollout.serving_versions() == {version}
    rollout.store.close()
