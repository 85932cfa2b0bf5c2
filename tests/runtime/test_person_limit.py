"""A person may ask so often in a minute; beyond that they are told once, and until when."""

from __future__ import annotations

import pytest

from router.errors import RateLimitError
from router.types import SlackPerson
from workers.runtime.person_limit import MAX_PEOPLE, PersonLimit
from workers.runtime.processes import wait_until

PATIENCE_SECONDS = 20.0


@pytest.fixture(params=["redis", "memory", "redis that is down"])
def limits(request, clock):
    """Two processes' limits of three requests a minute, with a short pause."""
    url = {"memory": "", "redis that is down": "redis://127.0.0.1:1/0"}.get(request.param)
    if url is None:
        url = request.getfixturevalue("broker").url
        return PersonLimit(3, clock, url, 0.2), PersonLimit(3, clock, url, 0.2)

    one = PersonLimit(3, clock, url, 0.2)
    return one, one


def refusal(limit, user="U1", **over):
    """The refusal of one more request; None when it is accepted."""
    try:
        limit.check(SlackPerson("T1", user), **over)
    except RateLimitError as error:
        return error

    return None


def test_what_goes_beyond_the_limit_is_refused_and_only_the_first_refusal_is_told(limits):
    one, other = limits
    assert [refusal(limit) for limit in (one, other, one)] == [None] * 3

    first, second = refusal(other), refusal(one)

    assert (first.is_first, second.is_first) == (True, False)
    assert first.scope == "minute"
    assert first.limit == 3


def test_nobody_else_is_refused_and_other_kinds_count_apart(limits):
    for _ in range(4):
        refusal(limits[0])

    assert refusal(limits[1], user="U2") is None
    assert refusal(limits[1], kind="heard") is None


def test_after_the_pause_the_person_is_heard_again(limits, clock):
    for _ in range(4):
        refusal(limits[0])

    def is_accepted():
        clock.forward(20)
        return refusal(limits[0]) is None

    # Redis has a clock of its own, and refills a token in 20 s of it; the pause ends before.
    if limits[0] is limits[1]:
        assert is_accepted()
    else:
        assert wait_until(lambda: refusal(limits[0]).is_first, PATIENCE_SECONDS)


def test_without_a_limit_everything_is_accepted(clock):
    limit = PersonLimit(0, clock)

    assert [refusal(limit) for _ in range(1000)] == [None] * 1000


def test_the_limit_says_until_when(clock):
    limit = PersonLimit(1, clock)
    refusal(limit)

    assert refusal(limit).resets_at == clock() + 60.0

    clock.forward(59)
    assert refusal(limit).resets_at == clock() + 1.0

    clock.forward(1)
    assert refusal(limit) is None


def test_people_who_left_are_not_remembered(clock):
    limit = PersonLimit(1, clock)
    for number in range(MAX_PEOPLE):
        limit.check(SlackPerson("T1", f"U{number}"))

    clock.forward(61)
    limit.check(SlackPerson("T1", "U-new"))

    assert len(limit._buckets) == 1


def test_an_equal_id_of_another_company_is_counted_apart(clock):
    limit = PersonLimit(1, clock)
    limit.check(SlackPerson("T1", "U1"))

    limit.check(SlackPerson("T1", "U1", "T9"))

    with pytest.raises(RateLimitError):
        limit.check(SlackPerson("T1", "U1", "T9"))
