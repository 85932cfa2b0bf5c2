"""The bot over signed HTTP: signed requests are answered, all others are refused."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
import tempfile
from pathlib import Path

import pytest

from bot.demo.stack import LocalStack, StackConfig
from tests.fixtures.slack import assert_everything_acknowledged
from workers.runtime.processes import wait_until

pytestmark = pytest.mark.chaos
EVENTS = "/slack/events"


@pytest.fixture(scope="module")
def stack(model):
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        extra = {
            "BEAGLE_SLACK_MODE": "http",
            "BEAGLE_MODEL": "openai/stand-in",
            "BEAGLE_MODEL_URL": model.url,
            "BEAGLE_MODEL_KEY": "none",
        }

        config = StackConfig(
            workers={"worker-0": "answer"}, extra=extra, local_model=False, limits=False
        )
        with LocalStack(Path(folder), config) as running:
            running.sandbox.use_request_url(f"http://127.0.0.1:{running.port}{EVENTS}")
            yield running
            assert_everything_acknowledged(running.sandbox)


def test_a_mention_over_http_is_answered(stack):
    ada = stack.sandbox.actor("ada")
    ts = ada.say("general", "@beagle !rewrite over the wire")
    assert wait_until(
        lambda: any("A clearer sentence" in m["text"] for m in ada.answers("general", ts)), 300
    )


def test_a_slash_command_over_http_is_answered(stack):
    ada = stack.sandbox.actor("ada")
    ada.slash("general", "/beagle", "halp")
    assert ada.wait_for_ephemeral("general", "Did you mean `help`", 300)


def test_half_open_requests_hold_up_neither_people_nor_health_checks(stack):
    with contextlib.ExitStack() as opened:
        for _ in range(300):
            client = socket.create_connection(("127.0.0.1", stack.port), timeout=60)
            opened.enter_context(client)
            client.sendall(b"POST /slack/events HTTP/1.1\r\nX-Slow: ")

        assert get(stack.port, "/healthz") == 200
        assert get(stack.health_port, "/readyz") == 200
        grace = stack.sandbox.actor("grace")
        # The answer of `slash` is whether Slack got an acknowledgement within its three seconds.
        assert grace.slash("general", "/beagle", "halp")


def test_strangers_see_neither_metrics_nor_readiness(stack):
    assert get(stack.port, "/metrics") == 404
    assert get(stack.port, "/readyz") == 404
    assert get(stack.health_port, "/metrics") == 200
    assert get(stack.health_port, "/slack/events") == 404


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.mark.fuzz
def test_what_slack_did_not_sign_gets_an_empty_refusal(stack):
    chance = random.Random(3)
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=60)
    seen = set()

    for _ in range(1000):
        body = chance.choice(
            [b"{", b"[]", b"null", b"payload=[]", b"[" * 5000, b"ssl_check=1", chance.randbytes(50)]
        )
        headers = {
            "X-Slack-Request-Timestamp": chance.choice(["abc", "NaN", "9" * 50, "1800000000", ""]),
            "X-Slack-Signature": chance.choice(["", "v0=", "v0=" + "a" * 64, "x" * 100]),
            "Content-Type": chance.choice(
                ["application/json", "application/x-www-form-urlencoded", ""]
            ),
        }

        connection.request("POST", EVENTS, body, headers)
        answer = connection.getresponse()
        assert answer.read() == b""
        seen.add(answer.status)

    connection.close()
    assert seen <= {400, 401}
