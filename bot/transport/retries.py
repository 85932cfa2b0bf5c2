"""When a call to Slack is tried again: after a gateway failed, and after a short Retry-After.

The SDK's handlers cover server errors and lost connections.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

RETRIES = 3
PATIENCE_SECONDS = 8.0
"""The longest that a call waits for its turn; after that the request itself is put off, and
nothing is lost."""


class MethodLimits(Protocol):
    """What a client tells all processes of Slack's limits, and learns from them."""

    def close_method(self, method: str, seconds: float) -> None:
        """Keeps every process from calling this method for so many seconds."""
        ...

    def wait_for_method(self, method: str) -> None:
        """Waits until no process has closed this method, at most `PATIENCE_SECONDS`."""
        ...


class GatewayErrorRetryHandler(RetryHandler):
    """Retries 502 and 504, which the SDK's own handler leaves out."""

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        return response is not None and response.status_code in (502, 504)


class SharedRetryAfterHandler(RetryHandler):
    """Honours Retry-After and shares it: every other process waits as well.

    A wait of more than `PATIENCE_SECONDS` is left to the caller, who puts the request off. The
    SDK's own handler sleeps for as long as Slack says, and with it a thread that is told to end.
    """

    def __init__(self, client: MethodLimits) -> None:
        super().__init__(max_retry_count=RETRIES)
        self._client = client

    def _can_retry(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is None or response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return False

        # Told to all processes by whoever is refused, whether this call is repeated or not.
        seconds = retry_after(response.headers)
        self._client.close_method(_method(request), seconds)
        return seconds <= PATIENCE_SECONDS

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        """Waits for as long as Slack says, and until no process has closed the method."""
        state.next_attempt_requested = True
        threading.Event().wait(retry_after(response.headers if response else {}))
        state.increment_current_attempt()
        self._client.wait_for_method(_method(request))


def _method(request: HttpRequest) -> str:
    return urlsplit(request.url).path.rsplit("/", 1)[-1]


def retry_after(headers: Mapping[str, Any]) -> float:
    """Returns the seconds that Slack asks clients to wait; 1 where it does not say."""
    found = {name.lower(): value for name, value in headers.items()}.get("retry-after", "1")
    seconds = str(found[0] if isinstance(found, list) else found)
    return float(seconds) if seconds.isdigit() else 1.0
