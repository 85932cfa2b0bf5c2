"""What all parts of one sandbox share: workspace, clock, tokens, faults, limits and dispatcher."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bot.sandbox.clock import Clock, ManualClock
from bot.sandbox.delivery.dispatcher import Dispatcher
from bot.sandbox.faults.faults import FaultInjector
from bot.sandbox.faults.refusals import Refusals
from bot.sandbox.json_types import Json
from bot.sandbox.limits.rate_limits import RateLimits
from bot.sandbox.limits.short_lived_tokens import ShortLivedTokens
from bot.sandbox.limits.token_scopes import BOT_EVENTS, TokenRegistry
from bot.sandbox.workspace import Workspace

IN_FLIGHT_SECONDS = 0.25
"""A call arriving this soon after a 429 was sent before its client could have read the answer."""
COMMANDS = (
    {"command": "/beagle", "description": "Statistics and help", "usage_hint": "help | stats"},
)
SHORTCUTS = (
    {"callback_id": "ask_beagle", "name": "Ask Beagle about this", "type": "message"},
    {"callback_id": "wrong_route", "name": "Wrong route?", "type": "message"},
    {"callback_id": "save_answer", "name": "Save as answer", "type": "message"},
)


@dataclass(slots=True)
class SandboxContext:
    """The state of one sandbox. It lives as long as the sandbox and is used on its event loop only.

    `url` has no trailing slash and is empty until the server has bound its port. `page_token` opens
    the control API; with `installs` off, the consent page gives nobody a token of the bot.
    """

    workspace: Workspace
    clock: Clock
    random: Random
    dispatcher: Dispatcher
    faults: FaultInjector
    rate_limits: RateLimits
    short_lived_tokens: ShortLivedTokens
    page_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    installs: bool = True
    tokens: TokenRegistry = field(default_factory=TokenRegistry)
    # The app's configuration: subscriptions, slash commands and shortcuts.
    events: frozenset[str] = frozenset(BOT_EVENTS)
    commands: Sequence[Json] = COMMANDS
    shortcuts: Sequence[Json] = SHORTCUTS
    # Whether the token is of an install of a whole organisation (Enterprise Grid).
    org_install: bool = False
    url: str = ""
    file_contents: dict[str, bytes] = field(default_factory=dict)
    scheduled_messages: dict[str, Json] = field(default_factory=dict)
    # Statistics for tests and benchmarks.
    call_counts: Counter[str] = field(default_factory=Counter)
    error_counts: Counter[str] = field(default_factory=Counter)
    down_until: float = 0.0
    refusals: Refusals = field(default_factory=Refusals)
    # How slow this Slack is, in real seconds: the Web API (at least, at most), and pongs.
    latency: tuple[float, float] = (0.0, 0.0)
    pong_seconds: float = 0.0
    call_seconds: float = 0.0
    """How long each call of the Web API takes by a clock that stands still otherwise: nobody waits,
    and what expires, such as a trigger id, expires. The running call sees the time before."""
    backoffs: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    """By token and method: when the client was first rate limited and when it may call again."""
    premature_calls: Counter[str] = field(default_factory=Counter)
    """By method: calls made before Retry-After had passed, not counting those in flight."""

    def spend_call(self) -> None:
        """Moves a manual clock on by what a call takes."""
        if self.call_seconds and isinstance(self.clock, ManualClock):
            self.clock.advance(self.call_seconds)

    def record_rate_limit(self, token: str, method: str, seconds: float) -> None:
        """Remembers that this token may not call the method again for so many seconds."""
        now = self.clock.now()
        start, end = self.backoffs.get((token, method), (now, 0.0))

        # A second 429 within the same back-off extends it and keeps its start: only calls that
        # were in flight when the first one was sent are excused.
        if end < now:
            start = now

        self.backoffs[token, method] = (start, max(end, now + seconds))

    def record_call(self, token: str, method: str) -> None:
        """Counts the call as premature if its client ignores a Retry-After."""
        start, end = self.backoffs.get((token, method), (0.0, 0.0))
        if start + IN_FLIGHT_SECONDS < self.clock.now() < end:
            self.premature_calls[method] += 1

    @property
    def is_down(self) -> bool:
        """Whether Slack's side is unreachable. The page and the control API stay available."""
        return self.clock.now() < self.down_until
