"""The money: known answers come out, losses are never recommended, and guesses stay ranges."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli.__main__ import app
from router.errors import SettingsError
from workers.llm.pricing import Price
from workers.readiness.roi import Effort, Range, Way, months_until, work_out
from workers.readiness.roi_check import AS_WORKED_OUT, check

DEAR = Way("dear", Price(2.5e-6, 1.25e-6, 10e-6), 2_500, 25)
CHEAP = Way("cheap", Price(0.1e-6, 0.01e-6, 0.5e-6), 2_500, 25, cached_share=0.9)
TUNED = Way("tuned", Price(0.3e-6, 0.15e-6, 1.2e-6), 260, 25)
MANY = Range.of(100_000, 0.25)


def test_the_table_that_was_worked_out_by_hand_comes_out():
    assert [line.what for line in check(AS_WORKED_OUT.get) if not line.ok] == []


def test_a_changed_price_is_noticed():
    dearer = AS_WORKED_OUT | {"gpt-4o": Price(5e-6, 1.25e-6, 10e-6)}
    assert any(not line.ok for line in check(dearer.get))


def test_it_compares_with_the_cheapest_prompted_way_that_passes():
    assert work_out([DEAR, CHEAP], TUNED, MANY, Effort()).against == "cheap"
    failing = Way("cheap", CHEAP.price, 2_500, 25, passes=False)
    assert work_out([DEAR, failing], TUNED, MANY, Effort()).against == "dear"


def test_a_dearer_call_is_never_recommended_whatever_the_volume():
    roi = work_out([CHEAP], TUNED, Range.of(1e12), Effort())
    assert not roi.pays
    assert roi.calls_needed is None
    assert roi.break_even_months is None
    assert "no number of calls pays" in roi.why[-1]


def test_nothing_to_compare_with_is_said_and_not_guessed():
    with pytest.raises(SettingsError, match="improve a prompt first"):
        work_out([Way("bad", DEAR.price, 10, 1, passes=False)], TUNED, MANY, Effort())


def test_a_base_model_that_ends_soon_makes_it_not_pay():
    calls = Range.of(40_000)
    assert work_out([DEAR], TUNED, calls, Effort()).pays
    assert not work_out([DEAR], TUNED, calls, Effort(), months_left=6.1).pays
    assert work_out([DEAR], TUNED, calls, Effort(), months_left=6.1, spare_months=0.0).pays


def test_speed_and_privacy_are_reasons_of_their_own():
    slow = Way("far", DEAR.price, 2_500, 25, seconds=2.0)
    near = Way("home", TUNED.price, 260, 25, seconds=0.5, private=True)
    assert work_out([slow], near, MANY, Effort()).other_reasons == (
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
    one = Way("one", Price(base, base, base), tokens, 25)
    other = Way("other", Price(tuned, tuned, tuned), 260, 25)

    roi = work_out([one], other, Range.of(calls, doubt), Effort())

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
