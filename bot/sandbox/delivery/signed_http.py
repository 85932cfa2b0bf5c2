"""Slack's side of a request URL: signed POST requests, as for an app without Socket Mode."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.sandbox.clock import Clock, within
from bot.sandbox.delivery.dispatcher import ACK_SECONDS, Answer, Parcel
from router.errors import BeagleError

Json = dict[str, Any]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
REDIRECTS = 2
AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class RequestUrlError(BeagleError):
    """A request URL cannot be used: it is not on this machine, or did not answer Slack's challenge."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's signature, version 0, of a request body."""
    return (
        "v0="
        + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    )


class SignedHttp:
    """A `Transport` that posts to one URL on this machine."""

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        if urlsplit(url).hostname not in LOOPBACK or urlsplit(url).scheme != "http":
            raise RequestUrlError(
                f"setting request URL {url!r}: the sandbox talks to this machine only; use http://127.0.0.1:<port>/…"
            )

        self.url = url
        self._secret, self._clock = secret, clock
        self._session = aiohttp.ClientSession(headers={"User-Agent": AGENT, "Accept": "*/*"})

    async def verify(self) -> None:
        """The URL gave back Slack's challenge. Raises RequestUrlError."""
        challenge = secrets.token_urlsafe(16)  # the same one twice would be a replay
        body = {"token": "sandbox", "challenge": challenge, "type": "url_verification"}
        answer = await self._post(json.dumps(body).encode(), "application/json", {})

        given = answer.body.get("challenge") if isinstance(answer.body, dict) else answer.body
        if not answer.ok or given != challenge:
            raise RequestUrlError(
                f"setting request URL {self.url!r}: it answered {answer.reason or given!r} instead of the challenge; "
                "start the bot in HTTP mode with this sandbox's signing secret first"
            )

    async def send(self, parcel: Parcel) -> Answer:
        """As the protocol says: JSON for events, forms for commands and interactions."""
        headers = {}
        if parcel.attempt:
            headers = {
                "X-Slack-Retry-Num": str(parcel.attempt),
                "X-Slack-Retry-Reason": _reason(parcel.reason),
            }

        if parcel.kind == "events_api":
            return await self._post(
                json.dumps(parcel.payload).encode(), "application/json", headers
            )

        form = (
            parcel.payload
            if parcel.kind == "slash_commands"
            else {"payload": json.dumps(parcel.payload)}
        )

        return await self._post(
            urlencode(form).encode(), "application/x-www-form-urlencoded", headers
        )

    async def close(self) -> None:
        """No connection stays open."""
        await self._session.close()

    async def _post(self, body: bytes, kind: str, headers: dict[str, str]) -> Answer:
        timestamp = str(int(self._clock.now()))
        signed = {
            **headers,
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }

        try:
            return await within(self._clock, ACK_SECONDS, self._exchange(body, signed))
        except TimeoutError:
            return Answer(False, reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(False, reason="too_many_redirects")
        except (aiohttp.ClientError, ConnectionError):
            return Answer(False, reason="connection_failed")

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> Answer:
        async with self._session.post(
            self.url, data=body, headers=headers, max_redirects=REDIRECTS
        ) as response:
            text = await response.text(errors="replace")
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            if not response.ok:
                return Answer(False, text, "http_error", no_retry)

            return Answer(True, _read(text), "", no_retry)


def _read(text: str) -> Any:
    """A JSON object if it is one, else the text; None where nothing was said."""
    if not text.strip():
        return None

    try:
        return json.loads(text)
    except ValueError:
        return text


def _reason(reason: str) -> str:
    return "http_timeout" if reason == "timeout" else reason
