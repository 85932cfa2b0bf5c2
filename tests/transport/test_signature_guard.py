"""Only recent requests with a valid Slack signature reach a parser, each once."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from bot.transport.signature_guard import BODY_LIMIT, SignatureGuard

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = 1_800_000_000


def sign(body: bytes, timestamp: str = str(NOW), secret: str = SECRET) -> str:
    return (
        "v0="
        + hmac.new(
            secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256
        ).hexdigest()
    )


class Inside:
    """The application behind the guard; counts the requests that reach it."""

    def __init__(self, status="200 OK"):
        self.bodies, self.status = [], status

    def __call__(self, environ, start_response):
        self.bodies.append(environ["wsgi.input"].read())
        start_response(self.status, [])
        return [b"inside"]


def signed_environ(body, *, length=None, timestamp=str(NOW), signature=None):
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
        "HTTP_X_SLACK_REQUEST_TIMESTAMP": timestamp,
        "HTTP_X_SLACK_SIGNATURE": sign(body) if signature is None else signature,
        "wsgi.input": io.BytesIO(body),
    }


def send(guard, body, **over):
    seen = {}
    environ = signed_environ(body, **over)

    answer = b"".join(
        guard(environ, lambda status, headers, exc_info=None: seen.update(status=status))
    )
    return seen["status"], answer


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def guard(inside):
    return SignatureGuard(inside, SECRET, lambda: float(NOW))


def test_a_signed_request_reaches_the_application_unchanged(guard, inside):
    assert send(guard, b'{"a": 1}') == ("200 OK", b"inside")
    assert inside.bodies == [b'{"a": 1}']


def test_a_replayed_request_is_refused_with_an_empty_body(guard, inside):
    send(guard, b"{}")
    assert send(guard, b"{}") == ("401 Unauthorized", b"")
    assert len(inside.bodies) == 1


def test_a_request_is_remembered_as_long_as_its_timestamp_is_fresh(inside, clock):
    guard = SignatureGuard(inside, SECRET, clock)
    timestamp = str(NOW + 299)  # Slack's clock may be ahead of ours
    signature = sign(b"{}", timestamp)

    assert send(guard, b"{}", timestamp=timestamp, signature=signature)[0] == "200 OK"
    clock.forward(598)
    assert send(guard, b"{}", timestamp=timestamp, signature=signature)[0] == "401 Unauthorized"


def test_expired_signatures_are_forgotten_and_no_others(inside, clock):
    guard = SignatureGuard(inside, SECRET, clock)
    for body in (b"1", b"2", b"3"):
        send(guard, body)

    clock.forward(300)
    timestamp = str(NOW + 300)
    for body in (b"4", b"5"):
        send(guard, body, timestamp=timestamp, signature=sign(body, timestamp))
    assert len(guard._expiry_by_signature) == 5

    clock.forward(301)
    timestamp = str(NOW + 601)
    send(guard, b"6", timestamp=timestamp, signature=sign(b"6", timestamp))
    assert len(guard._expiry_by_signature) == 3


def test_of_copies_that_arrive_together_one_is_passed_on(clock):
    """The first is still being answered when the others arrive."""
    started, finish = threading.Event(), threading.Event()
    bodies = []

    def slow(environ, start_response):
        bodies.append(environ["wsgi.input"].read())
        started.set()
        assert finish.wait(60)
        start_response("200 OK", [])
        return [b"inside"]

    guard = SignatureGuard(slow, SECRET, clock)
    with ThreadPoolExecutor(1) as crowd:
        first = crowd.submit(send, guard, b"{}")
        assert started.wait(60)
        copies = [send(guard, b"{}")[0] for _ in range(7)]
        finish.set()

        assert first.result() == ("200 OK", b"inside")

    assert copies == ["401 Unauthorized"] * 7
    assert bodies == [b"{}"]


def test_a_request_that_broke_the_application_may_be_sent_again(clock):
    def broken(environ, start_response):
        raise RuntimeError("no database")

    guard = SignatureGuard(broken, SECRET, clock)

    for _ in range(2):
        with pytest.raises(RuntimeError):
            send(guard, b"{}")


def test_a_request_that_failed_may_be_sent_again(inside, guard):
    inside.status = "500 Internal Server Error"
    send(guard, b"{}")
    inside.status = "200 OK"
    assert send(guard, b"{}")[0] == "200 OK"


@pytest.mark.parametrize(
    "timestamp",
    [str(NOW - 301), str(NOW + 301), "abc", "NaN", "9" * 5000, "", "１２３４５６７８９０"],
)
def test_a_late_or_odd_timestamp_is_refused(guard, inside, timestamp):
    assert send(guard, b"{}", timestamp=timestamp, signature=sign(b"{}", timestamp)) == (
        "401 Unauthorized",
        b"",
    )
    assert inside.bodies == []


def test_a_forged_signature_is_refused(guard, inside):
    assert send(guard, b"{}", signature=sign(b"{}", secret="guess")) == ("401 Unauthorized", b"")
    assert inside.bodies == []


@pytest.mark.parametrize("length", [str(BODY_LIMIT + 1), "-1", "x", "1e9", "9" * 40])
def test_an_oversized_or_odd_length_is_refused_unread(guard, inside, length):
    assert send(guard, b"{}", length=length) == ("400 Bad Request", b"")
    assert inside.bodies == []


@pytest.mark.fuzz
def test_ten_thousand_malformed_requests_reach_nothing_and_break_nothing(guard, inside):
    chance = random.Random(7)
    bodies = [
        b"",
        b"{",
        b"[]",
        b"null",
        b"payload=[]",
        b"[" * 20_000,
        b"ssl_check=1",
        b"\x00\xff",
        json.dumps({}).encode(),
    ]

    stamps = [str(NOW), str(NOW - 10_000), "abc", "", "9" * 400, "\u00e9", "1e9", "-1800000000"]
    for _ in range(10_000):
        body = chance.choice(bodies) + chance.randbytes(chance.randrange(0, 40))
        stamp = chance.choice(stamps)
        signature = chance.choice(
            ["", "v0=", "v0=" + "0" * 64, "\u00e9", sign(body, stamp, "wrong"), "v1=x"]
        )
        length = chance.choice([None, "", "x", "99999999999", "-5"])
        status, answer = send(guard, body, length=length, timestamp=stamp, signature=signature)
        assert status in ("400 Bad Request", "401 Unauthorized")
        assert answer == b""

    assert inside.bodies == []


def test_an_error_after_the_first_headers_reaches_the_server_with_its_reason():
    failure, answers = ValueError("half of it was written"), []

    def fails_late(environ, start_response):
        start_response("200 OK", [])
        start_response("500 Internal Server Error", [], (ValueError, failure, None))
        return [b""]

    def start_response(status, headers, exc_info=None):
        answers.append((status, exc_info and exc_info[1]))

    guard = SignatureGuard(fails_late, SECRET, lambda: float(NOW))
    guard(signed_environ(b"{}"), start_response)

    assert answers == [("200 OK", None), ("500 Internal Server Error", failure)]


@pytest.mark.parametrize(
    ("length", "reason", "logged"), [("9" * 50, "size", "9" * 12), ("2", "signature", "2")]
)
def test_a_refusal_is_logged_with_its_reason_and_the_beginning_of_the_length(
    inside, length, reason, logged
):
    with capture_logs() as lines:
        guard = SignatureGuard(inside, SECRET, lambda: float(NOW))
        send(guard, b"{}", length=length, signature="v0=" + "0" * 64)

    (line,) = lines
    assert (line["event"], line["reason"], line["length"]) == ("refused", reason, logged)
    assert line["log_level"] == "warning"
