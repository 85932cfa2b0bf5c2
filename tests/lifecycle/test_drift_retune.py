"""What is trained anew answers until its successor is live, and nothing is lost on the way."""

from __future__ import annotations

import dataclasses
import json

from bot.commands import load
from bot.ui.texts import drift
from bot.ui.texts import weekly as texts
from router.store.versions.versions import StoredVersion
from tests.command_context import make_command
from tests.lifecycle.drift_clicks import Left, words
from tests.lifecycle.drifting import KEY
from workers.datasets.review import (
    accept_rest,
    draw_sample,
    from_records,
    record_verdict,
    to_records,
)


def test_retune_goes_back_to_the_dataset_with_what_was_asked_since_and_the_old_version_answers_on(
    drifted,
):
    weeks, road = drifted.weeks, drifted.weeks.road
    old = drifted.store.datasets.newest_for_candidate(KEY)
    drifted.press("drift_retune")
    assert "80 examples need a review" in drifted.told[-1]
    new = drifted.store.datasets.newest_for_candidate(KEY)
    assert (road.state, new.id != old.id) == ("dataset", True)
    rows = from_records(new.rows)
    carried = [row for row in rows if row.carried]
    assert carried
    assert all(row.usable for row in carried)
    assert any("refund" in row.text for row in rows if row.review == "waiting")
    assert road.answers() == {weeks.version}
    assert words(drifted.card()).count("Dataset ready for review")


def test_the_sample_speaks_of_the_new_rows_only(drifted):
    drifted.press("drift_retune")
    rows = from_records(drifted.store.datasets.newest_for_candidate(KEY).rows)
    assert not [place for place in draw_sample(rows, 20, 0) if rows[place].carried]


def test_from_retune_the_road_leads_to_a_new_live_version_and_the_old_one_answers_until_then(
    drifted,
):
    weeks, road = drifted.weeks, drifted.weeks.road
    drifted.press("drift_retune")
    stored = drifted.store.datasets.newest_for_candidate(KEY)
    rows = from_records(stored.rows)
    rows = tuple(
        dataclasses.replace(row, answer={"box": "left", "who": row.text.split()[0]}) for row in rows
    )

    drawn = draw_sample(rows, 20, 0)
    for place in drawn:
        rows = record_verdict(rows, place, "accepted", "UADA")

    drifted.store.datasets.save_review(
        stored, to_records(accept_rest(rows, drawn, "UADA", 0.1)), stored.card
    )
    weeks.road.context = dataclasses.replace(weeks.context, model=Left())
    road.take("reviewed", "UADA", dataset=stored.id)
    road.go()
    assert road.state == "shadow"
    assert road.answers() == {weeks.version}
    new = road.made()
    report = drifted.store.datasets.newest_report("boxes", new)
    assert report.against == weeks.version
    assert report.body["versions"]["prompted"] == road.live.id
    road.take("canary", "UADA", version=new, share=0.05, previous_version=weeks.version)
    assert road.answers() == {weeks.version, new}

    for step in range(4):
        for n in range(20):
            road.ask(90_000 + 100 * step + n, new)

        weeks.clock.time += 2.0
        road.go()

    assert (road.state, road.answers()) == ("live", {new})


def test_a_new_training_that_does_not_pass_leaves_the_old_version_answering_and_drifting(drifted):
    weeks, road = drifted.weeks, drifted.weeks.road
    drifted.press("drift_retune")
    road.review()
    weeks.road.context = dataclasses.replace(weeks.context, model=Left(adapted=False))
    road.go()
    assert road.state == "drifting"
    assert "did not pass" in drifted.store.candidates.history(KEY)[-1].evidence.explanation
    assert road.answers() == {weeks.version}
    drifted.press(
        "drift_rollback",
        button={"value": json.dumps({"candidate": KEY, "version": weeks.candidate.version})},
    )
    assert road.answers() == {road.live.id}


def test_training_anew_can_be_stopped_while_the_examples_wait(drifted):
    drifted.press("drift_retune")
    asked = make_command(drifted.store, drifted.settings, drifted.weeks.clock)

    shown = [
        e for b in load("rollout").run(asked).blocks if b["type"] == "actions" for e in b["elements"]
    ]
    (button,) = (one for one in shown if one["action_id"] == "drift_stop")
    drifted.press("drift_stop", user="UBOB", button=button)
    assert drifted.weeks.candidate.state == "dataset"
    drifted.press("drift_stop", button=button)
    assert drifted.weeks.candidate.state == "drifting"
    assert drifted.weeks.road.answers() == {drifted.weeks.version}
    drifted.press("drift_stop", button=button)
    assert drifted.told[-1] == texts.CANDIDATE_CHANGED
    drifted.press("drift_rollback")
    assert drifted.weeks.road.answers() == {drifted.weeks.road.live.id}


def test_a_version_that_is_trained_anew_is_taken_back_by_the_limits_of_a_live_one(drifted):
    drifted.press("drift_retune")
    drifted.weeks.road.go()
    assert drifted.weeks.candidate.state == "dataset"

    for _ in range(2):
        drifted.weeks.ordinary(corrected=40)

    drifted.weeks.road.go()
    assert drifted.weeks.candidate.state == "rolled_back"
    assert drifted.weeks.road.answers() == {drifted.weeks.road.live.id}


def test_retune_says_what_is_missing_and_changes_nothing(drifted):
    for user in range(8):
        drifted.store.opt_outs.add("T1", f"U{user}", 1.0)

    before = drifted.weeks.candidate
    drifted.press("drift_retune")
    assert "0 people are in it" in drifted.told[-1]
    assert drifted.weeks.candidate == before


def test_a_prompt_that_drifts_is_made_the_most_of_again_and_drifts_on_while_an_alarm_rings(drifted):
    weeks, road = drifted.weeks, drifted.weeks.road
    prompted = road.live.with_changes(prompt="RICH")
    body = prompted.model_dump(mode="json")
    drifted.store.versions.insert(StoredVersion("boxes", prompted.id, "prompt", "canary", body, 1.0))
    drifted.press("drift_keep")
    drifted.keep()
    road.take("rolled_back", "UADA", version=weeks.version)
    road.take("shadow", "UADA", version=prompted.id)
    road.take("canary", "UADA", version=prompted.id, share=1.0, previous_version=road.live.id)
    road.take("live", version=prompted.id, previous_version=road.live.id)
    weeks.next_week()
    weeks.ordinary()
    first = weeks.watch()
    assert (first.body["kind"], weeks.kinds(first)) == ("prompt", [])
    weeks.ends["local"] = "2027-03-01"
    weeks.next_week()
    weeks.ordinary()
    assert weeks.kinds(weeks.watch()) == ["ending"]
    drifted.press("drift_retune")
    assert (drifted.told[-1], weeks.candidate.state) == (drift.PROMPT_AGAIN, "approved")
    road.take("optimised", best_accuracy=1.0)
    road.take("kept_prompt")
    weeks.next_week()
    weeks.ordinary()
    weeks.watch()
    assert weeks.candidate.state == "drifting"
    assert road.answers() == {prompted.id}
