"""The kernel says which process listens on a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from workers.runtime.socket_owner import is_listener

LISTEN = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other() -> Iterator[tuple[int, int]]:
    """Another process of ours that listens: its id and its port."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def test_a_listening_process_is_told_from_all_others(other: tuple[int, int]) -> None:
    pid, port = other

    assert is_listener(pid, port)
    assert not is_listener(os.getpid(), port)
    assert not is_listener(pid, port ^ 1)
    assert not is_listener(1, port)
    # No process has an id above the kernel's largest.
    assert not is_listener(2**22 + 1, port)


def test_a_port_that_two_processes_share_is_nobodys(other: tuple[int, int]) -> None:
    with socket.socket() as first, socket.socket() as second:
        for server in (first, second):
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)

        first.bind(("127.0.0.1", 0))
        first.listen()
        port = first.getsockname()[1]
        assert is_listener(os.getpid(), port)
        assert not is_listener(other[0], port)


def test_a_connection_is_no_listener(other: tuple[int, int]) -> None:
    with socket.create_connection(("127.0.0.1", other[1])) as connection:
        assert not is_listener(os.getpid(), connection.getsockname()[1])
