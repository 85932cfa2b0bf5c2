"""Retraining: the old version answers until its successor is live."""

from __future__ import annotations

import dataclasses
import json

from bot.commands import load
from bot.ui.texts import drift
from bot.ui.texts import weekly as texts
from router.store.versions.versions import StoredVersion
from tests.fixtures.command_context import make_command
from tests.fixtures.drift import KEY
from tests.fixtures.drift_admin import LeftModel, blocks_text
from workers.datasets.review import (
    accept_rest,
    draw_sample,
    from_records,
    record_verdict,
    to_records,
)


def test_retraining_returns_to_the_dataset_with_newer_requests_and_the_old_version_answers_on(
    drift_admin,
):
    weeks, rollout = drift_admin.weeks, drift_admin.weeks.rollout
    old = drift_admin.store.datasets.newest_for_candidate("T1", KEY)
    drift_admin.press("drift_retune")
    assert "80 examples need a review" in drift_admin.notices[-1]
    new = drift_admin.store.datasets.newest_for_candidate("T1", KEY)
    assert (rollout.state, new.id != old.id) == ("dataset", True)
    rows = from_records(new.rows)
    carried = [row for row in rows if row.carried]
    assert carried
    assert all(row.usable for row in carried)
    assert any("refund" in row.text for row in rows if row.review == "waiting")
    assert rollout.serving_versions() == {weeks.version}
    assert blocks_text(drift_admin.card()).count("Dataset ready for review")


def test_the_sample_has_new_rows_only(drift_admin):
    drift_admin.press("drift_retune")
    rows = from_records(drift_admin.store.datasets.newest_for_candidate("T1", KEY).rows)
    assert not [place for place in draw_sample(rows, 20, 0) if rows[place].carried]


def test_retraining_leads_to_a_new_live_version_and_the_old_one_answers_until_then(
    drift_admin,
):
    weeks, rollout = drift_admin.weeks, drift_admin.weeks.rollout
    drift_admin.press("drift_retune")
    stored = drift_admin.store.datasets.newest_for_candidate("T1", KEY)
    rows = from_records(stored.rows)
    rows = tuple(
        dataclasses.replace(row, answer={"box": "left", "who": row.text.split()[0]}) for row in rows
    )

    drawn = draw_sample(rows, 20, 0)
    for place in drawn:
        rows = record_verdict(rows, place, "accepted", "UADA")

    drift_admin.store.datasets.save_review(
        stored, to_records(accept_rest(rows, drawn, "UADA", 0.1)), stored.card
    )
    weeks.rollout.context = dataclasses.replace(weeks.context, model=LeftModel(plain=False))
    rollout.set_state("reviewed", "UADA", dataset=stored.id)
    rollout.run_until_waiting()
    assert rollout.state == "shadow"
    assert rollout.serving_versions() == {weeks.version}
    new = rollout.trained_version()
    report = drift_admin.store.datasets.newest_report("T1", "boxes", new)
    assert report.against == weeks.version
    assert report.body["versions"]["prompted"] == rollout.live.id
    rollout.set_state("canary", "UADA", version=new, share=0.05, previous_version=weeks.version)
    assert rollout.serving_versions() == {weeks.version, new}

    for step in range(4):
        for n in range(20):
            rollout.add_request(90_000 + 100 * step + n, new)

        weeks.clock.time += 2.0
        rollout.run_until_waiting()

    assert (rollout.state, rollout.serving_versions()) == ("live", {new})


def test_a_new_training_that_does_not_pass_leaves_the_old_version_answering_and_drifting(
    drift_admin,
):
    weeks, rollout = drift_admin.weeks, drift_admin.weeks.rollout
    drift_admin.press("drift_retune")
    rollout.accept_dataset()
    weeks.rollout.context = dataclasses.replace(weeks.context, model=LeftModel(adapted=False))
    rollout.run_until_waiting()
    assert rollout.state == "drifting"
    assert "did not pass" in drift_admin.store.candidates.history(KEY)[-1].evidence.explanation
    assert rollout.serving_versions() == {weeks.version}
    drift_admin.press(
        "drift_rollback",
        button={"value": json.dumps({"candidate": KEY, "version": weeks.candidate.version})},
    )
    assert rollout.serving_versions() == {rollout.live.id}


