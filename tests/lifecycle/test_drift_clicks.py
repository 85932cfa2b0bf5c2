"""An admin reads the card of a version that drifts and decides with a click; it counts once, and nobody else's does."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.ui.texts import common, drift
from bot.ui.texts import weekly as texts
from router.store import open_store
from router.types import Decision
from tests.lifecycle.drifting import KEY


def test_keep_asks_for_a_reason_and_makes_it_live_again(drifted):
    drifted.press("drift_keep")
    drifted.keep(reason="  ")
    assert drifted.weeks.candidate.state == "drifting"
    drifted.keep()
    edge = drifted.store.candidates.history(KEY)[-1]
    assert (edge.after, edge.actor, edge.evidence.reason) == ("live", "UADA", "we sell this now")
    assert "Alarm dismissed" in json.dumps(drifted.slack.updates[-1]["blocks"])
    assert "we sell this now" in json.dumps(drifted.slack.updates[-1]["blocks"])
    drifted.weeks.next_week()
    drifted.weeks.other()
    assert drifted.weeks.kinds(drifted.weeks.watch()) == []


def test_roll_back_brings_the_version_before(drifted):
    drifted.press("drift_rollback")
    assert drifted.told[-1] == drift.ROLLED_BACK
    assert drifted.weeks.road.answers() == {drifted.weeks.road.live.id}


def test_retire_lets_the_best_prompted_version_answer_on_every_worker_from_the_next_request_on(
    drifted, tmp_path
):
    weeks, prompted = drifted.weeks, drifted.weeks.road.live.id
    elsewhere = open_store(f"sqlite:///{tmp_path / 'beagle.db'}")
    other = dataclasses.replace(weeks.context, store=elsewhere)
    decided = Decision("route", "boxes", 1.0, 1.0, 1.0, (), "r", weeks.version)
    assert other.serving_version("boxes", decided.version).id == weeks.version
    drifted.press("drift_retire")
    assert drifted.told[-1] == drift.RETIRED.format(version=prompted)
    assert other.serving_version("boxes", decided.version).id == prompted
    assert {elsewhere.versions.version_for_user("boxes", f"P{n}").id for n in range(50)} == {prompted}
    elsewhere.close()
    assert weeks.candidate.state == "retired"
    drifted.store.versions.roll_back("boxes", prompted)
    assert weeks.road.answers() == {prompted}, "the retired version is no way back"


def test_where_no_prompted_version_is_known_nothing_is_retired(drifted, monkeypatch):
    monkeypatch.setattr("bot.weekly.drift_actions.best_prompted", lambda store, of: None)
    drifted.press("drift_retire")
    assert drifted.told[-1] == drift.NO_PROMPT
    assert drifted.weeks.candidate.state == "drifting"


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_rollback", "drift_retire"])
def test_nobody_else_can_press(drifted, name):
    before = drifted.weeks.candidate
    drifted.press(name, user="UBOB")
    assert drifted.told[-1] == common.ADMINS_ONLY
    assert drifted.weeks.candidate == before
    assert drifted.audit() == [("UBOB", "drift", "refused")]
    assert not drifted.slack.views


def test_who_is_no_admin_any_more_cannot_send_the_dialog(drifted):
    drifted.press("drift_keep")
    drifted.keep(user="UBOB")
    assert drifted.weeks.candidate.state == "drifting"
    assert drifted.audit()[-1] == ("UBOB", "drift", "refused")


@pytest.mark.parametrize("name", ["drift_retune", "drift_keep", "drift_rollback", "drift_retire"])
def test_an_old_button_is_late(drifted, name):
    old = drifted.button(name)
    drifted.press("drift_rollback")
    drifted.press(name, button=old)
    assert drifted.told[-1] == texts.CANDIDATE_CHANGED
    assert drifted.audit()[-1] == ("UADA", "drift", "late")
    assert drifted.weeks.candidate.state == "rolled_back"


def test_ten_clicks_at_once_count_once(drifted):
    buttons = [drifted.button(name) for name in ("drift_rollback", "drift_retire")] * 5
    names = ["drift_rollback", "drift_retire"] * 5

    with ThreadPoolExecutor(10) as pool:
        list(
            pool.map(
                lambda pair: drifted.press(pair[0], button=pair[1]),
                zip(names, buttons, strict=True),
            )
        )

    outcomes = [outcome for _, _, outcome in drifted.audit()]
    assert (outcomes.count("applied"), outcomes.count("late")) == (1, 9)
    assert drifted.weeks.road.answers() == {drifted.weeks.road.live.id}
