"""Short-lived keys: trigger ids that open a modal, response URLs, upload URLs, Socket Mode tickets, OAuth codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

Kind = Literal["trigger", "response", "upload", "socket", "oauth", "refresh"]
SECONDS = {
    "trigger": 3.0,
    "response": 1800.0,
    "upload": 600.0,
    "socket": 30.0,
    "oauth": 600.0,
    "refresh": 86_400.0,
}
USES = {"trigger": 1, "response": 5, "upload": 1, "socket": 1, "oauth": 1, "refresh": 1}


@dataclass(slots=True)
class Ticket:
    """What a key stands for, until when (unix seconds), and how often it may still be used."""

    kind: Kind
    about: dict[str, Any]
    until: float
    left: int


class Tickets:
    """The keys given out so far."""

    def __init__(self, now: Callable[[], float], random: Random) -> None:
        self._now, self._random = now, random
        self._given: dict[str, Ticket] = {}

    def give(self, kind: Kind, **about: Any) -> str:
        """A new key that stands for `about`."""
        now = self._now()
        if len(self._given) > 10_000:
            self._given = {key: ticket for key, ticket in self._given.items() if ticket.until > now}

        letters = f"{self._random.getrandbits(128):032x}"
        key = (
            f"{int(now * 1000)}.{self._random.randrange(10**12)}.{letters}"
            if kind == "trigger"
            else letters
        )

        self._given[key] = Ticket(kind, about, now + SECONDS[kind], USES[kind])
        return key

    def use(self, kind: Kind, key: str) -> dict[str, Any] | str:
        """What the key stands for, used once more; or why not: `unknown`, `expired`, `used`."""
        ticket = self._given.get(key)
        if ticket is None or ticket.kind != kind:
            return "unknown"
        if self._now() > ticket.until:
            return "expired"
        if ticket.left < 1:
            return "used"

        ticket.left -= 1
        return ticket.about
