"""What watches the benchmark of kills sees a version that is half promoted, and nothing where all is well."""

from __future__ import annotations

import pytest

from evals.bench.lookout import Lookout, broken_audit, wrong_answers

KEY = "T1:c1"


@pytest.fixture
def lookout(road):
    return Lookout(road.store, {"boxes": KEY})


def test_a_walk_in_order_is_fine(road, lookout):
    road.go()
    lookout.look()
    road.review()
    road.go()
    lookout.look()
    version = road.let_in()
    lookout.look()
    road.take("rolled_back", "UADA", version=version)
    lookout.look()
    assert (lookout.polls, lookout.wrong) == (4, [])
    assert broken_audit(road.store.candidates.history(KEY)) == []


def test_a_version_that_answers_before_its_step_is_seen(road, lookout):
    road.go()
    road.review()
    road.go()
    road.store.versions.let_in("boxes", road.made(), 0.05)
    lookout.look()
    assert "should be []" in lookout.wrong[0]


def test_a_version_that_answers_after_it_was_taken_back_is_seen(road, lookout):
    road.go()
    road.review()
    road.go()
    version = road.let_in()
    road.take("rolled_back", "UADA", version=version)
    road.store.versions.go_live("boxes", version)
    road.store.versions.let_in("boxes", version, 0.25)
    lookout.look()
    assert lookout.wrong


def test_an_answer_of_a_version_that_could_not_answer_then_is_counted(road):
    road.go()
    road.review()
    road.go()
    road.let_in()
    history = road.store.candidates.history(KEY)
    assert wrong_answers(road.store, "boxes", history) == (64, 0)
    road.clock.time += 100.0
    road.ask(999, "another")
    assert wrong_answers(road.store, "boxes", history) == (65, 1)
