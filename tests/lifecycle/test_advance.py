"""An approved candidate walks to a live version and back, whatever is killed on the way."""

from __future__ import annotations

import dataclasses
import random

import pytest

from router.store.versions.shadow_runs import ShadowRun
from workers.jobs import advance
from workers.rollout import candidate as standing
from workers.rollout.approval import approval_of


def test_a_candidate_waits_for_a_review_and_nothing_unreviewed_is_learnt(road):
    road.go()
    assert road.state == "dataset"
    assert not (road.context.settings.data / "training").exists()
    assert road.answers() == {road.live.id}


def test_where_no_model_may_be_trained_the_prompt_is_kept_and_no_dataset_is_made(road):
    one = road.store.candidates.get("T1:c1")
    road.take("digested", "UADA")
    road.take("approved", "UADA", consent=True, budget_usd=3.0, base="none", reason="prompt only")
    assert approval_of(road.store, one.id).budget_usd == 3.0
    road.go()
    assert road.state == "kept_prompt"
    assert road.store.datasets.newest_for_candidate("T1:c1") is None


def test_after_the_review_it_is_trained_proved_and_tried_where_nobody_sees_it(road):
    road.go()
    road.review()
    road.go()
    assert road.state == "shadow"
    report = road.store.datasets.newest_report("boxes", road.made())
    assert report.body["passed"]
    assert report.body["figures"]["new"]["accuracy"] == 1.0
    assert report.body["kinds"]["new"] == "tuned"
    assert road.answers() == {road.live.id}


def test_it_is_let_in_step_by_step_until_it_is_live(road):
    road.go()
    road.review()
    road.go()
    version = road.let_in()
    assert road.answers() == {road.live.id, version}
    shares = []

    for step in range(4):
        road.go()
        stored = road.store.versions.get("boxes", version)
        shares.append((road.state, stored.rollout_share))

        for n in range(20):
            road.ask(100 * (step + 1) + n, version)

        road.clock.time += 2.0

    assert shares == [("canary", 0.05), ("canary", 0.25), ("canary", 1.0), ("live", 0.0)]
    assert stored.origin == "rollout"
    assert road.answers() == {version}


def test_a_version_that_is_corrected_more_is_taken_back_by_itself(road):
    road.go()
    road.review()
    road.go()
    version = road.let_in()

    for n in range(20):
        road.ask(100 + n, version, corrected=n < 4)

    road.go()
    assert road.state == "rolled_back"
    assert (
        "corrected"
        in standing.last_edge(road.context, road.store.candidates.get("T1:c1")).evidence.explanation
    )
    assert road.answers() == {road.live.id}


def test_a_version_that_breaks_its_shape_in_shadow_is_taken_back(road):
    road.context = dataclasses.replace(
        road.context, settings=road.context.settings.model_copy(update={"shadow_min_requests": 10})
    )
    road.go()
    road.review()
    road.go()
    version = road.made()

    for n in range(10):
        road.store.shadow_runs.insert(
            ShadowRun(f"q{road.live.id}{n}", version, "boxes", 0.0, n > 1, 0.0, 1.0, 1.0)
        )

    road.go()
    assert road.state == "rolled_back"


def test_too_few_people_make_no_dataset(road):
    road.context = dataclasses.replace(
        road.context, settings=road.context.settings.model_copy(update={"mine_min_people": 9})
    )
    road.go()
    assert road.state == "optimised"
    assert road.store.datasets.newest_for_candidate("T1:c1") is None


@pytest.mark.parametrize(
    "seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.chaos) for seed in range(2, 25))]
)
def test_killed_anywhere_it_goes_on_and_no_half_promoted_version_answers(make_road, tmp_path, seed):
    """Four kills in each run: a hundred in all."""
    road = make_road(tmp_path)
    chance = random.Random(seed)
    kills, version = 0, None

    for _ in range(60):
        road.clock.looks = chance.randrange(6) if kills < 4 else None
        try:
            advance.run(road.context, "T1:c1", road.trainer)
        except road.killed:
            kills += 1

        road.clock.looks = None
        answering = road.answers()

        if version is None:
            assert answering == {road.live.id}
        else:
            assert answering <= {road.live.id, version}

        if road.state == "dataset":
            road.review()
        elif road.state == "shadow":
            version = road.let_in()
        elif road.state == "canary":
            for n in range(20):
                road.ask(10_000 + 100 * _ + n, version)

            road.clock.time += 2.0
        elif road.state == "live":
            advance.run(road.context, "T1:c1", road.trainer)
            break

    assert road.state == "live"
    assert kills == 4
    assert road.answers() == {version}
    road.store.close()
