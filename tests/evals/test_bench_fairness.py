"""What `beagle bench fairness` measures: the other workspace's questions are served in turn."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.bench.delivery.fairness import BUSY, CALM, FairnessBench
from router.store import Store


@pytest.fixture
def bench(store: Store) -> FairnessBench:
    return FairnessBench(store, model_seconds=0.0)


def test_each_question_is_served_among_the_next_two_whatever_waits(bench):
    for number in range(200):
        bench.ask(*BUSY, number)
    for _ in range(20):
        bench.serve_one()

    for number in range(10):
        key = bench.ask(*CALM, number)
        bench.serve_one()
        bench.serve_one()
        assert bench.store.requests.get(key).state == "answered"

    served = Counter(request.team for request in bench.answered())
    assert served == {BUSY[0]: 30, CALM[0]: 10}
