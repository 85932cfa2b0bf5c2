"""Who leads the periodic work, on each database."""

from __future__ import annotations

import threading

import pytest

SECONDS = 6.0
NOW = 1_800_000_000.0


@pytest.fixture
def leaders(every_store):
    return every_store.leaders


def test_one_process_holds_the_work_until_its_lease_ends(leaders) -> None:
    first = leaders.hold("periodic", "a", NOW, SECONDS)

    assert first == 1
    assert leaders.hold("periodic", "b", NOW + 5.9, SECONDS) is None
    assert leaders.hold("periodic", "b", NOW + 6.0, SECONDS) == 2
    assert leaders.holders(NOW + 7) == {"periodic": "b"}
    assert not leaders.is_current("periodic", "a", first)
    assert leaders.is_current("periodic", "b", 2)


def test_who_renews_in_time_stays_with_the_same_token(leaders) -> None:
    for step in range(5):
        assert leaders.hold("periodic", "a", NOW + 2 * step, SECONDS) == 1

    assert leaders.hold("periodic", "b", NOW + 13, SECONDS) is None


def test_kinds_of_work_have_leaders_of_their_own(leaders) -> None:
    leaders.hold("periodic", "a", NOW, SECONDS)
    leaders.hold("reaper", "b", NOW, SECONDS)

    assert leaders.holders(NOW) == {"periodic": "a", "reaper": "b"}


def test_what_is_given_up_can_be_taken_at_once_but_not_what_another_one_has(leaders) -> None:
    leaders.hold("periodic", "a", NOW, SECONDS)
    leaders.release("periodic", "b")
    assert leaders.hold("periodic", "b", NOW, SECONDS) is None

    leaders.release("periodic", "a")
    assert leaders.holders(NOW) == {}
    assert leaders.hold("periodic", "b", NOW, SECONDS) == 2


def test_a_lease_of_a_clock_that_was_ahead_keeps_nobody_away(leaders) -> None:
    leaders.hold("periodic", "a", NOW + 3_600, SECONDS)

    assert leaders.hold("periodic", "b", NOW, SECONDS) == 2


def test_of_many_that_ask_at_the_same_moment_one_leads(leaders) -> None:
    gate = threading.Barrier(8)
    results = []

    def ask(name: str) -> None:
        gate.wait(60)
        results.append(leaders.hold("periodic", name, NOW, SECONDS))

    threads = [threading.Thread(target=ask, args=(str(n),), daemon=True) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(results, key=str) == [1, *[None] * 7]
