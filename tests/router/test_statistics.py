"""Intervals and tests that decide: they hold what they promise, also where every row agrees."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.statistics import (
    mean_interval,
    paired_difference,
    rows_for_margin,
    share_difference,
    share_interval,
    sign_test,
)

SHARES = [number / 20 for number in range(21)]
right_or_wrong = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)
scores = st.lists(st.floats(0, 1), min_size=1, max_size=40)
pairs = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def binomial(count: int, hits: int, share: float) -> float:
    return math.comb(count, hits) * share**hits * (1 - share) ** (count - hits)


@pytest.mark.parametrize("count", [5, 12, 30, 100])
def test_the_interval_of_a_share_holds_the_true_share_95_times_in_100(count):
    coverage = []
    for share in SHARES:
        held = 0.0
        for hits in range(count + 1):
            low, high = share_interval(hits / count, count)
            held += binomial(count, hits, share) * (low <= share <= high)

        coverage.append(held)

    # A score interval holds it 95 times on average, at single shares a little less.
    assert sum(coverage) / len(coverage) >= 0.945
    assert min(coverage) >= 0.89


@pytest.mark.parametrize("count", [6, 14])
def test_the_paired_interval_holds_the_true_difference_95_times_in_100(count):
    coverage = []
    for better, worse in product((0.0, 0.05, 0.1, 0.3, 0.5), repeat=2):
        held = 0.0
        for hits, misses in product(range(count + 1), repeat=2):
            ties = count - hits - misses
            if ties < 0:
                continue

            new = [1.0] * hits + [0.0] * misses + [1.0] * ties
            old = [0.0] * hits + [1.0] * misses + [1.0] * ties
            found = paired_difference(new, old)
            ways = math.comb(count, hits) * math.comb(count - hits, misses)
            chance = ways * better**hits * worse**misses * (1 - better - worse) ** ties
            held += chance * (found.low - 1e-9 <= better - worse <= found.high + 1e-9)

        coverage.append(held)

    assert sum(coverage) / len(coverage) >= 0.95
    assert min(coverage) >= 0.93


@given(right_or_wrong | scores)
def test_an_interval_holds_the_mean_and_is_never_a_point(values):
    low, high = mean_interval(values)

    assert 0 <= low <= sum(values) / len(values) + 1e-9
    assert sum(values) / len(values) - 1e-9 <= high <= 1
    assert high - low > 1 / (len(values) + 5)


@given(pairs)
def test_a_paired_interval_holds_the_gain_and_is_never_a_point(rows):
    found = paired_difference([new for new, _ in rows], [old for _, old in rows])

    assert -1 <= found.low <= found.gain <= found.high <= 1
    assert found.high - found.low > 1 / (len(rows) + 5)


@given(pairs)
def test_changing_sides_changes_the_sign(rows):
    new, old = [pair[0] for pair in rows], [pair[1] for pair in rows]
    forth, back = paired_difference(new, old), paired_difference(old, new)

    assert (forth.better, forth.worse, forth.p) == (back.worse, back.better, back.p)
    assert forth.gain == pytest.approx(-back.gain)


def test_all_rows_right_leave_as_much_doubt_as_there_are_few():
    assert mean_interval([1.0] * 12) == (pytest.approx(0.757, abs=0.001), 1.0)
    assert mean_interval([0.0] * 12) == (0.0, pytest.approx(0.243, abs=0.001))
    assert mean_interval([1.0] * 360)[0] > 0.98


def test_nothing_measured_says_nothing():
    found = paired_difference([], [])

    assert (share_interval(0.0, 0), mean_interval([])) == ((0.0, 1.0), (0.0, 1.0))
    assert (found.low, found.high, found.p, found.significant) == (-1.0, 1.0, 1.0, False)


def test_ties_show_that_a_version_keeps_up_only_on_enough_rows():
    enough = rows_for_margin(0.03)

    assert enough == 125
    assert paired_difference([1.0] * enough, [1.0] * enough).low > -0.03
    assert paired_difference([1.0] * (enough - 1), [1.0] * (enough - 1)).low <= -0.03


def test_the_exact_test_agrees_with_a_count_of_all_outcomes():
    for better, worse in product(range(9), repeat=2):
        differing = better + worse
        fewer = min(better, worse)
        chance = sum(math.comb(differing, number) for number in range(fewer + 1)) / 2**differing
        assert sign_test(better, worse) == pytest.approx(min(1.0, 2 * chance))


def test_the_exact_test_takes_any_number_of_rows():
    assert sign_test(0, 5000) < 1e-300
    assert sign_test(5000, 5000) == 1.0


def test_a_difference_counts_only_where_test_and_interval_agree():
    few = paired_difference([1.0] * 4 + [0.0] * 6, [0.0] * 10)
    many = paired_difference([1.0] * 8 + [0.0] * 12, [0.0] * 20)

    # Four better rows and none worse: the interval is above 0, the exact test is not sure.
    assert (few.low > 0, few.significant) == (True, False)
    assert many.significant


# Newcombe 1998, table II, method 10: the published ends for pairs of counts.
@pytest.mark.parametrize(
    ("hits", "count", "other_hits", "other_count", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (10, 10, 0, 20, 0.6791, 1.0),
        (0, 10, 0, 20, -0.1611, 0.2775),
    ],
)
def test_the_difference_of_two_shares_is_the_published_one(
    hits, count, other_hits, other_count, low, high
):
    found = share_difference(hits / count, count, other_hits / other_count, other_count)

    assert found[1:] == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
