"""Checks Slack's signatures before Bolt: only fresh, signed requests of a sane size are parsed.

Bolt parses a body before it verifies the signature, and logs an unsigned one in full. So the check
is made here, on the raw bytes. A refusal has an empty body and logs only its reason and the length.

https://docs.slack.dev/authentication/verifying-requests-from-slack
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
"""Bytes; Slack's largest payloads are far smaller."""
WINDOW_SECONDS = 300
"""How far a request's timestamp may be off; what Slack recommends against replays."""
TIMESTAMP = re.compile(r"[0-9]{10}")
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
LENGTH = re.compile(r"[0-9]{1,9}")


class SignatureGuard:
    """A WSGI application that passes to `app` what Slack signed in the last five minutes, once."""

    def __init__(self, app: WSGIApplication, secret: str, now: Callable[[], float]) -> None:
        self._app = app
        self._secret = secret.encode()
        self._now = now
        self._expiry_by_signature: dict[str, float] = {}
        self._lock = threading.Lock()
        self._log = get_log(part="signature_guard")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Returns the application's response, or 400 or 401 with an empty body."""
        # Checked before reading: a false length must not make us buffer a huge body.
        length = environ.get("CONTENT_LENGTH") or "0"
        if not LENGTH.fullmatch(length) or int(length) > BODY_LIMIT:
            return self._refuse("400 Bad Request", "size", length, start_response)

        body = environ["wsgi.input"].read(int(length))
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")

        reason = self._refusal_reason(timestamp, signature, body)
        if reason is not None:
            return self._refuse("401 Unauthorized", reason, length, start_response)

        # Claimed before the application sees it: of copies that arrive together one is passed on.
        if not self._claim(signature):
            return self._refuse("401 Unauthorized", "replay", length, start_response)

        # The stream was read to its end; the application gets a fresh one.
        environ["wsgi.input"] = io.BytesIO(body)

        def respond(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            # Only an accepted request stays claimed. Slack may repeat one that failed within the
            # same second, and its signature is the same then.
            if not status.startswith("2"):
                self._release(signature)
            return start_response(status, headers, exc_info)  # type: ignore[arg-type]  # as it came

        try:
            return self._app(environ, respond)  # type: ignore[arg-type]  # the keyword is optional
        except BaseException:
            self._release(signature)
            raise

    def _refusal_reason(self, timestamp: str, signature: str, body: bytes) -> str | None:
        """Returns why the request must be refused, None if it is signed and fresh."""
        if not TIMESTAMP.fullmatch(timestamp):
            return "timestamp"
        if abs(self._now() - int(timestamp)) > WINDOW_SECONDS:
            return "late"
        if not SIGNATURE.fullmatch(signature):
            return "signature"

        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        # In constant time, so that a guess cannot be improved by measuring.
        if not hmac.compare_digest(expected, signature.removeprefix("v0=")):
            return "signature"

        return None

    def _claim(self, signature: str) -> bool:
        """Marks the signature as seen; returns False if it was."""
        now = self._now()
        with self._lock:
            self._drop_expired(now)
            if signature in self._expiry_by_signature:
                return False

            # Twice the window: the timestamp may lie up to one window in the future.
            self._expiry_by_signature[signature] = now + 2 * WINDOW_SECONDS
            return True

    def _release(self, signature: str) -> None:
        with self._lock:
            self._expiry_by_signature.pop(signature, None)

    def _drop_expired(self, now: float) -> None:
        """Forgets expired signatures, oldest first: a dict keeps the order of insertion."""
        while self._expiry_by_signature:
            signature, expires_at = next(iter(self._expiry_by_signature.items()))
            if expires_at > now:
                return

            del self._expiry_by_signature[signature]

    def _refuse(
        self, status: str, reason: str, length: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        # The length is the sender's text, so only its beginning is logged.
        self._log.warning("refused", reason=reason, length=length[:12])
        start_response(status, [("Content-Length", "0")])
        return [b""]
