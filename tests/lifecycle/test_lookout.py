"""What watches the benchmark of kills sees a version that is half promoted, and nothing where all is well."""

from __future__ import annotations

import pytest

from evals.bench.audit_monitor import AuditMonitor, broken_audit, wrong_answers

KEY = "T1:c1"


@pytest.fixture
def monitor(road):
    return AuditMonitor(road.store, {"boxes": KEY})


def test_a_walk_in_order_is_fine(road, monitor):
    road.go()
    monitor.check_routes()
    road.review()
    road.go()
    monitor.check_routes()
    version = road.let_in()
    monitor.check_routes()
    road.take("rolled_back", "UADA", version=version)
    monitor.check_routes()
    assert (monitor.polls, monitor.wrong) == (4, [])
    assert broken_audit(road.store.candidates.history(KEY)) == []


def test_a_version_that_answers_before_its_step_is_seen(road, monitor):
    road.go()
    road.review()
    road.go()
    road.store.versions.start_canary("boxes", road.made(), 0.05)
    monitor.check_routes()
    assert "should be []" in monitor.wrong[0]


def test_a_version_that_answers_after_it_was_taken_back_is_seen(road, monitor):
    road.go()
    road.review()
    road.go()
    version = road.let_in()
    road.take("rolled_back", "UADA", version=version)
    road.store.versions.go_live("boxes", version)
    road.store.versions.start_canary("boxes", version, 0.25)
    monitor.check_routes()
    assert monitor.wrong


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
