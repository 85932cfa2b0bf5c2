"""Caps in requests and USD for a person, a channel and a workspace: checked before a call, settled after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router.config import Settings
from router.errors import BudgetError
from router.store.usage.spend import DAY_SECONDS, Cap, Scope
from workers.ports import Payer


def no_cap(_team: str, _channel: str) -> float:
    """No channel has a cap of its own."""
    return 0.0


class Ledger(Protocol):
    """Where spending is counted, by scope and day; both methods are atomic for all processes."""

    def reserve(self, caps: list[Cap], day: int, requests: int, usd: float) -> Cap | None:
        """None, and the amounts count from now on; or the cap that they would pass, and nothing has changed."""
        ...

    def settle(self, scopes: list[Scope], day: int, usd: float) -> None:
        """`usd` more (or, when negative, less) was spent than had been reserved."""
        ...


@dataclass(frozen=True, slots=True)
class Reserved:
    """Money set aside for one call."""

    scopes: list[Scope]
    day: int
    usd: float


class Budget:
    """Refuses a call that could pass a cap, before anything is sent. Days are UTC days."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        now: Callable[[], float],
        channel_usd: Callable[[str, str], float] = no_cap,
    ) -> None:
        self._settings, self._ledger, self._now, self._channel_usd = (
            settings,
            ledger,
            now,
            channel_usd,
        )

    def admit(self, payer: Payer | None) -> None:
        """The request counts, once however often its calls are tried. Raises BudgetError naming the passed cap."""
        if payer is None or not payer.requests:
            return

        caps = [Cap(cap.scope, requests=cap.requests) for cap in self._caps(payer) if cap.requests]
        if caps:
            self._take(caps, payer.requests, 0.0)

    def reserve(self, payer: Payer | None, usd: float) -> Reserved | None:
        """`usd`, the most that a call can cost, is set aside; None when no cap is concerned.

        Raises BudgetError naming the cap and when it resets.
        """
        caps = (
            [Cap(cap.scope, usd=cap.usd) for cap in self._caps(payer) if cap.usd] if payer else []
        )
        if not caps:
            return None

        return Reserved([cap.scope for cap in caps], self._take(caps, 0, usd), usd)

    def settle(self, reserved: Reserved | None, usd: float) -> None:
        """What was set aside is now what was spent."""
        if reserved is not None and reserved.usd != usd:
            self._ledger.settle(reserved.scopes, reserved.day, usd - reserved.usd)

    def _take(self, caps: list[Cap], requests: int, usd: float) -> int:
        """The day on which the amounts were counted."""
        day = int(self._now() // DAY_SECONDS)
        passed = self._ledger.reserve(caps, day, requests, usd)
        if passed is not None:
            raise self._refusal(passed, (day + 1) * DAY_SECONDS)

        return day

    def _caps(self, payer: Payer) -> list[Cap]:
        s = self._settings
        # What an admin set for a channel takes the place of the setting for all channels.
        channel_usd = self._channel_usd(payer.team, payer.channel) or s.cap_channel_usd
        caps = [
            Cap(("user", f"{payer.team}/{payer.user}"), s.cap_user_requests, s.cap_user_usd),
            Cap(("channel", f"{payer.team}/{payer.channel}"), s.cap_channel_requests, channel_usd),
            Cap(("team", payer.team), s.cap_team_requests, s.cap_team_usd),
        ]

        return [cap for cap in caps if cap.requests or cap.usd]

    def _refusal(self, cap: Cap, resets_at: float) -> BudgetError:
        whose = {"user": "your", "channel": "this channel's", "team": "this workspace's"}[
            cap.scope[0]
        ]
        limits = [f"{cap.requests} requests"] if cap.requests else []
        limits += [f"${cap.usd:.2f}"] if cap.usd else []
        when = time.strftime("%H:%M UTC", time.gmtime(resets_at))

        return BudgetError(
            f"asking the model: {whose} daily cap of {' or '.join(limits)} would be passed; it resets at {when}",
            resets_at=resets_at,
            whose=cap.scope[0],
        )
