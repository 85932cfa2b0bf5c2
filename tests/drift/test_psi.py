"""The population stability index (PSI) ignores noise and detects a shift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.drift.psi import bin_counts, critical_psi, psi, quantile_edges

BINS = st.integers(2, 12)
COUNTS = BINS.flatmap(lambda n: st.lists(st.integers(0, 300), min_size=n, max_size=n))
PAIRS = BINS.flatmap(
    lambda n: st.tuples(
        *[st.lists(st.integers(0, 300), min_size=n, max_size=n)] * 2, st.permutations(range(n))
    )
)
VALUES = st.lists(st.floats(0, 2, allow_nan=False), min_size=20, max_size=80)


@given(COUNTS)
def test_the_same_distribution_has_not_moved(counts):
    assert psi(counts, counts) == 0.0


@given(PAIRS)
def test_it_is_never_below_nothing_and_does_not_depend_on_which_came_first(pair):
    one, other, _ = pair
    assert psi(one, other) >= 0.0
    assert psi(one, other) == pytest.approx(psi(other, one))


@given(PAIRS)
def test_the_order_of_the_bins_does_not_matter(pair):
    one, other, order = pair
    assert psi([one[i] for i in order], [other[i] for i in order]) == pytest.approx(psi(one, other))


@given(VALUES, VALUES, st.randoms(use_true_random=False))
def test_the_order_of_the_requests_does_not_matter(then, now, chance):
    mixed = list(now)
    chance.shuffle(mixed)
    edges = quantile_edges(then)
    assert quantile_edges(sorted(then)) == edges
    assert bin_counts(edges, mixed) == bin_counts(edges, now)
    assert sum(bin_counts(edges, now)) == len(now)


def test_it_grows_with_the_share_that_moved():
    before = [50] * 10
    found = [psi(before, [50 - moved] * 9 + [50 + 9 * moved]) for moved in (0, 5, 15, 30)]
    assert found == sorted(found)
    assert found[0] == 0.0
    assert found[-1] > 0.2


def test_chance_alone_exceeds_its_bound_about_once_in_a_hundred_times():
    rng = np.random.default_rng(0)
    above = 0

    for _ in range(2000):
        then, now = rng.normal(size=200), rng.normal(size=60)
        edges = quantile_edges(list(then))
        before, after = bin_counts(edges, list(then)), bin_counts(edges, list(now))
        above += psi(before, after) > critical_psi(before, after)

    assert above / 2000 < 0.02


def test_empty_samples_give_no_index():
    assert critical_psi([10, 10], [0, 0]) == float("inf")
