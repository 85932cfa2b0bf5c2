"""All that the sandbox's parts share: the workspace, the clock, tokens, faults, limits and the way to the bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.sandbox.clock import Clock
from bot.sandbox.delivery.dispatcher import Delivery
from bot.sandbox.faults.faults import Faults
from bot.sandbox.limits.rate_limits import Rates
from bot.sandbox.limits.short_lived_tokens import Tickets
from bot.sandbox.limits.token_scopes import BOT_EVENTS, Grants
from bot.sandbox.workspace import Workspace

Json = dict[str, Any]

ON_ITS_WAY_SECONDS = 0.25
"""A call that arrives so soon after a refusal had been sent before its sender could know."""
COMMANDS = (
    {"command": "/beagle", "description": "Statistics and help", "usage_hint": "help | stats"},
)
SHORTCUTS = (
    {"callback_id": "ask_beagle", "name": "Ask Beagle about this", "type": "message"},
    {"callback_id": "wrong_route", "name": "Wrong route?", "type": "message"},
)


@dataclass(slots=True)
class Platform:
    """Lives as long as one sandbox, on its event loop. `url` ends without a slash and is set by the start."""

    workspace: Workspace
    clock: Clock
    random: Random
    delivery: Delivery
    faults: Faults
    rates: Rates
    tickets: Tickets
    grants: Grants = field(default_factory=Grants)
    events: frozenset[str] = frozenset(BOT_EVENTS)
    commands: Sequence[Json] = COMMANDS
    shortcuts: Sequence[Json] = SHORTCUTS
    url: str = ""
    contents: dict[str, bytes] = field(default_factory=dict)
    scheduled: dict[str, Json] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    dead_until: float = 0.0
    told: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    early: Counter[str] = field(default_factory=Counter)
    """By method: calls that came although Retry-After was not over, those on their way when it
    was said apart."""

    def refused(self, token: str, method: str, seconds: float) -> None:
        """That token was told to leave the method alone for so long."""
        now = self.clock.now()
        begun, until = self.told.get((token, method), (now, 0.0))
        self.told[token, method] = (now if until < now else begun, max(until, now + seconds))

    def called(self, token: str, method: str) -> None:
        """A call came in; one that was told to wait is counted as early."""
        begun, until = self.told.get((token, method), (0.0, 0.0))
        if begun + ON_ITS_WAY_SECONDS < self.clock.now() < until:
            self.early[method] += 1

    @property
    def dead(self) -> bool:
        """Slack's own side answers nobody; the page and the control API stay."""
        return self.clock.now() < self.dead_until
