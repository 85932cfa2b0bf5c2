"""OAuth states that are signed instead of stored: asking for one leaves nothing behind."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable
from typing import Any, cast

from slack_sdk.oauth.state_store import OAuthStateStore

from router.log import get_log
from router.store.workspace.installations import Installations

STATE_SECONDS = 600
"""How long an OAuth state is valid."""
STATE = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{32})\.([0-9a-f]{64})")
"""Expiry in unix seconds, nonce, HMAC-SHA256 of both."""
PURPOSE = b"beagle install state"
"""Separates the key from other uses of the client secret."""


class OAuthStates(OAuthStateStore):
    """The states of installs under way, valid in all processes that share the client secret.

    A state proves that whoever returns from Slack began the install here (RFC 6749, section 10.12).
    Anybody may ask for states, so they are signed and not stored. Only the state of a completed
    install, which takes a code of Slack's, is recorded: each completes one install.
    """

    def __init__(self, rows: Installations, client_secret: str, now: Callable[[], float]) -> None:
        self._rows = rows
        self._key = hmac.digest(client_secret.encode(), PURPOSE, hashlib.sha256)
        self._now = now

    @property
    def logger(self) -> logging.Logger:
        """Slack's interface demands it."""
        return cast(logging.Logger, get_log(part="installs"))

    def issue(self, *_args: Any, **_kwargs: Any) -> str:
        """Returns a new state."""
        signed = f"{int(self._now()) + STATE_SECONDS}.{secrets.token_urlsafe(24)}"
        return f"{signed}.{self._mac(signed)}"

    def consume(self, state: str) -> bool:
        """Returns whether the state is ours, in time, and has completed no install."""
        return self._expiry(state) is not None and not self._rows.is_state_used(state)

    def complete(self, state: str) -> bool:
        """Records that the state completed an install; returns False if it is not valid any more.

        Of several installs that return with one state at once, one gets True.
        """
        expiry = self._expiry(state)
        return expiry is not None and self._rows.use_state(state, expiry, self._now())

    def _expiry(self, state: str) -> float | None:
        """Returns until when the state is valid, None if it is forged or expired."""
        parts = STATE.fullmatch(state)
        if parts is None:
            return None

        expiry, nonce, mac = parts.groups()
        # In constant time, so that a guess cannot be improved by measuring.
        if not hmac.compare_digest(mac, self._mac(f"{expiry}.{nonce}")):
            return None

        return float(expiry) if float(expiry) > self._now() else None

    def _mac(self, signed: str) -> str:
        return hmac.new(self._key, signed.encode(), hashlib.sha256).hexdigest()
