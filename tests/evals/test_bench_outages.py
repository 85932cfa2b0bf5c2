"""`beagle bench outages` in its short form: nothing is lost, answered twice or left waiting."""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import sys
import threading

import pytest

from evals.bench.latency_proxy import latency_proxy

SHORT = ["bench", "outages", "--json", "--seconds", "3", "--requests", "6"]


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(100):
            self.request.sendall(data)


@pytest.fixture
def echo():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address
        server.shutdown()


def test_the_proxy_counts_what_waits_for_an_answer(echo):
    with latency_proxy(*echo) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            for _ in range(3):
                client.sendall(b"one")
                assert client.recv(3) == b"one"

        assert proxy.round_trips == 3


def test_a_proxy_that_is_cut_ends_what_is_open_and_takes_nothing_new(echo):
    with latency_proxy(*echo) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"one")
            assert client.recv(3) == b"one"
            proxy.cut()
            assert client.recv(3) == b""

        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            assert client.recv(3) == b""

        proxy.restore()
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"two")
            assert client.recv(3) == b"two"


@pytest.mark.chaos
@pytest.mark.parametrize(
    "outage", ["database_restarted", "worker_frozen", "broker_flushed", "broker_killed"]
)
def test_an_outage_loses_nothing_and_says_nothing_twice(outage):
    command = [sys.executable, "-m", "bot.cli", *SHORT, "--only", outage]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)

    figures = json.loads(result.stdout.splitlines()[-1])
    assert (figures["lost"], figures["doubled"], figures["stuck"]) == (0, 0, 0), figures
