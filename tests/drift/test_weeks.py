"""Drift over several weeks: alarms end, repeat silently, and dismissed ones set a new baseline."""

from __future__ import annotations

from router.lifecycle import SYSTEM
from tests.fixtures.drift import KEY, WEEK
from workers.jobs import drift
from workers.privacy.erasure import erase_person
from workers.runtime.job_key import job_key


def test_when_the_alarm_ends_the_version_is_live_again_with_a_note(weeks):
    weeks.next_week()
    weeks.add_other_requests()
    weeks.check_drift()
    week = weeks.next_week()
    weeks.add_usual_requests()
    seen = weeks.check_drift()
    assert weeks.candidate.state == "live"
    edge = weeks.store.candidates.history(KEY)[-1]
    assert edge.actor == SYSTEM
    assert week in edge.evidence.explanation
    assert seen.id in [row.id for row in weeks.store.drift_checks.unannounced()]
    weeks.next_week()
    weeks.add_other_requests()
    weeks.check_drift()
    assert weeks.candidate.state == "drifting"


def test_a_continuing_alarm_is_announced_once_and_a_new_one_again(weeks, base_weights):
    weeks.next_week()
    weeks.add_other_requests()
    first = weeks.check_drift()
    weeks.next_week()
    weeks.add_other_requests()
    weeks.check_drift()
    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [first.id]
    base_weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.add_other_requests()
    third = weeks.check_drift()
    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [first.id, third.id]


def test_drifting_alone_takes_nothing_back_but_the_limits_of_a_live_version_do(weeks):
    weeks.next_week()
    weeks.add_other_requests()
    weeks.check_drift()
    weeks.rollout.run_until_waiting()
    assert weeks.candidate.state == "drifting"

    for _ in range(2):
        weeks.add_usual_requests(corrected=40)

    weeks.rollout.run_until_waiting()
    assert weeks.candidate.state == "rolled_back"
    assert weeks.rollout.serving_versions() == {weeks.rollout.live.id}


def test_a_dismissed_alarm_sets_the_baseline_of_later_weeks(weeks, base_weights):
    base_weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.add_other_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == ["inputs", "base"]
    told = {
        "version": weeks.version,
        "previous_version": weeks.rollout.live.id,
        "drift_check": seen.id,
        "reason": "we sell this now",
    }

    weeks.rollout.set_state("live", "UADA", **told)
    weeks.next_week()
    weeks.add_other_requests()
    assert weeks.alarm_kinds(weeks.check_drift()) == []
    weeks.next_week()
    weeks.add_usual_requests()
    assert weeks.alarm_kinds(weeks.check_drift()) == ["inputs"]


def test_a_version_trained_on_an_erased_person_raises_an_alarm_until_it_is_replaced(weeks):
    erase_person(weeks.store, weeks.store.documents, "T1", "U1", weeks.clock.time)
    for _ in range(2):
        weeks.next_week()
        weeks.add_usual_requests()
        seen = weeks.check_drift()
        assert weeks.alarm_kinds(seen) == ["forgotten"]
        assert "Trained weights cannot forget" in seen.body["alarms"][0]["meaning"]
        told = {
            "version": weeks.version,
            "previous_version": weeks.rollout.live.id,
            "drift_check": seen.id,
            "reason": "later",
        }

        weeks.rollout.set_state("live", "UADA", **told)


def test_a_killed_drift_check_resumes_where_it_was(weeks):
    """The check is stored first; the next run takes the step it asks for, once."""
    weeks.next_week()
    weeks.add_other_requests()

    for looks in range(1, 12):
        weeks.clock.reads_left = looks
        try:
            weeks.check_drift()
        except weeks.rollout.killed:
            continue
        finally:
            weeks.clock.reads_left = None

        break

    weeks.check_drift()
    assert weeks.transitions().count(("live", "drifting", SYSTEM)) == 1
    assert len(weeks.store.drift_checks.unannounced()) == 1


def test_a_replaced_version_is_not_checked(weeks):
    weeks.store.versions.go_live("T1", "boxes", weeks.rollout.live.id)
    weeks.next_week()
    assert weeks.check_drift() is None


def test_a_version_without_a_report_is_first_measured_and_then_compared(
    weeks, base_weights, monkeypatch
):
    monkeypatch.setattr(weeks.store.datasets, "newest_report", lambda *_: None)
    weeks.next_week()
    weeks.add_usual_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == []
    assert seen.body["baseline"]["base"]["local"]["weights"]
    base_weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.add_usual_requests()
    assert weeks.alarm_kinds(weeks.check_drift()) == ["base"]


def test_the_week_of_another_workspace_is_its_own(weeks):
    weeks.next_week()
    weeks.add_other_requests()
    drift.run(weeks.context, job_key("T2", "2027-W05"), weeks.sunsets.get)
    assert weeks.candidate.state == "live"
    assert weeks.clock.time > WEEK
