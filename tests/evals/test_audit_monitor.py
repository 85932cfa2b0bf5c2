"""The audit monitor reports a half-promoted version, and nothing where all is well."""

from __future__ import annotations

import pytest

from evals.bench.faults.audit_monitor import AuditMonitor, broken_audit, wrong_answers

KEY = "T1:c1"


@pytest.fixture
def monitor(rollout):
    return AuditMonitor(rollout.store, {"boxes": KEY})


def test_a_walk_in_order_is_fine(rollout, monitor):
    rollout.run_until_waiting()
    monitor.check_routes()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    monitor.check_routes()
    version = rollout.start_canary()
    monitor.check_routes()
    rollout.set_state("rolled_back", "UADA", version=version)
    monitor.check_routes()
    assert (monitor.polls, monitor.wrong) == (4, [])
    assert broken_audit(rollout.store.candidates.history(KEY)) == []


def test_a_version_that_is_live_in_its_workspace_is_fine(rollout, monitor):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    version = rollout.start_canary()
    rollout.set_state("live", version=version, previous_version=rollout.live.id)
    monitor.check_routes()
    assert monitor.wrong == []


def test_a_version_that_answers_before_its_step_is_seen(rollout, monitor):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    rollout.store.versions.start_canary("T1", "boxes", rollout.trained_version(), 0.05)
    monitor.check_routes()
    assert "should be []" in monitor.wrong[0]


def test_a_version_that_answers_after_it_was_taken_back_is_seen(rollout, monitor):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    version = rollout.start_canary()
    rollout.set_state("rolled_back", "UADA", version=version)
    rollout.store.versions.go_live("T1", "boxes", version)
    rollout.store.versions.start_canary("T1", "boxes", version, 0.25)
    monitor.check_routes()
    assert monitor.wrong


def test_an_answer_of_a_version_that_could_not_answer_then_is_counted(rollout):
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()
    rollout.start_canary()
    history = rollout.store.candidates.history(KEY)
    assert wrong_answers(rollout.store, "boxes", history) == (64, 0)
    rollout.clock.time += 100.0
    rollout.add_request(999, "another")
    assert wrong_answers(rollout.store, "boxes", history) == (65, 1)
