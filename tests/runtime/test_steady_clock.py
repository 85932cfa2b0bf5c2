"""Leases end when their time is over, whatever is done to the machine's clock."""

import pytest

from tests.fixtures.delivery import make_context
from workers.runtime.leases import Leases
from workers.runtime.steady_clock import open_clock

__all__ = ["make_context"]

HOUR = 3600.0
START = 1_800_000_000.0


class Machine:
    """A machine's uptime, which only grows, and its clock, which somebody may set."""

    def __init__(self):
        self.up, self.set_by = 100.0, 0.0
        self.clocks = []

    def uptime(self):
        return self.up

    def wall(self):
        return START + self.up + self.set_by

    def open(self, store, folder):
        self.clocks.append(open_clock(store, folder, self.uptime, self.wall))
        return self.clocks[-1]


@pytest.fixture
def machine():
    started = Machine()
    yield started
    for clock in started.clocks:
        clock.close()


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_that_is_set_takes_no_lease_and_keeps_none(
    jump, machine, store, tmp_path, make_request, make_decision
):
    first = machine.open(store, tmp_path)
    request = make_request()
    store.requests.insert(request, first())
    store.decisions.insert_first(request.id, make_decision(), first())
    holder = Leases(store.requests, "holder", first, 20.0)

    with holder.claim() as lease:
        machine.set_by = jump
        # Also a process that starts after the clock was set agrees with those before.
        late = machine.open(store, tmp_path)
        assert abs(late() - first()) < 1
        with Leases(store.requests, "thief", late, 20.0).claim() as stolen:
            assert (lease.request.id, stolen) == (request.id, None)

        machine.up += 21
        with Leases(store.requests, "heir", late, 20.0).claim() as inherited:
            assert inherited.fence > lease.fence

    assert first.report_jump()
    assert late.report_jump()


def test_with_nobody_left_the_clock_of_the_machine_counts_again(machine, store, tmp_path):
    machine.open(store, tmp_path).close()
    machine.set_by = HOUR

    clock = machine.open(store, tmp_path)

    assert clock() == machine.wall()
    assert not clock.report_jump()


def test_processes_on_several_machines_take_the_time_of_the_server(
    machine, postgresql_store, tmp_path
):
    other = Machine()
    other.up, other.set_by = 9_999.0, -HOUR

    here = machine.open(postgresql_store, tmp_path)
    there = other.open(postgresql_store, tmp_path / "other")

    assert abs(here() - there()) < 60
    assert here() > START - 10 * 365 * 86_400
