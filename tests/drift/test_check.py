"""The weekly drift check measures every promoted version and announces only drift."""

from __future__ import annotations

import dataclasses
import json

import pytest

from bot.weekly.drift_view import sunset_warning
from router.errors import ModelError
from router.lifecycle import SYSTEM
from tests.fixtures.drift import KEY
from workers.llm.fakes import ScriptedModel
from workers.runtime.job_key import job_key


class Forgetful:
    """Answers as if the adapter had never been trained."""

    def complete(self, call, on_text=None):
        return ScriptedModel([json.dumps({"box": "left", "who": "nobody"})]).complete(call, on_text)


class Down:
    def complete(self, call, on_text=None):
        raise ModelError("asking 'local': it is down", retry=True)


def put_in(weeks, model):
    weeks.rollout.context = dataclasses.replace(weeks.context, model=model)


def test_the_report_keeps_what_later_weeks_are_compared_with(weeks):
    kept = weeks.store.datasets.newest_report("T1", "boxes", weeks.version).body["baseline"]
    assert set(kept["own"].values()) == {1.0}
    assert sum(kept["inputs"]["counts"]) >= 80
    assert kept["base"]["local"]["weights"]
    assert "wants" not in json.dumps(kept)


def test_a_usual_week_raises_no_alarm_and_changes_nothing(weeks):
    weeks.next_week()
    weeks.add_usual_requests()
    before = weeks.candidate
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == []
    assert seen.body["measured"]["own"]["change"] == 0.0
    assert seen.body["measured"]["shift"]["psi"] < 0.2
    assert weeks.candidate == before
    assert not weeks.store.drift_checks.unannounced()


def test_a_week_is_checked_once(weeks):
    weeks.next_week()
    weeks.add_other_requests()
    first = weeks.check_drift()
    put_in(weeks, Down())
    assert weeks.check_drift() == first
    assert len(weeks.store.drift_checks.for_candidate(KEY)) == 1
    assert weeks.transitions().count(("live", "drifting", SYSTEM)) == 1


def test_requests_unlike_the_training_data_are_a_shift_and_the_version_drifts(weeks):
    week = weeks.next_week()
    weeks.add_other_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == ["inputs"]
    assert weeks.candidate.state == "drifting"
    edge = weeks.store.candidates.history(KEY)[-1]
    assert (edge.actor, edge.evidence.week, edge.evidence.version) == (
        SYSTEM,
        week,
        weeks.version,
    )

    assert "PSI" in edge.evidence.reasons[0]
    assert edge.evidence_hash
    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [seen.id]
    assert weeks.rollout.serving_versions() == {weeks.version}


def test_too_few_requests_are_reported_and_raise_no_alarm(weeks):
    weeks.per_week = 12
    weeks.next_week()
    weeks.add_other_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == []
    assert seen.body["measured"]["shift"]["why"] == "12 requests, 50 are needed to tell"


def test_people_who_opted_out_are_not_counted(weeks):
    weeks.next_week()
    weeks.add_usual_requests()

    for user in ("U1", "U2", "UOUT"):
        weeks.store.opt_outs.add("T1", user, 1.0)

    weeks.add_other_requests(user="UOUT")
    seen = weeks.check_drift()
    assert seen.body["measured"]["shift"]["requests"] == 60
    assert sum(seen.body["measured"]["shift"]["counts"]) == 60
    assert weeks.alarm_kinds(seen) == []


def test_a_stored_check_holds_no_text_of_anybody(weeks):
    weeks.next_week()
    weeks.add_other_requests()
    weeks.check_drift()
    assert not [
        word for word in ("refund", "salary", "wants", "name1") if word in weeks.stored_text()
    ]


def test_answers_that_got_worse_are_found_with_an_interval(weeks):
    put_in(weeks, Forgetful())
    weeks.next_week()
    weeks.add_usual_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == ["accuracy"]
    own = seen.body["measured"]["own"]
    assert own["now"] < own["then"] == 1.0
    assert own["low"] <= own["change"] <= own["high"] < 0


def test_an_unreachable_model_is_no_drift_and_is_checked_again_later(weeks):
    answering = weeks.context.model
    put_in(weeks, Down())
    week = weeks.next_week()
    weeks.add_usual_requests()
    assert weeks.check_drift() is None
    assert weeks.store.drift_checks.get(job_key("T1", week)) is None
    put_in(weeks, answering)
    assert weeks.alarm_kinds(weeks.check_drift()) == []
    assert weeks.store.drift_checks.get(job_key("T1", week)) is not None


