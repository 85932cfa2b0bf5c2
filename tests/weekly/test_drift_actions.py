"""Decisions on the drift card: admins only, each click counts once."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.ui.texts import common, drift
from bot.ui.texts import weekly as texts
from router.store import open_store
from router.types import Decision
from tests.fixtures.drift import KEY


def test_keep_asks_for_a_reason_and_makes_it_live_again(drift_admin):
    drift_admin.press("drift_keep")
    drift_admin.dismiss(reason="  ")
    assert drift_admin.weeks.candidate.state == "drifting"
    drift_admin.dismiss()
    edge = drift_admin.store.candidates.history(KEY)[-1]
    assert (edge.after, edge.actor, edge.evidence.reason) == ("live", "UADA", "we sell this now")
    assert "Alarm dismissed" in json.dumps(drift_admin.slack.updates[-1]["blocks"])
    assert "we sell this now" in json.dumps(drift_admin.slack.updates[-1]["blocks"])
    drift_admin.weeks.next_week()
    drift_admin.weeks.add_other_requests()
    assert drift_admin.weeks.alarm_kinds(drift_admin.weeks.check_drift()) == []


def test_roll_back_brings_the_version_before(drift_admin):
    drift_admin.press("drift_rollback")
    assert drift_admin.notices[-1] == drift.ROLLED_BACK
    assert drift_admin.weeks.rollout.serving_versions() == {drift_admin.weeks.rollout.live.id}


def test_retiring_makes_the_best_prompted_version_answer_on_every_worker_at_once(
    drift_admin, tmp_path
):
    weeks, prompted = drift_admin.weeks, drift_admin.weeks.rollout.live.id
    elsewhere = open_store(f"sqlite:///{tmp_path / 'beagle.db'}")
    other = dataclasses.replace(weeks.context, store=elsewhere)
    decided = Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", weeks.version)
    assert other.serving_version("T1", "boxes", decided.version).id == weeks.version
    drift_admin.press("drift_retire")
    assert drift_admin.notices[-1] == drift.RETIRED.format(version=prompted)
    assert other.serving_version("T1", "boxes", decided.version).id == prompted
    assert {elsewhere.versions.version_for_user("T1", "boxes", f"P{n}").id for n in range(50)} == {
        prompted
    }
    elsewhere.close()
    assert weeks.candidate.state == "retired"
    drift_admin.store.versions.roll_back("T1", "boxes", prompted)
    assert weeks.rollout.serving_versions() == {prompted}, "the retired version is no way back"


def test_where_no_prompted_version_is_known_nothing_is_retired(drift_admin, monkeypatch):
    monkeypatch.setattr("bot.weekly.drift_actions.best_prompted", lambda store, of: None)
    drift_admin.press("drift_retire")
    assert drift_admin.notices[-1] == drift.NO_PROMPT
    assert drift_admin.weeks.candidate.state == "drifting"


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_rollback", "drift_retire"])
def test_nobody_else_can_press(drift_admin, name):
    before = drift_admin.weeks.candidate
    drift_admin.press(name, user="UBOB")
    assert drift_admin.notices[-1] == common.ADMINS_ONLY
    assert drift_admin.weeks.candidate == before
    assert drift_admin.audit() == [("UBOB", "drift", "refused")]
    assert not drift_admin.slack.views


def test_a_former_admin_cannot_submit_the_dialog(drift_admin):
    drift_admin.press("drift_keep")
    drift_admin.dismiss(user="UBOB")
    assert drift_admin.weeks.candidate.state == "drifting"
    assert drift_admin.audit()[-1] == ("UBOB", "drift", "refused")


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_rollback", "drift_retire"])
def test_an_old_button_is_late(drift_admin, name):
    old = drift_admin.button(name)
    drift_admin.press("drift_rollback")
    drift_admin.press(name, button=old)
    assert drift_admin.notices[-1] == texts.CANDIDATE_CHANGED
    assert drift_admin.audit()[-1] == ("UADA", "drift", "late")
    assert drift_admin.weeks.candidate.state == "rolled_back"


def test_ten_clicks_at_once_count_once(drift_admin):
    buttons = [drift_admin.button(name) for name in ("drift_rollback", "drift_retire")] * 5
    names = ["drift_rollback", "drift_retire"] * 5

    with ThreadPoolExecutor(10) as pool:
        list(
            pool.map(
                lambda pair: drift_admin.press(pair[0], button=pair[1]),
                zip(names, buttons, strict=True),
            )
        )

    outcomes = [outcome for _, _, outcome in drift_admin.audit()]
    assert (outcomes.count("applied"), outcomes.count("late")) == (1, 9)
    assert drift_admin.weeks.rollout.serving_versions() == {drift_admin.weeks.rollout.live.id}
