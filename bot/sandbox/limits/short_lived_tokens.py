"""Tokens that expire: trigger ids, response and upload URLs, Socket Mode tickets, OAuth codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from bot.sandbox.json_types import Json

TokenKind = Literal["trigger", "response", "upload", "socket", "oauth", "refresh"]

LIFETIME_SECONDS = {
    "trigger": 3.0,
    "response": 1800.0,
    "upload": 600.0,
    "socket": 30.0,
    "oauth": 600.0,
    "refresh": 86_400.0,
}
MAX_USES = {"trigger": 1, "response": 5, "upload": 1, "socket": 1, "oauth": 1, "refresh": 1}
CLEAN_UP_ABOVE = 10_000
"""Expired tokens are kept up to this number, so that a late use is answered with `expired`."""


@dataclass(slots=True)
class ShortLivedToken:
    """The data behind a token, its expiry (unix seconds) and how often it may still be used."""

    kind: TokenKind
    data: Json
    expires_at: float
    uses_left: int


class ShortLivedTokens:
    """Issues tokens and redeems them within their lifetime and number of uses."""

    def __init__(self, now: Callable[[], float], random: Random) -> None:
        self._now = now
        self._random = random
        self._tokens: dict[str, ShortLivedToken] = {}

    def issue(self, kind: TokenKind, **data: object) -> str:
        """Returns a new token that stands for `data`."""
        now = self._now()
        if len(self._tokens) > CLEAN_UP_ABOVE:
            self._drop_expired(now)

        key = f"{self._random.getrandbits(128):032x}"
        if kind == "trigger":
            # Clients can read a trigger id's age from its first part, as with Slack's own.
            key = f"{int(now * 1000)}.{self._random.randrange(10**12)}.{key}"

        self._tokens[key] = ShortLivedToken(
            kind, data, now + LIFETIME_SECONDS[kind], MAX_USES[kind]
        )
        return key

    def redeem(self, kind: TokenKind, key: str) -> Json | str:
        """Uses a token once. Returns its data, or the refusal: `unknown`, `expired` or `used`."""
        token = self._tokens.get(key)
        if token is None or token.kind != kind:
            return "unknown"
        if self._now() > token.expires_at:
            return "expired"
        if token.uses_left < 1:
            return "used"

        token.uses_left -= 1
        return token.data

    def _drop_expired(self, now: float) -> None:
        self._tokens = {key: token for key, token in self._tokens.items() if token.expires_at > now}