class Busy:
    """Fails one call in `every` and passes the others on to the model."""

    def __init__(self, model, every) -> None:
        self.model, self.every, self.calls = model, every, 0

    def complete(self, call, on_text=None):
        self.calls += 1
        if self.calls % self.every == 0:
            raise ModelError("asking 'local': it is busy", retry=True)
        return self.model.complete(call, on_text)


def test_rows_for_which_a_busy_model_had_no_time_are_not_taken_for_wrong(weeks):
    answering = weeks.context.model
    weeks.next_week()
    weeks.add_usual_requests()
    put_in(weeks, Busy(answering, 3))
    assert weeks.check_drift() is None
    put_in(weeks, Busy(answering, 12))
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == []
    asked = len(
        weeks.store.datasets.newest_report("T1", "boxes", weeks.version).body["baseline"]["own"]
    )
    assert 0 < seen.body["measured"]["own"]["rows"] < asked
    assert seen.body["measured"]["own"]["change"] == 0.0


def test_more_corrections_than_at_promotion_are_an_alarm_with_an_interval(weeks):
    weeks.next_week()
    weeks.add_usual_requests(corrected=20)
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == ["corrected"]
    assert seen.body["measured"]["weeks"][-1]["corrected"] == 20
    assert seen.body["measured"]["promoted"]["corrected"] == 0
    assert seen.body["cost"]["wrong_a_week"] == pytest.approx(20.0)


def test_a_few_corrections_are_none(weeks):
    weeks.next_week()
    weeks.add_usual_requests(corrected=3)
    assert weeks.alarm_kinds(weeks.check_drift()) == []


def test_a_base_whose_file_changed_is_found(weeks, base_weights):
    base_weights.write_bytes(b"another base")
    weeks.next_week()
    weeks.add_usual_requests()
    seen = weeks.check_drift()
    assert weeks.alarm_kinds(seen) == ["base"]
    assert seen.body["alarms"][0]["figure"].startswith("local: ")


def test_a_model_that_ends_in_thirty_days_is_warned_of_once(weeks):
    from datetime import UTC, datetime

    weeks.next_week()
    weeks.add_usual_requests()
    weeks.sunsets["local"] = (
        datetime.fromtimestamp(weeks.clock.time + 30 * 86_400, UTC).date().isoformat()
    )
    first = weeks.check_drift()
    assert weeks.alarm_kinds(first) == ["ending"]
    assert weeks.candidate.state == "drifting"

    for _ in range(3):
        weeks.next_week()
        weeks.add_usual_requests()
        assert weeks.alarm_kinds(weeks.check_drift()) == ["ending"]

    assert [row.id for row in weeks.store.drift_checks.unannounced()] == [first.id]
    assert weeks.transitions().count(("live", "drifting", SYSTEM)) == 1


def test_a_model_sunset_is_announced_once_where_a_prompt_uses_it_too(weeks):
    """The live versions of the other routes come from no rollout."""
    from router.catalog.version import Version
    from router.store.versions.versions import StoredVersion

    other = Version(route="rewrite", kind="prompt", models=("gpt-old",), prompt="Rewrite.")
    weeks.store.versions.insert(
        StoredVersion(
            "T1", "rewrite", other.id, "prompt", "shadow", other.model_dump(mode="json"), 1.0
        )
    )
    weeks.store.versions.go_live("T1", "rewrite", other.id)

    for _ in range(3):
        weeks.next_week()
        weeks.add_usual_requests()
        weeks.sunsets["gpt-old"] = "2027-03-01"
        weeks.check_drift()

    (row,) = weeks.store.drift_checks.unannounced()
    assert (row.body["model"], row.body["routes"]) == ("gpt-old", ["rewrite"])


def test_the_end_of_a_model_that_only_a_setting_names_is_announced_once(weeks):
    settings = weeks.context.settings.model_copy(update={"teacher_model": "gpt-taught"})
    weeks.rollout.context = dataclasses.replace(weeks.context, settings=settings)

    for _ in range(2):
        weeks.next_week()
        weeks.add_usual_requests()
        weeks.sunsets["gpt-taught"] = "2027-03-01"
        weeks.check_drift()

    (row,) = weeks.store.drift_checks.unannounced()
    assert (row.body["routes"], row.body["settings"]) == ([], ["BEAGLE_TEACHER_MODEL"])
    assert "named by BEAGLE_TEACHER_MODEL" in sunset_warning(row.body).text
