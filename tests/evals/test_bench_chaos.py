"""`beagle bench chaos` kills every kind of process, and nothing is lost or answered twice."""

from __future__ import annotations

import pytest

from evals.bench.faults.chaos import measure


@pytest.mark.nightly
def test_a_kill_of_every_process_and_of_the_database_loses_and_doubles_nothing() -> None:
    kills = {"worker": 2, "broker": 1, "bot": 1, "database": 1}

    figures = measure(40, kills, seconds=8.0, seed=1)

    assert (figures["done"], figures["lost"], figures["duplicates"]) == (40, 0, 0)
    assert [figures[f"{kind}_kills"] for kind in kills] == [2, 1, 1, 1]
