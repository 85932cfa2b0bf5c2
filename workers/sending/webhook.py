"""Sends a webhook: one signed POST of JSON, to the open internet or to a host that is allowed.

The signature is HMAC-SHA256 over `v1:TIMESTAMP:BODY`, as in Slack's own scheme with another prefix
(https://docs.slack.dev/authentication/verifying-requests-from-slack): the receiver recomputes it
and refuses an old timestamp, so that nobody else can send or repeat one.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from router.catalog.actions import SendAction
from router.config import Settings
from router.errors import SendError
from router.setting_groups.answers import webhook_secret
from workers.runtime.public_network import PinnedConnection, is_public

AGENT = "Beagle/0.1 (passes on what a person pressed a button for)"
PORTS = {"http": 80, "https": 443}
SECONDS = 15.0
MAX_ANSWER_BYTES = 64 * 1024
NOT_TAKEN = (429, 503)
"""Statuses that say that the receiver has not looked at it yet (RFC 6585, RFC 9110)."""

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """Returns every address of a host, the ones that this machine reaches best first (RFC 6724).

    Raises OSError or UnicodeError where it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Returns the value of `X-Beagle-Signature` for a body that was sent at that second."""
    signed = b"v1:" + str(timestamp).encode() + b":" + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def send_webhook(
    settings: Settings,
    action: SendAction,
    content: Any,
    key: str,
    now: float,
    look_up: Resolve = resolve,
) -> None:
    """Posts the content to the action's address.

    Raises SendError: with `retry` where nothing arrived and it may work later, and without
    `is_sure` where it may have arrived although no answer says so.
    """
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    headers = _headers(settings, action, body, key, int(now))
    parts = urlsplit(action.url)
    addresses = _addresses(settings, parts, look_up)
    status = _post(parts, addresses, body, headers)
    if 200 <= status < 300:
        return

    doing = f"sending webhook {action.name!r}: status {status}"
    if status in NOT_TAKEN:
        raise SendError(f"{doing}; it is tried again", "busy", retry=True, is_sure=True)
    if status >= 500:
        raise SendError(f"{doing}; look there whether it arrived", "unknown", is_sure=False)

    # A redirect is not followed: it would take the secret to another address.
    raise SendError(f"{doing}; check its url, body and authorization", "refused", is_sure=True)


def _headers(
    settings: Settings, action: SendAction, body: bytes, key: str, timestamp: int
) -> dict[str, str]:
    headers = {
        "User-Agent": AGENT,
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": key,
    }
    if action.secret:
        secret = _secret(settings, action.secret)
        headers["X-Beagle-Timestamp"] = str(timestamp)
        headers["X-Beagle-Signature"] = signature(secret, timestamp, body)
    if action.authorization:
        headers["Authorization"] = _secret(settings, action.authorization)

    return headers


def _secret(settings: Settings, name: str) -> str:
    value = webhook_secret(settings.webhook_secrets, name)
    if value is None:
        raise SendError(
            f"sending a webhook: BEAGLE_WEBHOOK_SECRETS has no entry {name!r}; add it and press "
            "the button again",
            "set_up",
            is_sure=True,
        )

    return value


def _addresses(settings: Settings, parts: SplitResult, look_up: Resolve) -> Sequence[str]:
    """Returns the host's addresses. Raises SendError unless all of them may be called."""
    host = (parts.hostname or "").lower()
    try:
        addresses = look_up(host, parts.port or PORTS[parts.scheme])
    except (OSError, UnicodeError) as error:
        raise SendError(
            f"looking up {host!r}: {error}", "unreachable", retry=True, is_sure=True
        ) from error

    is_own = host in settings.webhook_private_hosts
    bad = [address for address in addresses if not is_own and not is_public(address)]
    if bad or not addresses:
        raise SendError(
            f"sending a webhook: {host!r} is at {', '.join(bad) or 'no address'}, which is not on "
            "the open internet; name the host in BEAGLE_WEBHOOK_PRIVATE_HOSTS if it is yours",
            "set_up",
            is_sure=True,
        )

    return addresses


def _post(
    parts: SplitResult, addresses: Sequence[str], body: bytes, headers: dict[str, str]
) -> int:
    """Returns the status of the answer."""
    port = parts.port or PORTS[parts.scheme]
    connection = PinnedConnection(parts, addresses, port, SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise SendError(
            f"calling {parts.hostname!r}: {error}", "unreachable", retry=True, is_sure=True
        ) from error

    # A time-out holds for one read only, so the connection as a whole is cut by a timer.
    timer = threading.Timer(SECONDS, connection.cut)
    timer.start()
    try:
        connection.request("POST", path, body=body, headers=headers)
        response = connection.getresponse()
        # The status tells all; the rest is read out of politeness.
        with suppress(OSError, http.client.HTTPException):
            response.read(MAX_ANSWER_BYTES)
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        # The body may have arrived: only the receiver knows.
        raise SendError(
            f"calling {parts.hostname!r}: {type(error).__name__}", "unknown", is_sure=False
        ) from error
    finally:
        timer.cancel()
        connection.close()

    return response.status
