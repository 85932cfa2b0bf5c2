"""One webhook: to whichever address of the host answers, and told by its status alone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
from pydantic import ValidationError

from router.catalog.actions import SendAction
from router.config import Settings
from router.errors import SendError
from workers.runtime.public_network import addresses_to_try
from workers.sending.webhook import send_webhook

OK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
"""An answer that breaks off in its body."""


@pytest.fixture
def port() -> Iterator[int]:
    """Takes one webhook on 127.0.0.1."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(OK)

        Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def send(port: int, *addresses: str) -> None:
    settings = Settings(_env_file=None, webhook_private_hosts="hook.intern")
    action = SendAction(to="webhook", name="Hook", url=f"http://hook.intern:{port}/")
    send_webhook(settings, action, {}, "key", 0.0, lambda *_: addresses)


def test_another_address_is_tried_where_one_does_not_answer(port) -> None:
    send(port, "::1", "127.0.0.1")


def test_no_address_that_answers_is_an_error_for_later() -> None:
    with pytest.raises(SendError) as caught:
        send(1, "::1", "127.0.0.1")

    assert (caught.value.reason, caught.value.retry) == ("unreachable", True)


def test_both_families_are_tried_early() -> None:
    six, four = [f"2001:db8::{n}" for n in range(5)], [f"192.0.2.{n}" for n in range(5)]
    assert addresses_to_try([*six, *four]) == [six[0], four[0], six[1], four[1]]


@pytest.mark.parametrize(
    "url",
    ["https://example.com:99999/", "https://example.com/a b", "https://example.com/ä"],
    ids=str,
)
def test_an_address_that_cannot_be_called_is_refused_in_the_route(url: str) -> None:
    with pytest.raises(ValueError, match="webhook"):
        SendAction(to="webhook", name="Hook", url=url)


@pytest.mark.parametrize(
    "url", ["http://hook.example.com/x", "http://8.8.8.8/x", "http://localhost.example.com/x"]
)
@pytest.mark.parametrize("key", ["secret", "authorization"])
def test_a_webhook_with_a_secret_over_plain_http_is_refused(url, key) -> None:
    with pytest.raises(ValidationError) as caught:
        SendAction(to="webhook", name="Hook", url=url, **{key: "flow"})

    for words in ("'Hook'", "'flow'", "plain http", "allowed: https", "change the url"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://hook.example.com/x",
        "http://localhost:5678/x",
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "http://n8n:5678/x",
        "http://10.1.2.3/x",
    ],
)
def test_a_webhook_with_a_secret_may_go_by_https_or_stay_inside(url) -> None:
    assert SendAction(to="webhook", name="Hook", url=url, secret="flow").url == url


def test_an_unsigned_webhook_may_go_by_plain_http() -> None:
    assert SendAction(to="webhook", name="Hook", url="http://hook.intern/x").secret == ""
