"""A failing model is left alone, and asked again now and then."""

from __future__ import annotations

import pytest

from workers.llm.circuit_breaker import FAILURES_TO_OPEN, PROBE_SECONDS, CircuitBreaker


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def breaker(time: Time) -> CircuitBreaker:
    return CircuitBreaker(time)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.record_failure()


def test_one_failure_fewer_than_it_takes_stops_no_call(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES_TO_OPEN - 1)

    assert breaker.allow_request()
    assert breaker.seconds_to_probe == 0.0


def test_after_enough_failures_in_a_row_calls_are_refused(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES_TO_OPEN)

    assert not breaker.allow_request()
    assert breaker.seconds_to_probe == PROBE_SECONDS


def test_a_success_makes_the_count_start_again(breaker: CircuitBreaker) -> None:
    fail(breaker, FAILURES_TO_OPEN - 1)
    breaker.record_success()
    fail(breaker, FAILURES_TO_OPEN - 1)

    assert breaker.allow_request()


def test_when_the_pause_is_over_one_caller_probes_and_the_next_waits_a_whole_pause(
    breaker: CircuitBreaker, time: Time
) -> None:
    fail(breaker, FAILURES_TO_OPEN)

    time.seconds += PROBE_SECONDS - 0.5
    assert not breaker.allow_request()
    time.seconds += 0.5
    assert breaker.allow_request()
    assert not breaker.allow_request()
    assert breaker.seconds_to_probe == PROBE_SECONDS
    time.seconds += PROBE_SECONDS
    assert breaker.allow_request()


def test_a_probe_that_fails_begins_a_new_pause_when_it_ends(
    breaker: CircuitBreaker, time: Time
) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    time.seconds += PROBE_SECONDS
    assert breaker.allow_request()

    time.seconds += 10.0
    fail(breaker, 1)

    assert breaker.seconds_to_probe == PROBE_SECONDS
    assert not breaker.allow_request()


def test_a_probe_that_succeeds_lets_everybody_through(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, FAILURES_TO_OPEN)
    time.seconds += PROBE_SECONDS
    assert breaker.allow_request()

    breaker.record_success()

    assert breaker.allow_request()
    assert breaker.allow_request()


def test_a_pause_that_is_long_over_is_never_negative(breaker: CircuitBreaker, time: Time) -> None:
    fail(breaker, FAILURES_TO_OPEN)

    time.seconds += 3 * PROBE_SECONDS

    assert breaker.seconds_to_probe == 0.0
