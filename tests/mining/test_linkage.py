"""Nearest neighbours and average linkage, for few rows and for many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import average, cophenet
from scipy.spatial.distance import pdist, squareform

from workers.mining import neighbours as near
from workers.mining.linkage import average_linkage
from workers.mining.neighbours import find_neighbours


def scattered(count, kinds, seed=0, spread=0.4):
    """Rows of length 1 around so many centres."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(kinds, 48))
    rows = centres[random.integers(0, kinds, count)] + spread * random.normal(size=(count, 48))

    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_the_tree_is_the_one_that_average_linkage_makes():
    rows = scattered(80, 6)
    tree = average_linkage(rows, find_neighbours(rows, 79))
    wanted = squareform(cophenet(average(pdist(rows, "cosine"))))
    met = np.full((80, 80), np.inf)

    for node in range(len(tree.size) - 1, 79, -1):
        inside = tree.members(node)
        met[np.ix_(inside, inside)] = tree.height[node]

    joined = np.isfinite(met) & ~np.eye(80, dtype=bool)
    assert joined.mean() > 0.1
    assert met[joined] == pytest.approx(wanted[joined], abs=1e-4)


def test_every_row_is_in_one_place_and_every_branch_holds_what_its_halves_hold():
    rows = scattered(500, 20)
    tree = average_linkage(rows, find_neighbours(rows, 20))
    assert sorted(tree.order.tolist()) == list(range(500))

    for node in range(500, len(tree.size)):
        halves = np.concatenate([tree.members(half) for half in tree.children[node]])
        assert sorted(halves.tolist()) == tree.members(node).tolist()
        assert all(tree.parent[half] == node for half in tree.children[node])


@pytest.fixture(params=[2_500, pytest.param(6_000, marks=pytest.mark.training)])
def many(request, monkeypatch):
    """More rows than are compared one by one."""
    monkeypatch.setattr(near, "EXACT_MAX_ROWS", 1_000)
    return scattered(request.param, request.param // 40)


def test_among_many_rows_most_of_the_nearest_are_found_and_said_exactly_how_near(many, monkeypatch):
    found = find_neighbours(many, 10)
    monkeypatch.setattr(near, "EXACT_MAX_ROWS", len(many))
    exact = find_neighbours(many, 10)
    shared = [
        len(set(a) & set(b)) for a, b in zip(found.rows.tolist(), exact.rows.tolist(), strict=True)
    ]
    assert np.mean(shared) >= 9
    rows = np.arange(len(many))[:, None]
    assert found.cosines == pytest.approx(
        np.einsum("ijk,ijk->ij", many[rows], many[found.rows]), abs=1e-5
    )
    assert (np.diff(found.cosines, axis=1) <= 1e-6).all()


def test_no_row_is_its_own_neighbour_however_many_are_the_same(many):
    same = np.concatenate([many[:1_500], np.tile(many[:1], (1_500, 1))])
    found = find_neighbours(same, 10)
    assert (found.rows != np.arange(len(same))[:, None]).all()
    assert (found.rows >= 0).all()
    assert found.cosines[1_500:] == pytest.approx(1.0, abs=1e-5)
