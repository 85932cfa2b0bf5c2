"""Drift alarms: each rule fires at its limit, and not on too little data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.catalog.version import Version
from router.config import Settings
from router.statistics import share_interval
from workers.drift.alarms import DriftMeasurement, triggered_alarms
from workers.drift.base_model import changed_models, models_of
from workers.drift.correction_rate import CorrectionRate, rate_increase
from workers.drift.cost import retraining_cost
from workers.drift.input_shift import InputShift, nearest_distances
from workers.drift.model_sunset import ModelSunset, sunsets_within
from workers.evaluation.paired import PairedAccuracy, compare_scores
from workers.llm.model_end import days_until

SETTINGS = Settings(_env_file=None)
NOW = 1_800_000_000.0
DAY = 86_400.0
COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def share(hits, answers):
    rate = hits / answers if answers else 0.0
    return CorrectionRate(answers, hits, rate, *share_interval(rate, answers))


CALM = DriftMeasurement(
    own=PairedAccuracy(100, 0.95, 0.95),
    golden=PairedAccuracy(0),
    shift=InputShift(100, 0.05, 0.1, ()),
    promoted=share(4, 100),
    weeks=[share(4, 100)],
)


def kinds(found, **settings):
    return [alarm.kind for alarm in triggered_alarms(found, SETTINGS.model_copy(update=settings))]


def test_a_calm_week_rings_nothing():
    assert kinds(CALM) == []


def test_a_fall_rings_only_when_it_is_large_and_sure():
    fall = PairedAccuracy(100, 0.95, 0.90, -0.05, -0.09, -0.01, p=0.02)
    assert kinds(replace(CALM, own=fall)) == ["accuracy"]
    assert kinds(replace(CALM, golden=fall)) == ["accuracy"]
    assert kinds(replace(CALM, own=fall), drift_max_accuracy_drop=0.06) == []
    assert kinds(replace(CALM, own=replace(fall, high=0.01))) == []
    assert kinds(replace(CALM, own=replace(fall, p=0.06))) == []
    assert kinds(replace(CALM, own=PairedAccuracy(0, change=-1.0, high=-1.0))) == []


def test_a_shift_rings_only_above_its_limit_and_above_chance():
    assert kinds(replace(CALM, shift=InputShift(100, 0.21, 0.1, ()))) == ["inputs"]
    assert kinds(replace(CALM, shift=InputShift(100, 0.21, 0.3, ()))) == []
    assert kinds(replace(CALM, shift=InputShift(100, 0.21, 0.1, ())), drift_psi=0.25) == []
    assert kinds(replace(CALM, shift=InputShift(9, None, None, (), "too few"))) == []


def test_corrections_ring_only_when_they_rise_surely_and_enough_was_answered():
    assert kinds(replace(CALM, weeks=[share(20, 100)])) == ["corrected"]
    assert kinds(replace(CALM, weeks=[share(20, 100)]), drift_max_correction_increase=0.2) == []
    assert kinds(replace(CALM, weeks=[share(4, 19)])) == []
    assert kinds(replace(CALM, weeks=[share(9, 100)])) == []
    assert kinds(replace(CALM, promoted=share(0, 0), weeks=[share(50, 100)])) == []


def test_another_base_and_an_end_ring_each_with_its_name():
    found = replace(
        CALM,
        base={"local": ["a" * 64, "b" * 64]},
        ending=[ModelSunset("gpt-old", "2027-02-01", 17)],
    )
    one, other = triggered_alarms(found, SETTINGS)
    assert one.figure == f"local: {'a' * 12} when it was tested, {'b' * 12} now"
    assert other.figure == "gpt-old ends on 2027-02-01, in 17 days; warned 90 days before"


@given(COUNTS)
def test_the_interval_of_a_share_holds_the_share(pair):
    hits, trials = pair
    low, high = share_interval(hits / trials, trials)
    assert 0.0 <= low <= hits / trials + 1e-9
    assert hits / trials - 1e-9 <= high <= 1.0


@given(COUNTS, COUNTS)
def test_the_interval_of_a_rise_holds_the_rise_and_turns_with_it(one, other):
    change, low, high = rate_increase(share(*one), share(*other))
    assert low - 1e-9 <= change <= high + 1e-9
    back, turned_low, turned_high = rate_increase(share(*other), share(*one))
    assert (back, turned_low, turned_high) == pytest.approx((-change, -high, -low))


@given(
    st.dictionaries(st.text(max_size=3), st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=12)
)
def test_the_same_rows_twice_have_not_changed(scores):
    found = compare_scores(scores, dict(reversed(scores.items())))
    assert (found.rows, found.change, found.p) == (len(scores), 0.0, 1.0)
    assert found.rows == 0 or found.low < 0 < found.high


def test_only_rows_that_were_asked_both_times_are_compared():
    found = compare_scores({"a": 1.0, "b": 1.0, "forgotten": 0.0}, {"a": 1.0, "b": 0.0, "new": 0.0})
    assert (found.rows, found.then, found.now, found.change) == (2, 1.0, 0.5, -0.5)
    assert compare_scores({"a": 1.0}, {"b": 1.0}).rows == 0


def test_what_was_taught_is_near_and_a_person_s_own_words_do_not_count():
    rows = np.eye(4, dtype=np.float32)
    asked, users = rows[[0, 0, 2]], ["U9", "U1", "U9"]
    near_by, own, far = nearest_distances(rows[:2], ["U1", "U2"], asked, users)
    assert (near_by, own, far) == pytest.approx((0.0, 1.0, 1.0))
    assert nearest_distances(rows[:1], ["U1"], asked[:1], ["U1"]) == pytest.approx([2.0])
    assert nearest_distances(rows[:1], [""], asked[:1], [""]) == pytest.approx([0.0])


def test_a_served_model_changes_with_its_name_and_not_with_a_new_server():
    then = {"gpt-x": {"model": "gpt-x-2026", "system": "fp_1"}, "away": {}}
    assert (
        changed_models(
            then, {"gpt-x": {"model": "gpt-x-2026", "system": "fp_2"}, "away": {"model": "m"}}
        )
        == {}
    )
    assert changed_models(then, {"gpt-x": {"model": "gpt-x-2027"}}) == {
        "gpt-x": ["gpt-x-2026", "gpt-x-2027"]
    }


def test_the_base_of_an_adapter_is_the_local_model_and_a_head_has_none():
    plain = Version(route="boxes", kind="prompt", prompt="Which box?")
    assert models_of(plain, SETTINGS) == ("local",)
    assert models_of(plain.with_changes(models=("gpt-x",)), SETTINGS) == ("gpt-x",)
    assert models_of(
        plain.with_changes(kind="tuned", adapter="a-1", models=("gpt-x",)), SETTINGS
    ) == (
        "local",
        "gpt-x",
    )
    assert models_of(plain.with_changes(kind="head", adapter="h-1"), SETTINGS) == ()


def test_only_sunsets_within_the_warning_are_listed_the_earliest_first():
    ends = {
        "soon": "2027-02-14",
        "sooner": "2027-01-20",
        "late": "2028-01-01",
        "gone": "2026-12-01",
        "odd": "soon",
    }

    assert [one.model for one in sunsets_within([*ends, "unknown"], ends.get, NOW, 90)] == [
        "gone",
        "sooner",
        "soon",
    ]

    assert days_until("2027-01-16", NOW) == 1
    assert sunsets_within(["soon"], ends.get, NOW, 10) == []


def test_a_retune_costs_what_the_last_bill_and_the_settings_say_and_waiting_what_is_lost():
    worse = replace(CALM, weeks=[share(14, 100)], own=PairedAccuracy(100, 0.95, 0.9, -0.05))
    told = retraining_cost(SETTINGS, {"cpu_seconds": 100.0, "head_cpu_seconds": 10.0}, worse)
    assert (told.review_usd, told.training_usd, told.retune_usd) == (480.0, 20.0, 505.0)
    assert told.cpu_seconds == 110.0
    assert told.wrong_a_week == pytest.approx(10.0)
    assert told.waiting_usd_a_week == pytest.approx(10.0 * 2)
    assert told.wrong_minutes == 2.0
    slower = SETTINGS.model_copy(update={"wrong_answer_minutes": 6.0})
    assert retraining_cost(slower, {}, worse).waiting_usd_a_week == pytest.approx(60.0)
    priced = SETTINGS.model_copy(update={"local_usd_per_cpu_second": 0.01})
    assert retraining_cost(priced, {"cpu_seconds": 100.0}, CALM).training_usd == pytest.approx(1.0)
    assert retraining_cost(SETTINGS, {}, CALM).wrong_a_week == 0.0
