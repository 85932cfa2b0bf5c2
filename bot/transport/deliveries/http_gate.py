"""Passes on to Bolt the signed requests for which there is room; refuses the others with 503."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from bot.payloads import EventBody
from bot.transport.deliveries.places import Admission, Deliveries, Incoming, read_attempt
from bot.ui.texts import common as texts

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class DeliveryGate:
    """A WSGI application in front of Bolt's. Slack sends again what is refused."""

    def __init__(self, app: WSGIApplication, deliveries: Deliveries) -> None:
        self._app = app
        self._deliveries = deliveries

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Returns the application's response; 503 without room, or while an earlier one waits."""
        content = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(content)
        attempt = read_attempt(environ.get("HTTP_X_SLACK_RETRY_NUM"))
        incoming = Incoming(_event_body(environ, content), len(content), attempt)

        admission, delivery = self._deliveries.admit(incoming)
        if admission is Admission.KNOWN:
            return _send(start_response, "200 OK", b"")
        if admission is Admission.FULL and incoming.body is None and b"command=" in content:
            # Slack shows a command's answer; of a click without one it says that it failed.
            told = {"response_type": "ephemeral", "text": texts.COMMAND_TOO_BUSY}
            return _send(start_response, "200 OK", json.dumps(told).encode())
        if admission is not Admission.TAKEN or delivery is None:
            return _send(start_response, "503 Service Unavailable", b"")

        def respond(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            if status.startswith("2"):
                self._deliveries.acknowledge(delivery)

            return start_response(status, headers, exc_info)  # type: ignore[arg-type]  # as it came

        with self._deliveries.work_on(delivery):
            return self._app(environ, respond)  # type: ignore[arg-type]  # the keyword is optional


def _event_body(environ: WSGIEnvironment, content: bytes) -> EventBody | None:
    """Returns the payload of an event; None for clicks and commands, which are forms."""
    if "json" not in environ.get("CONTENT_TYPE", ""):
        return None

    try:
        body = json.loads(content)
    except ValueError:
        body = None

    # Bolt answers what cannot be read; it counts as an event without a number.
    return cast(EventBody, body if isinstance(body, dict) else {})


def _send(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
