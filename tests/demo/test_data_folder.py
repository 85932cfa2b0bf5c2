"""A demo's data is safe from the next start, from a second one, and from a killed one."""

import os
import re
import socket
import subprocess
import sys

import pytest

from bot.cli import demo as command
from bot.demo import data_folder
from bot.demo.demo import Demo
from bot.sandbox.workspace import Workspace
from router.config import child_environment
from router.errors import InputError

HOLDER = """
import sys
from pathlib import Path
from bot.demo import data_folder
folder = Path(sys.argv[1])
with data_folder.locked(folder):
    if sys.argv[2:]:
        data_folder.announce(folder, sys.argv[2])
    print("held", flush=True)
    sys.stdin.read()
"""
PAGE = "http://127.0.0.1:8080/#token=abc"


@pytest.fixture
def folder(short_folder):
    """A data folder as a demo leaves it."""
    (short_folder / "logs").mkdir()
    for name in ("beagle.db", "beagle.db-wal", "logs/bot.log", data_folder.FILLED_FILE):
        (short_folder / name).write_text(name, "utf-8")

    (short_folder / data_folder.LOCK_FILE).touch()
    return short_folder


@pytest.fixture
def start_holder(folder):
    """Starts another process that uses the folder, and returns it when it holds the lock."""
    started = []

    def start(*address):
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder), *address],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(PYTHONPATH=os.pathsep.join(sys.path)),
        )
        started.append(holder)
        assert holder.stdout.readline() == b"held\n"
        return holder

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_fresh_second_start_says_where_the_first_one_is_and_touches_nothing(folder, start_holder):
    start_holder(PAGE)
    before = contents(folder)

    with pytest.raises(InputError, match=re.escape(PAGE)):
        command.main(port=0, folder=folder, fresh=True)

    assert contents(folder) == before


def test_whoever_starts_the_demo_twice_reads_its_address_and_no_error(folder, start_holder, capsys):
    start_holder(PAGE)
    before = contents(folder)

    command.main(port=0, folder=folder)

    assert f"Beagle runs here already: open {PAGE}" in capsys.readouterr().out
    assert contents(folder) == before


def test_a_running_demo_is_known_by_its_lock(folder, start_holder):
    assert data_folder.running_address(folder) is None
    start_holder(PAGE)
    assert data_folder.running_address(folder) == PAGE


def test_a_second_start_while_the_first_one_starts_is_refused_too(folder, start_holder):
    start_holder()
    before = contents(folder)

    with pytest.raises(InputError, match="is starting here"):
        Demo(folder).__enter__()

    assert contents(folder) == before


def test_after_a_killed_demo_the_folder_is_free_and_its_address_forgotten(folder, start_holder):
    holder = start_holder(PAGE)
    holder.kill()
    holder.wait()

    with data_folder.locked(folder), pytest.raises(InputError) as refused:
        Demo(folder).__enter__()

    assert PAGE not in str(refused.value)


def test_only_we_can_read_the_address_because_it_lets_anybody_act(folder):
    with data_folder.locked(folder):
        data_folder.announce(folder, PAGE)
        assert (folder / data_folder.ADDRESS_FILE).stat().st_mode & 0o077 == 0

    assert not (folder / data_folder.ADDRESS_FILE).exists()


def test_a_taken_port_is_told_with_a_command_that_helps_and_costs_no_data(folder):
    before = contents(folder)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(InputError, match='make demo ARGS="--port 0"') as refused:
            Demo(folder, port=port).__enter__()

    assert str(port) in str(refused.value)
    assert contents(folder) == before


def test_a_start_keeps_the_data_and_a_fresh_one_forgets_it(folder):
    (folder / "models").mkdir()
    (folder / "models" / "weights").touch()

    assert data_folder.prepare(folder, fresh=False)
    assert (folder / "beagle.db-wal").exists()
    assert not (folder / "logs" / "bot.log").exists()

    assert not data_folder.prepare(folder, fresh=True)
    assert not list(folder.glob("beagle.db*"))
    assert (folder / "models" / "weights").exists()


def test_what_a_first_start_left_half_done_is_not_kept(folder):
    (folder / data_folder.FILLED_FILE).unlink()
    assert not data_folder.prepare(folder, fresh=False)
    assert not (folder / "beagle.db").exists()


def test_the_database_of_a_real_installation_is_not_taken_for_a_demos(folder):
    (folder / data_folder.LOCK_FILE).unlink()
    before = contents(folder)

    with pytest.raises(InputError, match="--fresh"):
        command.main(port=0, folder=folder)

    assert contents(folder) == before


def test_a_script_removes_a_demos_data_only_where_that_is_allowed(folder):
    before = contents(folder)
    with pytest.raises(InputError, match="--fresh"):
        command.main(scripted=True, folder=folder)

    assert contents(folder) == before


def test_no_id_of_an_earlier_run_is_given_out_again():
    # Kept requests are known by their event's id: a repeated one would count as a retry.
    times = (1_764_475_456.0, 1_764_475_457.0)
    ids = [
        {workspace.next_id("Ev") for _ in range(900)}
        for workspace in (Workspace(lambda now=now: now) for now in times)
    ]
    assert not ids[0] & ids[1]
