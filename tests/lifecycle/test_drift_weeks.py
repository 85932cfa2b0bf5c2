"""Week after week: what is over is over, what goes on is told once, and what a person kept is the new measure."""

from __future__ import annotations

from router.lifecycle import SYSTEM
from tests.lifecycle.drifting import KEY, WEEK
from workers.jobs import drift
from workers.privacy.erasure import erase_person
from workers.runtime.job_key import job_key


def test_when_the_alarm_is_over_it_is_live_again_by_itself_with_a_note(weeks):
    weeks.next_week()
    weeks.other()
    weeks.watch()
    week = weeks.next_week()
    weeks.ordinary()
    seen = weeks.watch()
    assert weeks.candidate.state == "live"
    edge = weeks.store.candidates.history(KEY)[-1]
    assert edge.actor == SYSTEM
    assert week in edge.evidence.explanation
    assert seen.id in [row.id for row in weeks.store.drift_checks.unannounced()]
    weeks.next_week()
    weeks.other()
    weeks.watch()
    assert weeks.candidate.state == "drifting"


def test_an_alarm_that_goes_on_is_not_told_anew_but_another_one_is(weeks, weights):
    weeks.next_week()
    weeks.other()
    first = weeks.watch()
    weeks.next_week()
    weeks.other()
    weeks.watch()
    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [first.id]
    weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.other()
    third = weeks.watch()
    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [first.id, third.id]


def test_drifting_alone_takes_nothing_back_but_the_limits_of_a_live_version_do(weeks):
    weeks.next_week()
    weeks.other()
    weeks.watch()
    weeks.road.go()
    assert weeks.candidate.state == "drifting"

    for _ in range(2):
        weeks.ordinary(corrected=40)

    weeks.road.go()
    assert weeks.candidate.state == "rolled_back"
    assert weeks.road.answers() == {weeks.road.live.id}


def test_what_a_person_kept_is_what_later_weeks_are_compared_with(weeks, weights):
    weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.other()
    seen = weeks.watch()
    assert weeks.kinds(seen) == ["inputs", "base"]
    told = {
        "version": weeks.version,
        "previous_version": weeks.road.live.id,
        "drift_check": seen.id,
        "reason": "we sell this now",
    }

    weeks.road.take("live", "UADA", **told)
    weeks.next_week()
    weeks.other()
    assert weeks.kinds(weeks.watch()) == []
    weeks.next_week()
    weeks.ordinary()
    assert weeks.kinds(weeks.watch()) == ["inputs"]


def test_a_version_that_learned_from_somebody_who_was_forgotten_rings_until_it_is_replaced(weeks):
    erase_person(weeks.store, weeks.store.documents, "T1", "U1", weeks.clock.time)
    for _ in range(2):
        weeks.next_week()
        weeks.ordinary()
        seen = weeks.watch()
        assert weeks.kinds(seen) == ["forgotten"]
        assert "Weights cannot forget" in seen.body["alarms"][0]["meaning"]
        told = {
            "version": weeks.version,
            "previous_version": weeks.road.live.id,
            "drift_check": seen.id,
            "reason": "later",
        }

        weeks.road.take("live", "UADA", **told)


def test_a_killed_watch_goes_on_where_it_was(weeks):
    """The record is written first; whoever comes next takes the step that it asks for, once."""
    weeks.next_week()
    weeks.other()

    for looks in range(1, 12):
        weeks.clock.looks = looks
        try:
            weeks.watch()
        except weeks.road.killed:
            continue
        finally:
            weeks.clock.looks = None

        break

    weeks.watch()
    assert weeks.edges().count(("live", "drifting", SYSTEM)) == 1
    assert len(weeks.store.drift_checks.unannounced()) == 1


def test_a_version_that_another_one_has_replaced_is_not_watched(weeks):
    weeks.store.versions.go_live("boxes", weeks.road.live.id)
    weeks.next_week()
    assert weeks.watch() is None


def test_a_version_without_a_report_is_first_measured_and_then_compared(
    weeks, weights, monkeypatch
):
    monkeypatch.setattr(weeks.store.datasets, "newest_report", lambda route, version: None)
    weeks.next_week()
    weeks.ordinary()
    seen = weeks.watch()
    assert weeks.kinds(seen) == []
    assert seen.body["baseline"]["base"]["local"]["weights"]
    weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.ordinary()
    assert weeks.kinds(weeks.watch()) == ["base"]


def test_the_week_of_another_workspace_is_its_own(weeks):
    weeks.next_week()
    weeks.other()
    drift.run(weeks.context, job_key("T2", "2027-W05"), weeks.ends.get)
    assert weeks.candidate.state == "live"
    assert weeks.clock.time > WEEK
