"""Return on investment: known results, no recommended losses, ranges for guesses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli.__main__ import app
from router.errors import InputError
from workers.llm.pricing import Price
from workers.readiness.roi import CostModel, Interval, TuningCosts, estimate_roi, months_until
from workers.readiness.roi_check import recompute_table

LISTED = {
    "gpt-4o": Price(2.5e-6, 1.25e-6, 10e-6),
    "ft:gpt-4o-mini-2024-07-18": Price(0.3e-6, 0.15e-6, 1.2e-6),
    "together_ai/meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo": Price(0.18e-6, 0.18e-6, 0.18e-6),
    "fireworks_ai/accounts/fireworks/models/llama-v3p1-8b-instruct": Price(1e-7, 1e-7, 1e-7),
    "gemini/gemini-2.5-flash-lite": Price(0.1e-6, 0.01e-6, 0.4e-6),
}

DEAR = CostModel("dear", Price(2.5e-6, 1.25e-6, 10e-6), 2_500, 25)
CHEAP = CostModel("cheap", Price(0.1e-6, 0.01e-6, 0.5e-6), 2_500, 25, cached_share=0.9)
TUNED = CostModel("tuned", Price(0.3e-6, 0.15e-6, 1.2e-6), 260, 25)
MANY = Interval.around(100_000, 0.25)


def test_the_table_that_was_worked_out_by_hand_comes_out():
    assert [line.what for line in recompute_table(LISTED.get) if not line.ok] == []


def test_a_changed_price_is_noticed():
    dearer = LISTED | {"gpt-4o": Price(5e-6, 1.25e-6, 10e-6)}
    assert any(not line.ok for line in recompute_table(dearer.get))


def test_a_line_whose_price_nobody_named_is_not_checked_and_fails():
    lines = recompute_table({**LISTED, "gpt-4o": None}.get)
    off = [line for line in lines if not line.ok]
    assert off
    assert all(line.found is None and line.unpriced == ("gpt-4o",) for line in off)


def test_an_answer_that_is_wrong_less_often_is_worth_what_wrong_answers_cost():
    weak = replace(DEAR, passes=False, accuracy=Interval(0.55, 0.6, 0.65))
    weaker = replace(CHEAP, passes=False, accuracy=Interval(0.4, 0.5, 0.6))
    tuned = replace(TUNED, accuracy=Interval(0.9, 0.95, 0.98))
    calls = Interval.around(1_000)
    roi = estimate_roi([weak, weaker], tuned, calls, TuningCosts(wrong_usd=2.0))
    assert roi.against == "dear"
    assert roi.saved_per_call_usd == pytest.approx(0.35 * 2.0 + DEAR.usd - TUNED.usd)
    assert roi.monthly_usd.low < roi.monthly_usd.likely < roi.monthly_usd.high
    assert roi.pays
    assert "none is good enough" in roi.why[0]
    assert not estimate_roi([weak], tuned, calls, TuningCosts(wrong_usd=0.0)).pays


def test_it_compares_with_the_cheapest_prompted_way_that_passes():
    assert estimate_roi([DEAR, CHEAP], TUNED, MANY, TuningCosts()).against == "cheap"
    failing = CostModel("cheap", CHEAP.price, 2_500, 25, passes=False)
    assert estimate_roi([DEAR, failing], TUNED, MANY, TuningCosts()).against == "dear"


def test_a_dearer_call_is_never_recommended_whatever_the_volume():
    roi = estimate_roi([CHEAP], TUNED, Interval.around(1e12), TuningCosts())
    assert not roi.pays
    assert roi.calls_needed is None
    assert roi.break_even_months is None
    assert "no number of calls pays" in roi.why[-2]
    assert roi.why[-1].startswith("it would lose about ")


def test_nothing_to_compare_with_is_said_and_not_guessed():
    with pytest.raises(InputError, match="improve a prompt first"):
        estimate_roi(
            [CostModel("bad", DEAR.price, 10, 1, passes=False)], TUNED, MANY, TuningCosts()
        )


def test_a_base_model_that_ends_soon_makes_it_not_pay():
    calls = Interval.around(40_000)
    assert estimate_roi([DEAR], TUNED, calls, TuningCosts()).pays
    assert not estimate_roi([DEAR], TUNED, calls, TuningCosts(), months_left=6.1).pays
    assert estimate_roi([DEAR], TUNED, calls, TuningCosts(), months_left=6.1, spare_months=0.0).pays


@pytest.mark.parametrize(
    ("months_left", "monthly"),
    [(None, 10.0), (24.0, 10.0), (12.0, 10.0), (6.0, 20.0), (3.0, 40.0), (0.2, 120.0)],
)
def test_a_retraining_is_shared_by_the_months_that_the_base_model_has_left(months_left, monthly):
    costs = TuningCosts(drift_usd=0.0, hosting_usd=0.0, retrain_usd=120.0)
    assert costs.monthly_usd(months_left) == pytest.approx(monthly)


def test_a_server_of_one_s_own_and_a_watch_for_drift_are_paid_each_month():
    costs = TuningCosts(drift_usd=7.0, hosting_usd=40.0, retrain_usd=24.0)

    assert costs.monthly_usd(None) == pytest.approx(7.0 + 40.0 + 2.0)


def test_a_figure_without_doubt_is_a_point_and_with_doubt_a_range_around_it():
    assert Interval.around(8.0) == Interval(8.0, 8.0, 8.0)
    assert Interval.around(8.0, 0.25) == Interval(6.0, 8.0, 10.0)
    assert Interval.around(-8.0, 0.25) == Interval(-10.0, -8.0, -6.0)


def test_speed_and_privacy_are_reasons_of_their_own():
    slow = CostModel("far", DEAR.price, 2_500, 25, seconds=2.0)
    near = CostModel("home", TUNED.price, 260, 25, seconds=0.5, private=True)
    assert estimate_roi([slow], near, MANY, TuningCosts()).other_reasons == (
        "answers in 0.5 s instead of 2.0 s",
        "messages would no longer leave your machines",
    )


def test_a_date_in_the_past_leaves_no_months():
    assert months_until("2020-01-01", 1_800_000_000.0) == 0.0
    assert months_until(None, 0.0) is None


@given(
    st.floats(0, 1e-4),
    st.floats(0, 1e-4),
    st.integers(1, 20_000),
    st.integers(1, 10**7),
    st.floats(0, 0.9),
)
def test_it_pays_only_where_a_call_gets_cheaper_and_ranges_are_in_order(
    base, tuned, tokens, calls, doubt
):
    one = CostModel("one", Price(base, base, base), tokens, 25)
    other = CostModel("other", Price(tuned, tuned, tuned), 260, 25)

    roi = estimate_roi([one], other, Interval.around(calls, doubt), TuningCosts())

    assert roi.monthly_usd.low <= roi.monthly_usd.likely <= roi.monthly_usd.high
    assert not roi.pays or roi.saved_per_call_usd > 0

    if roi.break_even_months:
        assert (
            roi.break_even_months.low <= roi.break_even_months.likely <= roi.break_even_months.high
        )


def test_the_command_checks_the_table_with_the_prices_of_today():
    told = CliRunner().invoke(app, ["roi", "--check", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["ok"]


def test_the_command_says_when_it_does_not_pay():
    told = CliRunner().invoke(app, ["roi", "--calls", "100"])
    assert told.exit_code == 0, told.output
    assert "not worth tuning" in told.stdout
