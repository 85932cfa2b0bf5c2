"""Slack's side of a request URL: signed POST requests to an app without Socket Mode."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.sandbox.clock import Clock, wait_with_timeout
from bot.sandbox.delivery.dispatcher import ACK_SECONDS, DeliveryResult, Envelope
from router.errors import BeagleError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_REDIRECTS = 2
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


class RequestUrlError(BeagleError):
    """A request URL is not on this machine, or did not return Slack's challenge."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Returns Slack's v0 signature of a request: HMAC-SHA256 of version, timestamp and body."""
    signed = f"v0:{timestamp}:".encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"v0={digest}"


class SignedHttp:
    """A `Transport` that posts to one URL on this machine."""

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        # Events hold message texts, which must not leave this machine.
        if urlsplit(url).hostname not in LOOPBACK or urlsplit(url).scheme != "http":
            raise RequestUrlError(
                f"setting request URL {url!r}: the sandbox talks to this machine only; "
                "use http://127.0.0.1:<port>/…"
            )

        self.url = url
        self._secret = secret
        self._clock = clock
        self._session = aiohttp.ClientSession(headers={"User-Agent": USER_AGENT, "Accept": "*/*"})

    async def verify(self) -> None:
        """Sends Slack's challenge. Raises RequestUrlError unless the URL returns it."""
        # A new challenge each time: the app would refuse the same one twice as a replay.
        challenge = secrets.token_urlsafe(16)
        body = {"token": "sandbox", "challenge": challenge, "type": "url_verification"}
        result = await self._post(json.dumps(body).encode(), "application/json", {})

        # Slack accepts the challenge as JSON or as plain text.
        returned = result.body.get("challenge") if isinstance(result.body, dict) else result.body
        if not result.ok or returned != challenge:
            raise RequestUrlError(
                f"setting request URL {self.url!r}: it answered {result.reason or returned!r} "
                "instead of the challenge; "
                "start the bot in HTTP mode with this sandbox's signing secret first"
            )

    async def send(self, envelope: Envelope) -> DeliveryResult:
        """Implements `Transport.send`: events are JSON, commands and interactions are forms."""
        headers = {}
        if envelope.attempt:
            headers = {
                "X-Slack-Retry-Num": str(envelope.attempt),
                "X-Slack-Retry-Reason": _reason(envelope.reason),
            }

        if envelope.kind == "events_api":
            event = json.dumps(envelope.payload).encode()
            return await self._post(event, "application/json", headers)

        form = envelope.payload
        if envelope.kind == "interactive":
            form = {"payload": json.dumps(envelope.payload)}

        body = urlencode(form).encode()
        return await self._post(body, "application/x-www-form-urlencoded", headers)

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    async def _post(self, body: bytes, kind: str, headers: dict[str, str]) -> DeliveryResult:
        # Apps refuse requests older than five minutes, so every attempt gets its own signature.
        timestamp = str(int(self._clock.now()))
        signed = {
            **headers,
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._secret, timestamp, body),
        }

        try:
            return await wait_with_timeout(self._clock, ACK_SECONDS, self._exchange(body, signed))
        except TimeoutError:
            return DeliveryResult(False, reason="http_timeout")
        except aiohttp.TooManyRedirects:
            return DeliveryResult(False, reason="too_many_redirects")
        except (aiohttp.ClientError, ConnectionError):
            return DeliveryResult(False, reason="connection_failed")

    async def _exchange(self, body: bytes, headers: dict[str, str]) -> DeliveryResult:
        async with self._session.post(
            self.url, data=body, headers=headers, max_redirects=MAX_REDIRECTS
        ) as response:
            text = await response.text(errors="replace")
            no_retry = response.headers.get("X-Slack-No-Retry") == "1"
            if not response.ok:
                return DeliveryResult(False, text, "http_error", no_retry)

            return DeliveryResult(True, _parse_body(text), "", no_retry)


def _parse_body(text: str) -> object:
    """Returns the body as JSON if it is JSON, else as text, or None if it is empty."""
    if not text.strip():
        return None

    try:
        return json.loads(text)
    except ValueError:
        return text


def _reason(reason: str) -> str:
    """Returns Slack's name for a reason in its HTTP headers."""
    return "http_timeout" if reason == "timeout" else reason
