"""Usage statistics."""

from __future__ import annotations

import pytest

from router.types import Outcome


def test_figures_count_what_was_not_found(store, clock, make_request, make_decision):
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision("handbook"), clock())
    store.decisions.insert_outcome(
        request.id, 0, Outcome("", {"answered": False}, kind="rag", route="handbook"), clock()
    )
    assert store.stats.since("T1", clock() - 10, "U1").not_found == 1
    assert store.stats.since("T1", clock() - 10, "U2").requests == 0


def test_who_asks_again_waits_from_the_click_on(store, clock, make_request, make_decision):
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision("triage"), clock())
    answer(store, request.id, 0, clock() + 2)
    assert store.stats.since("T1", clock() - 10).p95_seconds == pytest.approx(2, rel=0.05)

    again = make_decision("handbook")
    store.decisions.revise(request.id, again, 0, clock() + 600, asked_by="U1")
    answer(store, request.id, 1, clock() + 603)

    assert store.stats.since("T1", clock() - 10).p95_seconds == pytest.approx(3, rel=0.05)


def answer(store, key, revision, at):
    lease = store.requests.acquire(key, "w1", at, 20.0)
    outcome = Outcome("Yes.", route="handbook", kind="rag")
    store.decisions.insert_outcome_held(lease, revision, outcome, at)
    store.requests.complete(lease, "answered", at)
