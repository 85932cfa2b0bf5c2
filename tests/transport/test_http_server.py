"""The public port: clients that send slowly, much or nothing hold up nobody else."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import socket
import threading
from pathlib import Path

import pytest

from bot.transport.health import PublicPages
from bot.transport.http_server import HttpLimits, HttpServer
from bot.transport.signature_guard import BODY_LIMIT, SignatureGuard
from router.errors import SettingsError
from workers.runtime.processes import wait_until

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
WAIT = 60
"""Seconds after which a test fails; nothing waits that long on any machine."""
HALF_OPEN = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-Slow: "
ASKING = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
BODY_OPEN = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"


class Events:
    """The application behind the guard: counts the bytes that reach it."""

    def __init__(self):
        self.sizes = []

    def __call__(self, environ, start_response):
        self.sizes.append(len(environ["wsgi.input"].read()))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def start(events, clock):
    with contextlib.ExitStack() as running:

        def make(**limits):
            guard = SignatureGuard(events, SECRET, clock)
            server = HttpServer(
                "127.0.0.1",
                0,
                PublicPages({"/slack/events": guard}),
                limits=HttpLimits(**limits),
                now=clock,
            )
            server.start()
            running.callback(server.stop)
            return server

        yield make


@pytest.fixture
def connect():
    """Opens connections to a server and closes them at the end."""
    with contextlib.ExitStack() as opened:

        def open_one(server, sent=b""):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=WAIT)
            opened.enter_context(client)
            client.sendall(sent)
            return client

        yield open_one


def get(server, path="/healthz"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def post_signed(server, clock, body=b"{}"):
    timestamp = str(int(clock()))
    signed = b"v0:" + timestamp.encode() + b":" + body
    headers = {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()}",
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WAIT)
    with contextlib.closing(connection):
        connection.request("POST", "/slack/events", body, headers)
        return connection.getresponse().status


def read_answer(server, client):
    """Reads a response; returns once the server waits for the next request."""
    answer = b""
    while not answer.endswith(b"}\n"):
        answer += client.recv(1000)

    (channel,) = server._server.active_channels.values()
    assert wait_until(lambda: not channel.requests and channel.is_idle, WAIT)
    return answer


def received_until(client, end):
    """Reads until `end` has come; an answer may come in several pieces."""
    received = b""
    while end not in received:
        piece = client.recv(1000)
        if not piece:
            return False
        received += piece

    return True


def is_closed(client):
    """Waits until the server has closed the connection."""
    with contextlib.suppress(ConnectionError):
        while client.recv(65_536):
            pass

    return True


def test_three_hundred_half_open_requests_of_one_client_hold_up_nobody(
    start, connect, clock, events
):
    server = start()
    clients = [connect(server, HALF_OPEN) for _ in range(300)]

    assert get(server) == 200
    assert post_signed(server, clock) == 200
    assert events.sizes == [2]
    assert server.open_connections >= len(clients)


def test_more_half_open_requests_than_connections_hold_up_nobody(start, connect, clock, events):
    server = start(connections=20)
    clients = []

    for number in range(100):
        clients.append(connect(server, HALF_OPEN))
        if number % 10 == 0:
            assert get(server) == 200

    assert post_signed(server, clock) == 200
    assert is_closed(clients[0])
    assert server.open_connections <= 40


def test_the_one_that_waits_longest_makes_room(start, connect, clock):
    server = start(connections=3)
    first = connect(server, HALF_OPEN)
    assert get(server) == 200
    # Until the answered one is gone: it would be counted, and wait since a later time than `first`.
    assert wait_until(lambda: server.open_connections == 1, WAIT)
    clock.forward(1)
    others = [connect(server, HALF_OPEN) for _ in range(3)]

    assert is_closed(first)
    for client in others:
        client.sendall(b"x\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("opening", [b"", HALF_OPEN, BODY_OPEN, b"\r\n\r\n", b"GET"])
def test_drops_do_not_prolong_the_time_for_a_request(start, connect, clock, opening):
    server = start(request_seconds=15.0)
    client = connect(server, opening)

    for _ in range(14):
        assert get(server) == 200
        clock.forward(1)
        client.sendall(b"x")
    assert get(server) == 200

    clock.forward(1)
    assert is_closed(client)


def test_a_connection_that_was_answered_is_closed_when_it_stays_idle(start, connect, clock):
    server = start(request_seconds=15.0, idle_seconds=60.0)
    client = connect(server, ASKING)
    assert b" 200 " in read_answer(server, client)

    clock.forward(59)
    client.sendall(ASKING)
    assert b" 200 " in read_answer(server, client)
    clock.forward(60)

    assert is_closed(client)


def test_the_next_request_on_a_connection_has_its_own_time(start, connect, clock):
    server = start(request_seconds=15.0, idle_seconds=60.0)
    client = connect(server, ASKING)
    read_answer(server, client)

    client.sendall(HALF_OPEN)
    (channel,) = server._server.active_channels.values()
    assert wait_until(lambda: not channel.is_idle, WAIT)
    clock.forward(15)

    assert is_closed(client)


def test_a_slow_application_keeps_its_connection(clock, connect):
    started, finish = threading.Event(), threading.Event()

    def slow(environ, start_response):
        started.set()
        assert finish.wait(WAIT)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    server = HttpServer("127.0.0.1", 0, slow, limits=HttpLimits(connections=1), now=clock)
    server.start()
    client = connect(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert started.wait(WAIT)
    clock.forward(10_000)
    assert is_closed(connect(server, HALF_OPEN))

    server._server.wake_up(server._server.shut_down)
    finish.set()

    assert received_until(client, b"done")
    server.stop()


def test_a_body_above_the_limit_is_refused_before_it_is_sent(start, connect):
    server = start()
    announced = f"Content-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()

    client = connect(server, b"POST /slack/events HTTP/1.1\r\nHost: x\r\n" + announced)

    assert client.recv(1000).startswith(b"HTTP/1.1 413 ")
    assert is_closed(client)


def test_a_chunked_body_above_the_limit_is_cut_off(start, connect):
    server = start()
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    client = connect(server, head)
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"

    with contextlib.suppress(ConnectionError):
        for _ in range(200):
            client.sendall(chunk)

    assert is_closed(client)
    assert get(server) == 200


def test_a_body_up_to_the_limit_reaches_the_guard_and_no_disk(start, clock, events, monkeypatch):
    server = start()
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")

    assert post_signed(server, clock, b"x" * BODY_LIMIT) == 200
    assert events.sizes == [BODY_LIMIT]


def test_headers_above_the_limit_are_refused(start, connect):
    server = start()

    client = connect(server, b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 40_000)

    assert client.recv(1000).startswith(b"HTTP/1.0 431 ")


def test_bodies_that_do_not_end_share_a_bounded_memory(start, connect, clock, events):
    server = start(buffered_bytes=3_000_000)
    clients = []
    for _ in range(10):
        clients.append(connect(server, BODY_OPEN + b"x" * 900_000))
        assert get(server) == 200

    assert is_closed(clients[0])
    assert server._server.buffered <= 3_000_000
    assert post_signed(server, clock, b"x" * 900_000) == 200
    assert events.sizes == [900_000]


def test_memory_is_given_back_when_clients_leave(start, connect):
    server = start()
    client = connect(server, BODY_OPEN + b"x" * 900_000)
    assert get(server) == 200
    client.close()

    assert wait_until(lambda: server._server.buffered == 0, WAIT)


def test_stopping_drops_half_open_requests_at_once(start, connect):
    server = start()
    clients = [connect(server, HALF_OPEN) for _ in range(20)]
    assert get(server) == 200

    server.stop()

    assert all(is_closed(client) for client in clients)
    assert not server._thread.is_alive()


def test_a_server_may_be_stopped_twice_and_before_it_starts(start):
    server = start()
    server.stop()
    server.stop()

    never_started = HttpServer("127.0.0.1", 0, Events())
    never_started.stop()


def test_the_public_port_tells_strangers_nothing(start):
    server = start()

    for path in ("/metrics", "/readyz", "/", "/healthz/", "/slack", "/slack/events/"):
        assert get(server, path) == 404


def test_an_address_that_is_taken_names_the_setting(start):
    server = start()

    with pytest.raises(SettingsError, match="BEAGLE_HEALTH_PORT: "):
        HttpServer("127.0.0.1", server.port, Events(), setting="BEAGLE_HEALTH_PORT")


def test_nothing_is_left_open_after_many_clients(start, connect):
    server = start()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        connect(server, HALF_OPEN).close()
        assert get(server) == 200

    assert wait_until(lambda: server.open_connections == 0, WAIT)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 5
