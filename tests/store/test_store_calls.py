"""Every method of the store that the query and lock tests call has a sample for its parameters."""

from __future__ import annotations

from evals.bench.aged.year import fill
from tests.fixtures.store_calls import PARTS, store_calls


def test_every_method_of_a_growing_part_can_be_called(sqlite_store) -> None:
    fill(sqlite_store, 20, 0, (1.0, 0.0))

    called = {name.partition(".")[0] for name, _ in store_calls(sqlite_store)}

    assert called == set(PARTS)
