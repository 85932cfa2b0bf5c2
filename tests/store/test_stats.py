"""Usage statistics."""

from __future__ import annotations

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
