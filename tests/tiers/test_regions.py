"""Regions of a route's requests: the same examples give the same regions, near ones share one."""

from __future__ import annotations

import numpy as np

from router.tiers.regions import MAX_REGIONS, find_regions


def cluster(centre: int, count: int, rng) -> np.ndarray:
    rows = rng.normal(0, 0.05, (count, 16))
    rows[:, centre] += 1
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_requests_that_are_alike_share_a_region_and_others_do_not():
    rng = np.random.default_rng(0)
    vectors = np.vstack([cluster(0, 8, rng), cluster(5, 8, rng)])
    regions = find_regions([f"text {n:02}" for n in range(16)], vectors, "e")

    names = regions.names_of(np.vstack([cluster(0, 3, rng), cluster(5, 3, rng)]))
    assert len(regions.names) == 2
    assert len(set(names[:3])) == 1
    assert len(set(names[3:])) == 1
    assert names[0] != names[3]


def test_the_order_of_examples_changes_nothing():
    rng = np.random.default_rng(1)
    vectors = np.vstack([cluster(n % 4, 1, rng) for n in range(40)])
    texts = [f"text {n:02}" for n in range(40)]
    order = rng.permutation(40)
    query = cluster(2, 5, rng)

    first = find_regions(texts, vectors, "e")
    second = find_regions([texts[i] for i in order], vectors[order], "e")
    assert first.names == second.names
    assert first.names_of(query) == second.names_of(query)


def test_few_examples_are_one_region_and_many_no_more_than_fit():
    rng = np.random.default_rng(2)
    few = find_regions(["a"], cluster(0, 1, rng), "e")
    many = find_regions([f"{n:03}" for n in range(200)], cluster(0, 200, rng), "e")

    assert len(few.names) == 1
    assert len(many.names) == MAX_REGIONS


def test_other_examples_have_other_names():
    rng = np.random.default_rng(3)
    vectors = cluster(0, 2, rng)

    assert (
        find_regions(["a", "b"], vectors, "e").names != find_regions(["a", "c"], vectors, "e").names
    )
