"""Calls that may be left out: in order, on one thread, and never more than there is room for."""

from __future__ import annotations

import threading

from workers.runtime.background_calls import BackgroundCalls
from workers.runtime.processes import wait_until

SECONDS = 60.0


def test_what_finds_no_room_is_left_out_and_an_error_ends_nothing():
    calls, gate, done = BackgroundCalls("test", 2), threading.Event(), []
    begun = threading.Event()

    def first():
        begun.set()
        gate.wait(SECONDS)
        raise ValueError("lost")

    assert calls.submit(first)
    assert begun.wait(SECONDS)
    accepted = [calls.submit(lambda n=number: done.append(n)) for number in range(5)]
    gate.set()

    assert accepted == [True, True, False, False, False]
    assert wait_until(lambda: calls.is_idle, SECONDS)
    assert done == [0, 1]


def test_a_call_after_the_thread_has_ended_is_run_too():
    calls, done = BackgroundCalls("test", 1), []
    for number in range(3):
        assert calls.submit(lambda n=number: done.append(n))
        assert wait_until(lambda: calls.is_idle, SECONDS)

    assert done == [0, 1, 2]
