"""`beagle bench outages` in its short form: nothing is lost, answered twice or left waiting."""

from __future__ import annotations

import json
import socket
import socketserver
import subprocess
import sys
import threading

import pytest

from bot.sandbox.workspace import Workspace
from evals.bench.outages import outages
from evals.bench.outages.signs import FirstSigns
from evals.bench.stacks.latency_proxy import latency_proxy
from router.errors import InputError
from tests.fixtures.machine import can_compile_clock, may_mount

SHORT = ["bench", "outages", "--json", "--seconds", "3", "--requests", "6", "--waiting", "100"]


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


# The outages of one group follow each other on one and the same running product.
SERVERS = ("database_restarted", "worker_frozen", "broker_flushed", "broker_killed")
DEMANDS = ("model_bad", "files_exhausted", "poison_message", "many_waiting", "slack_away")


@pytest.mark.chaos
@pytest.mark.parametrize(
    "outages",
    [SERVERS, DEMANDS, pytest.param(("broker_slow",), marks=pytest.mark.nightly)],
    ids=["servers", "demands", "slow"],
)
def test_outages_lose_nothing_and_say_nothing_twice(outages):
    figures = run(*outages)

    assert (figures["lost"], figures["doubled"], figures["stuck"]) == (0, 0, 0), figures
    for outage in outages:
        assert figures[f"{outage}_untold"] == 0
        if outage != "model_bad":
            # Only the message that ends its worker is given up, and nobody who was beside it.
            assert figures[f"{outage}_failed"] == (1 if outage == "poison_message" else 0)


@pytest.mark.nightly
def test_a_clock_that_jumps_loses_nothing_and_says_nothing_twice():
    if not can_compile_clock():
        pytest.skip("the clock needs a C compiler")

    figures = run("clock_jumps")

    assert (figures["lost"], figures["doubled"], figures["stuck"]) == (0, 0, 0), figures


@pytest.mark.nightly
def test_a_full_disk_loses_nothing_and_everybody_is_told():
    if not may_mount():
        pytest.skip("no disk may be mounted here")

    figures = run("disk_full")

    assert (figures["lost"], figures["doubled"], figures["stuck"]) == (0, 0, 0), figures
    assert figures["disk_full_untold"] == 0
    assert "disk" in figures["disk_full_doctor"]


def run(*outages):
    command = [sys.executable, "-m", "bot.cli", *SHORT, "--only", ",".join(outages)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=900)
    return json.loads(result.stdout.splitlines()[-1])


def test_an_unknown_outage_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=r"unknown outages flood; known: database_away, .*"):
        outages.main(only="flood")


class Sandbox:
    """What `FirstSigns` needs of the local Slack."""

    def __init__(self):
        self.workspace = Workspace(lambda: 1.0)

    def call(self, function):
        return function()


def test_a_first_sign_is_a_status_an_answer_or_a_notice_to_the_author():
    sandbox = Sandbox()
    workspace = sandbox.workspace
    channel = next(iter(workspace.channels))
    with FirstSigns(sandbox) as signs:
        posted = [workspace.post(channel, {"user": user, "text": "hi"})["ts"] for user in "ABCD"]
        workspace.set_status(channel, posted[0], "is working")
        workspace.post(channel, {"bot_id": "B1", "thread_ts": posted[1], "text": "an answer"})
        workspace.post_ephemeral(channel, "C", {"text": "later"})

    assert len(signs.waits(posted)) == 3
    assert len(signs.waits(posted[:3])) == 3
    assert signs.waits(posted[3:]) == []
