"""A process that leads, and what it does when it was away for too long."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.app import Backend
from router.config import Settings
from router.errors import LeadershipLostError, StoreAwayError
from workers.fakes import MemoryQueue
from workers.runtime.scheduling.leader import LeaderLease, confirm_leadership

SECONDS = 6.0


@pytest.fixture
def lead(store, clock):
    """Makes a process that competes for the work; `renew` is what its thread would do."""
    return lambda name: LeaderLease(store, "periodic", name, clock, SECONDS)


def test_only_the_leader_does_the_work(lead) -> None:
    runs = []
    first, second = lead("a"), lead("b")
    first.renew()
    second.renew()

    first.led(lambda: runs.append("a"))()
    second.led(lambda: runs.append("b"))()

    assert runs == ["a"]


def test_a_leader_that_is_gone_is_replaced_within_its_lease_and_one_renewal(lead, clock) -> None:
    first, second = lead("a"), lead("b")
    first.renew()
    seconds = 0.0
    while not second.is_held:
        clock.forward(SECONDS / 3)
        seconds += SECONDS / 3
        second.renew()

    assert seconds <= SECONDS * 4 / 3


def test_a_leader_that_was_frozen_does_nothing_when_it_wakes_up(lead, clock) -> None:
    runs = []
    frozen = lead("a")
    frozen.renew()
    clock.forward(SECONDS)

    # Also before anybody else has taken over, and before its own thread has looked.
    frozen.led(lambda: runs.append("late"))()
    assert runs == []


def test_the_log_says_who_took_the_work_and_who_lost_it(lead, clock) -> None:
    frozen, other = lead("a"), lead("b")
    with capture_logs() as logs:
        frozen.renew()
        frozen.renew()
        clock.forward(SECONDS)
        other.renew()
        frozen.renew()

    assert [line["event"] for line in logs] == [
        "leadership_taken",
        "leadership_taken",
        "leadership_lost",
    ]
    assert [line["fence"] for line in logs] == [1, 2, 1]


def test_what_was_frozen_in_the_middle_of_its_work_says_nothing_more(lead, clock) -> None:
    said = []
    frozen, other = lead("a"), lead("b")
    frozen.renew()

    def work() -> None:
        confirm_leadership()
        said.append("before")
        clock.forward(SECONDS)
        other.renew()
        confirm_leadership()
        said.append("after")

    frozen.led(work)()
    assert said == ["before"]


def test_a_machine_whose_clock_stood_still_asks_the_store(store, clock) -> None:
    stopped = [clock()]
    paused = LeaderLease(store, "periodic", "a", lambda: stopped[0], SECONDS)
    other = LeaderLease(store, "periodic", "b", clock, SECONDS)
    paused.renew()
    clock.forward(SECONDS)
    other.renew()

    assert paused.is_held
    with pytest.raises(LeadershipLostError):
        paused.confirm()


def test_what_is_no_leaders_work_needs_no_leadership(lead) -> None:
    other = lead("b")
    other.renew()

    confirm_leadership()
    with pytest.raises(LeadershipLostError):
        lead("a").confirm()


def test_a_process_that_ends_hands_the_work_over_at_once(lead) -> None:
    first, second = lead("a"), lead("b")
    first.start()
    assert first.is_held
    first.stop()
    assert not first.is_held

    second.renew()
    assert second.is_held


class UnwritableLeaders:
    """The rows of a database that takes no writes."""

    def hold(self, *_: object) -> int:
        raise StoreAwayError("using the store: the disk is full")


@pytest.mark.parametrize("is_embedded", [True, False])
def test_on_a_full_disk_the_leader_of_a_file_goes_on_making_room(clock, is_embedded) -> None:
    leaders = SimpleNamespace(hold=lambda *_: 1)
    lease = LeaderLease(
        SimpleNamespace(leaders=leaders, is_embedded=is_embedded), "periodic", "a", clock, SECONDS
    )
    lease.renew()
    leaders.hold = UnwritableLeaders().hold
    for _ in range(4):
        clock.forward(SECONDS / 3)
        lease.renew()

    # Of a server that is away nobody knows who else can reach it.
    assert lease.is_held is is_embedded

    # Who was frozen meanwhile does not lead again by itself.
    clock.forward(SECONDS * 2)
    lease.renew()
    assert not lease.is_held


def test_no_error_of_the_store_ends_the_thread_that_renews(clock) -> None:
    answers = [ValueError("the row is damaged"), 1]
    asked_twice = threading.Event()

    def hold(*_: object) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        asked_twice.set()
        answers.append(1)
        return 1

    leaders = SimpleNamespace(hold=hold, release=lambda *_: None)
    store = SimpleNamespace(leaders=leaders, is_embedded=False)
    lease = LeaderLease(store, "periodic", "a", clock, seconds=0.01)
    lease.start()

    assert asked_twice.wait(60)
    lease.stop()


def test_the_setting_says_for_how_long_a_silent_leader_stays(store, clock, tmp_path) -> None:
    backend = Backend(store, MemoryQueue({}), "", None, tmp_path, clock)
    settings = Settings(_env_file=None, leader_lease_seconds=30.0)
    first, second = backend.lead("periodic", settings), backend.lead("periodic", settings)
    first.renew()

    clock.forward(29.0)
    second.renew()
    assert not second.is_held
    clock.forward(1.0)
    second.renew()
    assert second.is_held


@dataclass
class Machine:
    """A process whose clock is the common one, and which may be frozen."""

    lease: LeaderLease
    is_frozen: bool = False


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["tick", "freeze", "thaw", "stop"]),
        st.integers(0, 2),
        st.floats(0.0, SECONDS, allow_nan=False),
    ),
    max_size=40,
)


@given(steps=STEPS)
@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_freezes_at_most_one_process_works(store, clock, steps) -> None:
    clock.forward(SECONDS * 10)
    machines = []
    for name in "abc":
        lease = LeaderLease(store, f"w{clock()}", name, clock, SECONDS)
        machines.append(Machine(lease))

    for step, number, seconds in steps:
        clock.forward(seconds)
        machine = machines[number]
        machine.is_frozen = step == "freeze" or (machine.is_frozen and step != "thaw")
        if step == "stop" and not machine.is_frozen:
            machine.lease.stop()
        elif step == "tick" and not machine.is_frozen:
            machine.lease.renew()

        # Each that is awake tries its work, whether its renewing thread has run or not.
        working: list[Machine] = []
        for other in machines:
            if not other.is_frozen:
                other.lease.led(partial(working.append, other))()

        assert len(working) <= 1