def test_retraining_can_be_stopped_while_the_examples_await_review(drift_admin):
    drift_admin.press("drift_retune")
    asked = make_command(drift_admin.store, drift_admin.settings, drift_admin.weeks.clock)

    shown = [
        e
        for b in load("rollout").run(asked).blocks
        if b["type"] == "actions"
        for e in b["elements"]
    ]
    (button,) = (one for one in shown if one["action_id"] == "drift_stop")
    drift_admin.press("drift_stop", user="UBOB", button=button)
    assert drift_admin.weeks.candidate.state == "dataset"
    drift_admin.press("drift_stop", button=button)
    assert drift_admin.weeks.candidate.state == "drifting"
    assert drift_admin.weeks.rollout.serving_versions() == {drift_admin.weeks.version}
    drift_admin.press("drift_stop", button=button)
    assert drift_admin.notices[-1] == texts.CANDIDATE_CHANGED
    drift_admin.press("drift_rollback")
    assert drift_admin.weeks.rollout.serving_versions() == {drift_admin.weeks.rollout.live.id}


def test_a_version_in_retraining_is_rolled_back_by_the_limits_of_a_live_one(drift_admin):
    drift_admin.press("drift_retune")
    drift_admin.weeks.rollout.run_until_waiting()
    assert drift_admin.weeks.candidate.state == "dataset"

    for _ in range(2):
        drift_admin.weeks.add_usual_requests(corrected=40)

    drift_admin.weeks.rollout.run_until_waiting()
    assert drift_admin.weeks.candidate.state == "rolled_back"
    assert drift_admin.weeks.rollout.serving_versions() == {drift_admin.weeks.rollout.live.id}


def test_retraining_says_what_is_missing_and_changes_nothing(drift_admin):
    for user in range(8):
        drift_admin.store.opt_outs.add("T1", f"U{user}", 1.0)

    before = drift_admin.weeks.candidate
    drift_admin.press("drift_retune")
    assert "0 people are in it" in drift_admin.notices[-1]
    assert drift_admin.weeks.candidate == before


def test_a_drifting_prompt_is_optimised_again_and_drifts_on_while_an_alarm_holds(
    drift_admin,
):
    weeks, rollout = drift_admin.weeks, drift_admin.weeks.rollout
    prompted = rollout.live.with_changes(prompt="RICH")
    body = prompted.model_dump(mode="json")
    drift_admin.store.versions.insert(
        StoredVersion("T1", "boxes", prompted.id, "prompt", "canary", body, 1.0)
    )
    drift_admin.press("drift_keep")
    drift_admin.dismiss()
    rollout.set_state("rolled_back", "UADA", version=weeks.version)
    rollout.set_state("shadow", "UADA", version=prompted.id)
    rollout.set_state(
        "canary", "UADA", version=prompted.id, share=1.0, previous_version=rollout.live.id
    )
    rollout.set_state("live", version=prompted.id, previous_version=rollout.live.id)
    weeks.next_week()
    weeks.add_usual_requests()
    first = weeks.check_drift()
    assert (first.body["kind"], weeks.alarm_kinds(first)) == ("prompt", [])
    weeks.sunsets["local"] = "2027-03-01"
    weeks.next_week()
    weeks.add_usual_requests()
    assert weeks.alarm_kinds(weeks.check_drift()) == ["ending"]
    drift_admin.press("drift_retune")
    assert (drift_admin.notices[-1], weeks.candidate.state) == (drift.PROMPT_AGAIN, "approved")
    rollout.set_state("optimised", best_accuracy=1.0)
    rollout.set_state("kept_prompt")
    weeks.next_week()
    weeks.add_usual_requests()
    weeks.check_drift()
    assert weeks.candidate.state == "drifting"
    assert rollout.serving_versions() == {prompted.id}
