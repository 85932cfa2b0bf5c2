"""A process of the demo that ends is started again, and the page says so."""

from __future__ import annotations

import pytest

from bot.demo.supervisor import MAX_RESTARTS, MIN_NOTICE_SECONDS, WINDOW_SECONDS, Supervisor


class Machine:
    """Processes that end when a test says so."""

    def __init__(self) -> None:
        self.running = {"bot": True, "worker-answer": True}
        self.is_ready = True
        self.started: list[str] = []
        self.told: list[str] = []
        self.time = 0.0

    def ended(self):
        return [name for name, runs in self.running.items() if not runs]

    def start_again(self, name):
        self.started.append(name)
        self.running[name] = True

    def ready(self):
        return self.is_ready

    def log_path(self, name):
        return f"logs/{name}.log"


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def supervisor(machine):
    return Supervisor(machine, machine.told.append, lambda: machine.time)


def test_nothing_is_said_while_everything_runs(machine, supervisor):
    supervisor.check()
    assert (machine.started, machine.told) == ([], [])


def test_a_worker_that_died_is_started_again_and_the_notice_goes_when_it_works(machine, supervisor):
    machine.running["worker-answer"] = False
    machine.is_ready = False
    supervisor.check()
    assert machine.started == ["worker-answer"]
    assert machine.told[-1].startswith("worker-answer had ended and was started again")

    supervisor.check()
    assert len(machine.told) == 1
    machine.is_ready = True
    supervisor.check()
    assert len(machine.told) == 1

    machine.time += MIN_NOTICE_SECONDS
    supervisor.check()
    assert machine.told[-1] == ""


def test_one_that_keeps_ending_is_left_alone_and_its_log_is_named(machine, supervisor):
    for _ in range(MAX_RESTARTS + 2):
        machine.running["bot"] = False
        supervisor.check()

    assert machine.started == ["bot"] * MAX_RESTARTS
    assert "logs/bot.log" in machine.told[-1]


def test_one_that_ends_once_an_hour_is_started_each_time(machine, supervisor):
    for _ in range(3 * MAX_RESTARTS):
        machine.running["bot"] = False
        supervisor.check()
        machine.time += WINDOW_SECONDS

    assert len(machine.started) == 3 * MAX_RESTARTS
