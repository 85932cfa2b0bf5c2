"""Contract of the stored drift checks, on every database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from router.store.weekly.drift_checks import DriftCheck
from router.types import Candidate


@pytest.fixture
def drifts(every_store):
    every_store.candidates.upsert(Candidate("c1", "T1", "leave", "d", "digested"), 1.0)
    return every_store.drift_checks


def make_check(key="a", week="2027-W01", at=1.0, **over):
    return DriftCheck(key, "T1", "c1", week, {"alarms": []}, at, **over)


def test_a_look_is_kept_once(drifts):
    assert drifts.insert(make_check())
    assert not drifts.insert(make_check(at=2.0))
    assert drifts.get("a").at == 1.0


def test_the_newest_look_and_those_of_a_week_can_be_found(drifts):
    for number, week in enumerate(("2027-W01", "2027-W02")):
        drifts.insert(make_check(str(number), week, float(number)))

    assert drifts.newest("c1").week == "2027-W02"
    assert [one.id for one in drifts.for_candidate("c1")] == ["0", "1"]
    assert [one.id for one in drifts.for_week("T1", "2027-W01")] == ["0"]
    assert drifts.newest("c2") is None


def test_one_of_many_posts_it_and_a_claim_that_was_left_is_free_again(drifts):
    drifts.insert(make_check())
    assert drifts.unannounced() == []
    drifts.mark_for_announcement("a")
    assert [one.id for one in drifts.unannounced()] == ["a"]

    with ThreadPoolExecutor(8) as pool:
        took = list(pool.map(lambda _: drifts.claim("a", "C1", 100.0, 40.0), range(8)))

    assert took.count(True) == 1
    assert drifts.claim("a", "C1", 200.0, 140.0)
    drifts.release("a")
    assert drifts.claim("a", "C1", 201.0, 141.0)
    drifts.mark_posted("a", "1.0")
    assert not drifts.claim("a", "C1", 900.0, 840.0)
    assert drifts.unannounced() == []


def test_looks_go_with_their_workspace(every_store, drifts):
    from workers.privacy.workspace_purge import purge_workspace

    drifts.insert(make_check())
    purge_workspace(every_store, "T1")
    assert drifts.get("a") is None
