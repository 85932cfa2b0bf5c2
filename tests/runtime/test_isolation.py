"""A request that may end its process is served without others beside it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from workers.runtime.leases import MAX_SHARED_TRIES, Isolation, Leases
from workers.runtime.processes import wait_until

LONG = 600.0
"""Only a failure waits so long."""


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as threads:
        yield threads


def serve(isolation, begun, goes_on, *, alone):
    with isolation.serving(alone=alone):
        begun.set()
        assert goes_on.wait(LONG)


def test_a_suspect_begins_when_the_others_have_ended(pool):
    isolation = Isolation(LONG)
    begun, go_on = [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]
    other = pool.submit(serve, isolation, begun[0], go_on[0], alone=False)
    assert begun[0].wait(LONG)
    suspect = pool.submit(serve, isolation, begun[1], go_on[1], alone=True)
    assert wait_until(lambda: isolation._is_closed, LONG)
    assert not begun[1].is_set()

    go_on[0].set()
    assert begun[1].wait(LONG)
    go_on[1].set()
    other.result(LONG)
    suspect.result(LONG)


def test_others_begin_when_the_suspect_has_ended(pool):
    isolation = Isolation(LONG)
    begun, go_on = [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]
    suspect = pool.submit(serve, isolation, begun[0], go_on[0], alone=True)
    assert begun[0].wait(LONG)
    other = pool.submit(serve, isolation, begun[1], go_on[1], alone=False)
    assert not begun[1].is_set()

    go_on[0].set()
    assert begun[1].wait(LONG)
    go_on[1].set()
    suspect.result(LONG)
    other.result(LONG)


def test_nobody_waits_for_ever(pool):
    isolation = Isolation(0.0)
    begun, go_on = [threading.Event() for _ in range(2)], threading.Event()
    suspect = pool.submit(serve, isolation, begun[0], go_on, alone=True)
    assert begun[0].wait(LONG)
    other = pool.submit(serve, isolation, begun[1], go_on, alone=False)

    assert begun[1].wait(LONG)
    go_on.set()
    suspect.result(LONG)
    other.result(LONG)


def test_a_request_is_served_alone_from_its_third_attempt_on(
    store, clock, make_request, make_decision, monkeypatch
):
    served_alone = []
    real = Isolation.serving

    def note(self, *, alone):
        served_alone.append(alone)
        return real(self, alone=alone)

    monkeypatch.setattr(Isolation, "serving", note)
    request = make_request()
    store.requests.insert(request, clock())
    store.decisions.insert_first(request.id, make_decision(), clock())

    # Its worker ends each time without a word: the lease runs out.
    for _ in range(MAX_SHARED_TRIES + 1):
        with Leases(store.requests, "w1", clock, 20.0).claim() as lease:
            assert lease is not None
        clock.forward(60)

    assert served_alone == [False] * MAX_SHARED_TRIES + [True]
