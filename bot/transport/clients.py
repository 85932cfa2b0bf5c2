"""Ways to call Slack's Web API: each workspace with its own token, in Slack's pace, and what is safe is repeated."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Literal, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import RetryHandler
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

RETRIES = 3
SECONDS = 10
PATIENCE_SECONDS = 8.0
"""The longest that a call waits for its turn; after that the request itself is put off, and
nothing is lost."""
UNREACHABLE = (URLError, HTTPException, ConnectionError, TimeoutError, socket.timeout)
HELD = "held_back"
"""Our own word for a nicety that was not sent because Slack's rate limit leaves no room for it."""
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
"""Calls a minute and workspace, https://docs.slack.dev/apis/web-api/rate-limits."""
METHODS: Mapping[str, int] = {
    "chat.startStream": 2,
    "chat.stopStream": 2,
    "chat.appendStream": 4,
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "conversations.replies": 3,
    "views.publish": 4,
    "views.open": 4,
}
"""The tier of each method that a busy workspace calls often. What is not here only keeps to
Retry-After."""
UNKNOWN_PER_MINUTE = 600
"""So much nobody calls: a bucket of it holds nothing back but what Slack itself has closed."""
BURST_SECONDS = 15.0
"""A bucket holds what its tier allows in so long: short bursts pass, as they do at Slack."""

Kind = Literal["patient", "posting", "nicety"]


class Turns(Protocol):
    """Who may call next, for all processes together (`workers/runtime/rate_limit.py`)."""

    def take(self, name: str, per_minute: float, burst: int = 1) -> float:
        """0, or the seconds until there is room."""
        ...

    def shut(self, name: str, seconds: float) -> None:
        """Nobody may call for so long."""
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


class _ToldToWait(RateLimitErrorRetryHandler):
    """Waits as long as Slack says, and as it says to others meanwhile; lets every other process know."""

    def __init__(self, client: PacedClient) -> None:
        super().__init__(max_retry_count=RETRIES)
        self._client = client

    def prepare_for_next_attempt(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> None:
        method = urlsplit(request.url).path.rsplit("/", 1)[-1]
        self._client.told(method, retry_after(response.headers if response else {}))
        super().prepare_for_next_attempt(
            state=state, request=request, response=response, error=error
        )
        self._client.wait_on(method)


def retry_after(headers: Mapping[str, Any]) -> float:
    """The seconds that Slack wants to be left alone for; a second where it does not say."""
    found = {name.lower(): value for name, value in headers.items()}.get("retry-after", "1")
    seconds = str(found[0] if isinstance(found, list) else found)
    return float(seconds) if seconds.isdigit() else 1.0


class PacedClient(WebClient):
    """A client that waits for its turn before each call; a nicety is given up instead. It holds the token of `team`."""

    turns: Turns | None = None
    team: str = ""
    waits: bool = True

    def api_call(self, api_method: str, **how: Any) -> SlackResponse:  # handed through
        """As the SDK's. Raises SlackApiError: `held_back` for a nicety, `ratelimited` where the wait is too long."""
        wait = self._wait(api_method, how)
        if wait > 0 and not self.waits:
            raise refusal(HELD)

        waited = 0.0
        while wait > 0:
            if waited + wait > PATIENCE_SECONDS:
                raise refusal("ratelimited")

            threading.Event().wait(wait)
            waited += wait
            wait = self._wait(api_method, how)

        try:
            return super().api_call(api_method, **how)
        except SlackApiError as error:
            if not self.waits and code(error) == "ratelimited":
                # A nicety is not repeated, but the next one has to wait as it was told.
                self.told(api_method, retry_after(getattr(error.response, "headers", {})))
            raise

    def wait_on(self, method: str) -> None:
        """Nobody was told meanwhile to leave this method alone any longer."""
        waited = 0.0
        while self.turns is not None and waited < PATIENCE_SECONDS:
            wait = self.turns.take(f"{self.team}:{method}", UNKNOWN_PER_MINUTE, UNKNOWN_PER_MINUTE)
            if wait <= 0:
                return

            threading.Event().wait(wait)
            waited += wait

    def told(self, method: str, seconds: float) -> None:
        """Slack said that this method is to be left alone for so long: no process calls it before."""
        if self.turns is not None:
            self.turns.shut(f"{self.team}:{method}", seconds)

    def _wait(self, method: str, how: Mapping[str, Any]) -> float:
        if self.turns is None:
            return 0.0

        if method == "chat.postMessage":
            given = how.get("json") or how.get("params") or how.get("data") or {}
            wait = self.turns.take(
                f"{self.team}:{method}:{given.get('channel')}", 60, int(BURST_SECONDS)
            )

            return wait or self.turns.take(f"{self.team}:{method}", 600, 60)

        per_minute = TIERS[METHODS[method]] if method in METHODS else UNKNOWN_PER_MINUTE
        return self.turns.take(
            f"{self.team}:{method}", per_minute, max(1, int(per_minute * BURST_SECONDS / 60))
        )


def web_client(token: str, url: str, *, posting: bool = False) -> WebClient:
    """A client that honours Retry-After and retries what is safe to repeat.

    With `posting` only 429 is retried: after a reset or a 5xx the message may stand in Slack
    already, so it has to be looked for before it is posted again.
    """
    return _client(token, url, "posting" if posting else "patient")


def _client(token: str, url: str, kind: Kind) -> PacedClient:
    client = PacedClient(token=token, base_url=url, timeout=SECONDS, retry_handlers=[])
    client.waits = kind != "nicety"
    if kind != "nicety":
        client.retry_handlers.append(_ToldToWait(client))

    if kind == "patient":
        client.retry_handlers += [
            ServerErrorRetryHandler(max_retry_count=RETRIES),
            GatewayErrorRetryHandler(max_retry_count=RETRIES),
            ConnectionErrorRetryHandler(max_retry_count=RETRIES),
        ]

    return client


@dataclass(frozen=True, slots=True)
class Trio:
    """Three ways to call one workspace: `patient` repeats what is safe, `poster` does not, `nicety` never waits."""

    patient: WebClient
    poster: WebClient
    nicety: WebClient


class Clients:
    """The clients of every workspace. `token` gives a workspace's bot token as it is now: tokens may rotate."""

    def __init__(self, token: Callable[[str], str], url: str, turns: Turns | None = None) -> None:
        self._token, self._url, self._turns = token, url, turns
        self._made: dict[str, tuple[str, Trio]] = {}
        self._lock = threading.Lock()

    @classmethod
    def single(cls, token: str, url: str, turns: Turns | None = None) -> Clients:
        """One token for every workspace: the installation serves a single one."""
        return cls(lambda _: token, url, turns)

    def of(self, team: str) -> Trio:
        """The workspace's clients. Raises SettingsError when Beagle is not installed there."""
        token = self._token(team)
        with self._lock:
            known = self._made.get(team)
            if known is not None and known[0] == token:
                return known[1]

            kinds: tuple[Kind, ...] = ("patient", "posting", "nicety")

            made = [_client(token, self._url, kind) for kind in kinds]
            for client in made:
                client.turns, client.team = self._turns, team

            trio = Trio(*made)
            self._made[team] = (token, trio)
            return trio


def refusal(word: str) -> SlackApiError:
    """The error that Slack's own refusal with this word would be."""
    return SlackApiError(f"not called: {word}", {"ok": False, "error": word})  # type: ignore[no-untyped-call]  # theirs


def code(error: BaseException) -> str:
    """Slack's word for what went wrong, or the kind of the failure."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown_error"))
    return type(error).__name__
