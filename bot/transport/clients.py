"""Calls Slack's Web API for each workspace, within rate limits, and retries what is safe."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Literal, Protocol
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.web import SlackResponse

from bot.plainer.bodies import Body, surface_of
from bot.plainer.fallback import Fallback, SendResult
from bot.plainer.refusals import read_refusal
from bot.transport.retries import (
    PATIENCE_SECONDS,
    RETRIES,
    GatewayErrorRetryHandler,
    SharedRetryAfterHandler,
    retry_after,
)
from workers.runtime import tracing
from workers.runtime.bounded import BoundedDict

SECONDS = 10
POSTS_PER_MINUTE, POST_BURST = 60, 5
"""Messages in one channel: Slack allows one a second and short bursts, whose size it does not
say (https://docs.slack.dev/apis/web-api/rate-limits)."""
UNREACHABLE = (
    URLError,
    HTTPException,
    ConnectionError,
    TimeoutError,
    socket.timeout,
    json.JSONDecodeError,
)
"""What a call raises that got no whole answer: it may have had its effect all the same."""
SERVER_ERRORS = ("internal_error", "fatal_error", "request_timeout", "service_unavailable")
"""Slack's errors after which nobody knows whether it was done; the same call may succeed later."""
HELD = "held_back"
"""Our error code for an optional call that was not sent because of Slack's rate limit."""
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
SHOWN_BY = frozenset(
    {
        "chat.appendStream",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.startStream",
        "chat.stopStream",
        "chat.update",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
    }
)
"""Methods that show something: what Slack refuses is sent again in plainer blocks."""
HISTORY_METHODS = frozenset({"conversations.history", "conversations.replies"})
UNLISTED_PER_MINUTE, UNLISTED_PAGE = 1, 15
"""Calls of these methods a minute, and messages a call, for an app outside Slack's Marketplace that
other companies install (https://docs.slack.dev/apis/web-api/rate-limits, since May 2025)."""
UNKNOWN_PER_MINUTE = 600
"""So much nobody calls: a bucket of it holds nothing back but what Slack itself has closed."""
BURST_SECONDS = 15.0
"""A bucket holds what its tier allows in so long: short bursts pass, as they do at Slack."""

MAX_WORKSPACES = 2_000
"""Workspaces whose clients are kept; making them again takes a millisecond."""

ClientKind = Literal["retrying", "posting", "best_effort"]


class RateLimiter(Protocol):
    """Token buckets that all processes share (`workers/runtime/rate_limit.py`)."""

    def acquire(self, name: str, per_minute: float, burst: int = 1) -> float:
        """Takes one token from the bucket `name`; 0, or the seconds until there is one."""
        ...

    def close_for(self, name: str, seconds: float) -> None:
        """Closes the bucket for every process for so many seconds."""
        ...


class PacedClient(WebClient):
    """A client for the workspace `team` that takes a token from the rate limiter before each call.

    Where `waits` is False a call without a token is given up instead of delayed. Blocks that Slack
    refuses are sent again in plainer ones, down to text alone (`fallback`). An `unlisted` app is
    outside Slack's Marketplace, and reads the history of channels slowly.
    """

    rate_limiter: RateLimiter | None = None
    fallback: Fallback | None = None
    team: str = ""
    waits: bool = True
    unlisted: bool = False

    def api_call(self, api_method: str, **options: Any) -> SlackResponse:
        """Calls a method as the SDK does, once there is room.

        Raises SlackApiError: `held_back` where this client does not wait, `ratelimited` where the
        wait would be too long.
        """
        body = options.get("json")
        if self.fallback is None or api_method not in SHOWN_BY or not isinstance(body, dict):
            return self._paced_call(api_method, options)

        def call(form: Body) -> SendResult[SlackResponse | SlackApiError]:
            return self._attempt(api_method, {**options, "json": form})

        surface = surface_of(api_method, body)
        if api_method == "chat.startStream":
            self._check_stream(surface)

        result = self.fallback.send(self.team, surface, body, call)
        if isinstance(result, SlackApiError):
            raise result

        return result

    def _check_stream(self, surface: str) -> None:
        """Raises `invalid_chunks` where a stream could show no text."""
        assert self.fallback is not None
        if self.fallback.refuses(self.team, surface, "markdown_text"):
            raise slack_error("invalid_chunks")

    def _attempt(
        self, method: str, options: dict[str, Any]
    ) -> SendResult[SlackResponse | SlackApiError]:
        form: Body = options["json"]
        if method in ("chat.startStream", "chat.appendStream") and form.get("chunks") == []:
            # This workspace accepts none of the chunks in any form.
            return SendResult(slack_error("invalid_chunks"))

        try:
            return SendResult(self._paced_call(method, options))
        except SlackApiError as error:
            refusal = read_refusal(_answer(error), form)
            if refusal is None:
                raise

            return SendResult(error, refusal)

    def _paced_call(self, api_method: str, options: dict[str, Any]) -> SlackResponse:
        waited = 0.0
        while (wait := self._seconds_to_wait(api_method, options)) > 0:
            if not self.waits:
                raise slack_error(HELD)
            if waited + wait > PATIENCE_SECONDS:
                raise slack_error("ratelimited")

            threading.Event().wait(wait)
            waited += wait

        if self.unlisted and api_method in HISTORY_METHODS:
            options["params"] = {**(options.get("params") or {}), "limit": UNLISTED_PAGE}

        try:
            with tracing.span("slack", method=api_method):
                return super().api_call(api_method, **options)
        except SlackApiError as error:
            if not self.waits and error_code(error) == "ratelimited":
                # This call is not repeated, but the next one must keep to Slack's Retry-After.
                headers = getattr(error.response, "headers", {})
                self.close_method(api_method, retry_after(headers))
            raise

    def wait_for_method(self, method: str) -> None:
        """Waits until no process has closed this method, at most `PATIENCE_SECONDS`."""
        waited = 0.0
        while self.rate_limiter is not None and waited < PATIENCE_SECONDS:
            wait = self.rate_limiter.acquire(
                f"{self.team}:{method}", UNKNOWN_PER_MINUTE, UNKNOWN_PER_MINUTE
            )
            if wait <= 0:
                return

            threading.Event().wait(wait)
            waited += wait

    def close_method(self, method: str, seconds: float) -> None:
        """Keeps every process from calling this method for so many seconds, as Slack asked."""
        if self.rate_limiter is not None:
            self.rate_limiter.close_for(f"{self.team}:{method}", seconds)

    def _seconds_to_wait(self, method: str, options: Mapping[str, Any]) -> float:
        if self.rate_limiter is None:
            return 0.0

        if method == "chat.postMessage":
            return self._seconds_to_wait_for_post(options)

        per_minute = TIERS[METHODS[method]] if method in METHODS else UNKNOWN_PER_MINUTE
        if self.unlisted and method in HISTORY_METHODS:
            per_minute = UNLISTED_PER_MINUTE

        burst = max(1, int(per_minute * BURST_SECONDS / 60))
        wait = self.rate_limiter.acquire(f"{self.team}:{method}", per_minute, burst)
        if wait > 0 or method != "chat.startStream":
            return wait

        # A stream is a message in the channel like every other one.
        return self._seconds_to_wait_in_channel(options)

    def _seconds_to_wait_for_post(self, options: Mapping[str, Any]) -> float:
        """Posts have two limits: one a second in a channel, and some hundred a minute in all."""
        assert self.rate_limiter is not None
        wait = self.rate_limiter.acquire(f"{self.team}:chat.postMessage", 300, 60)
        return wait if wait > 0 else self._seconds_to_wait_in_channel(options)

    def _seconds_to_wait_in_channel(self, options: Mapping[str, Any]) -> float:
        assert self.rate_limiter is not None
        body = options.get("json") or options.get("params") or options.get("data") or {}
        name = f"{self.team}:chat.postMessage:{body.get('channel')}"
        return self.rate_limiter.acquire(name, POSTS_PER_MINUTE, POST_BURST)


def web_client(token: str, url: str, *, posting: bool = False) -> WebClient:
    """Returns a client that honours Retry-After and retries what is safe to repeat.

    With `posting` only 429 is retried: after a reset or a 5xx the message may be in Slack already,
    so it has to be looked up before it is posted again.
    """
    return _client(token, url, "posting" if posting else "retrying")


def _client(token: str, url: str, kind: ClientKind) -> PacedClient:
    client = PacedClient(token=token, base_url=url, timeout=SECONDS, retry_handlers=[])
    client.waits = kind != "best_effort"
    client.fallback = Fallback()
    if kind != "best_effort":
        client.retry_handlers.append(SharedRetryAfterHandler(client))

    if kind == "retrying":
        client.retry_handlers += [
            ServerErrorRetryHandler(max_retry_count=RETRIES),
            GatewayErrorRetryHandler(max_retry_count=RETRIES),
            ConnectionErrorRetryHandler(max_retry_count=RETRIES),
        ]

    return client


@dataclass(frozen=True, slots=True)
class ClientSet:
    """Three clients of one workspace.

    `retrying` repeats what is safe to repeat, `posting` retries 429 only, `best_effort` never
    waits: for what may be left out, such as a status line.
    """

    retrying: WebClient
    posting: WebClient
    best_effort: WebClient


class Clients:
    """The clients of every workspace, made at first use and shared by all threads.

    `token` gives a workspace's bot token as it is now: tokens may rotate. An `unlisted` app is
    outside Slack's Marketplace.
    """

    def __init__(
        self,
        token: Callable[[str], str],
        url: str,
        rate_limiter: RateLimiter | None = None,
        *,
        unlisted: bool = False,
    ) -> None:
        self._token, self._url, self._rate_limiter = token, url, rate_limiter
        self.fallback = Fallback()
        """What each workspace refuses; all clients and response URLs share it."""
        self._unlisted = unlisted
        self._sets: BoundedDict[str, tuple[str, ClientSet]] = BoundedDict(MAX_WORKSPACES)
        self._lock = threading.Lock()

    @classmethod
    def single(cls, token: str, url: str, rate_limiter: RateLimiter | None = None) -> Clients:
        """Returns the clients of an installation that serves one workspace with one token."""
        return cls(lambda _: token, url, rate_limiter)

    def for_team(self, team: str) -> ClientSet:
        """Returns the workspace's clients. Raises SettingsError if it has not installed Beagle."""
        # The token is read outside the lock: it may need a call to Slack to be exchanged.
        token = self._token(team)
        with self._lock:
            cached = self._sets.get(team)
            if cached is not None and cached[0] == token:
                return cached[1]

            clients = ClientSet(
                retrying=self._make(token, team, "retrying"),
                posting=self._make(token, team, "posting"),
                best_effort=self._make(token, team, "best_effort"),
            )
            self._sets[team] = (token, clients)
            return clients

    def _make(self, token: str, team: str, kind: ClientKind) -> PacedClient:
        client = _client(token, self._url, kind)
        client.rate_limiter, client.team = self._rate_limiter, team
        client.fallback = self.fallback
        client.unlisted = self._unlisted
        return client


def with_fallback(client: WebClient, team: str, fallback: Fallback) -> WebClient:
    """Returns a client like the one that Bolt makes for a listener, with the fallback."""
    found = PacedClient(
        token=client.token,
        base_url=client.base_url,
        timeout=client.timeout,
        ssl=client.ssl,
        proxy=client.proxy,
        headers=client.headers,
        retry_handlers=client.retry_handlers,
    )
    found.team, found.fallback = team, fallback
    return found


def _answer(error: SlackApiError) -> Mapping[str, Any]:
    data = getattr(error.response, "data", error.response)
    return data if isinstance(data, Mapping) else {}


def slack_error(word: str) -> SlackApiError:
    """Returns the error that the SDK raises where Slack answers with this error code."""
    return SlackApiError(f"not called: {word}", {"ok": False, "error": word})  # type: ignore[no-untyped-call]  # theirs


def error_code(error: BaseException) -> str:
    """Returns Slack's error code, or the name of the exception's class."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown_error"))
    return type(error).__name__
