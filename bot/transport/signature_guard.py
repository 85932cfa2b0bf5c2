"""Stands in front of Bolt over HTTP: only fresh, signed requests of a sane size reach a parser.

Bolt parses a body before it verifies the signature and logs an unsigned one in full, so the check
is made here, on the raw bytes. A refusal has an empty body and tells the log only its reason and
the length.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from router.log import get_log

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

BODY_LIMIT = 1_000_000
WINDOW_SECONDS = 300
TIMESTAMP = re.compile(r"[0-9]{10}")
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
LENGTH = re.compile(r"[0-9]{1,9}")
REPLAYS = 50_000


class Guard:
    """A WSGI application that lets through to `app` what Slack signed within the last five minutes, once."""

    def __init__(self, app: WSGIApplication, secret: str, now: Callable[[], float]) -> None:
        self._app, self._secret, self._now = app, secret.encode(), now
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()
        self._log = get_log(part="guard")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The application's answer, or 400 or 401 with an empty body."""
        length = environ.get("CONTENT_LENGTH") or "0"
        if not LENGTH.fullmatch(length) or int(length) > BODY_LIMIT:
            return self._refuse("400 Bad Request", "size", length, start_response)

        body = environ["wsgi.input"].read(int(length))
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")

        reason = self._problem(environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", ""), signature, body)
        if reason is not None:
            return self._refuse("401 Unauthorized", reason, length, start_response)

        environ["wsgi.input"] = io.BytesIO(body)

        def answered(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> object:
            # Only what was taken counts as seen: Slack may repeat a request that failed within the
            # same second.
            if status.startswith("2"):
                self._remember(signature)
            return start_response(status, headers, exc_info)  # type: ignore[arg-type]  # handed through as it came

        return self._app(environ, answered)  # type: ignore[arg-type]  # the WSGI protocol's keyword is optional

    def _problem(self, timestamp: str, signature: str, body: bytes) -> str | None:
        if not TIMESTAMP.fullmatch(timestamp):
            return "timestamp"
        if abs(self._now() - int(timestamp)) > WINDOW_SECONDS:
            return "late"
        if not SIGNATURE.fullmatch(signature):
            return "signature"

        expected = hmac.new(
            self._secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256
        ).hexdigest()
        if not hmac.compare_digest(expected, signature.removeprefix("v0=")):
            return "signature"

        with self._lock:
            return "replay" if self._seen.get(signature, 0.0) > self._now() else None

    def _remember(self, signature: str) -> None:
        now = self._now()
        with self._lock:
            if len(self._seen) >= REPLAYS:
                self._seen = {kept: until for kept, until in self._seen.items() if until > now}

            self._seen[signature] = now + 2 * WINDOW_SECONDS

    def _refuse(
        self, status: str, reason: str, length: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        self._log.warning("refused", reason=reason, length=length[:12])
        start_response(status, [("Content-Length", "0")])
        return [b""]
