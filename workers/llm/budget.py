"""Daily caps in requests and USD per user, channel and workspace.

Worst-case costs are reserved before a call and settled to the real cost after it, so that
concurrent calls cannot pass a cap together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router.config import Settings
from router.errors import BudgetError
from router.store.usage.spend import DAY_SECONDS, Cap, Scope
from workers.ports import Payer

OWNERS = {"user": "your", "channel": "this channel's", "team": "this workspace's"}
"""How a refusal names whose cap it is, by the cap's scope."""


def no_channel_cap(_team: str, _channel: str) -> float:
    """Returns 0: no channel has a cap of its own."""
    return 0.0


class Ledger(Protocol):
    """Counts spending by scope and day. `reserve` and `settle` are atomic across processes."""

    def reserve(self, caps: list[Cap], day: int, requests: int, usd: float) -> Cap | None:
        """Adds the amounts to every scope and returns None.

        If that would pass a cap, nothing is added and that cap is returned.
        """
        ...

    def settle(self, scopes: list[Scope], day: int, usd: float) -> None:
        """Adds `usd` to what was reserved; negative when the call was cheaper than reserved."""
        ...

    def used_up(self, caps: list[Cap], day: int) -> Cap | None:
        """Returns the first cap that leaves no room for a further request; reserves nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Reservation:
    """USD set aside for one call, on one day (days since 1970, UTC)."""

    scopes: list[Scope]
    day: int
    usd: float


class Budget:
    """Refuses a call that could pass a cap, before anything is sent. Days are UTC days.

    `channel_usd(team, channel)` gives the daily cap that an admin set for that channel, 0 for none.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        now: Callable[[], float],
        channel_usd: Callable[[str, str], float] = no_channel_cap,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._now = now
        self._channel_usd = channel_usd

    def check(self, payer: Payer) -> None:
        """Raises BudgetError when a cap that applies to the payer is used up already."""
        day = int(self._now() // DAY_SECONDS)
        caps = [cap for cap in self._caps(payer) if cap.requests or cap.usd]
        full = self._ledger.used_up(caps, day)
        if full is not None:
            raise self._refusal(full, (day + 1) * DAY_SECONDS)

    def count_request(self, payer: Payer | None) -> None:
        """Counts a person's request once, however many calls it needs.

        Raises BudgetError naming the cap that it would pass.
        """
        if payer is None or not payer.requests:
            return

        # Caps in USD do not matter here, so the channel's own one need not be read.
        caps = self._caps(payer, channel_usd=0.0)
        caps = [Cap(cap.scope, requests=cap.requests) for cap in caps if cap.requests]
        if caps:
            self._reserve(caps, payer.requests, 0.0)

    def reserve(self, payer: Payer | None, usd: float) -> Reservation | None:
        """Reserves `usd`, the most that a call can cost. Returns None when nobody pays for it.

        It is counted where no cap applies, too: `/beagle budget` tells what was spent.
        Raises BudgetError naming the cap and when it resets.
        """
        if payer is None:
            return None

        caps = [Cap(cap.scope, usd=cap.usd) for cap in self._caps(payer)]
        day = self._reserve(caps, 0, usd)
        return Reservation([cap.scope for cap in caps], day, usd)

    def settle(self, reservation: Reservation | None, usd: float) -> None:
        """Replaces the reserved amount by `usd`, what the call cost."""
        if reservation is not None and reservation.usd != usd:
            # The day of the reservation, not today's: a call may run past midnight.
            self._ledger.settle(reservation.scopes, reservation.day, usd - reservation.usd)

    def _reserve(self, caps: list[Cap], requests: int, usd: float) -> int:
        """Reserves in the ledger and returns the day it was counted on."""
        day = int(self._now() // DAY_SECONDS)
        passed = self._ledger.reserve(caps, day, requests, usd)
        if passed is not None:
            raise self._refusal(passed, (day + 1) * DAY_SECONDS)

        return day

    def _caps(self, payer: Payer, channel_usd: float | None = None) -> list[Cap]:
        """Returns a cap for each scope that the payer belongs to; one of 0 and 0 is no cap.

        `channel_usd` is the channel's cap where it is known; else it is looked up.
        """
        s = self._settings
        # An admin's cap for one channel replaces the setting for all channels, whether it is
        # higher or lower.
        if channel_usd is None and payer.channel:
            channel_usd = self._channel_usd(payer.team, payer.channel) or s.cap_channel_usd

        caps = []
        if payer.user:
            user_scope: Scope = ("user", payer.person.key)
            caps.append(Cap(user_scope, s.cap_user_requests, s.cap_user_usd))
        if payer.channel:
            channel_scope: Scope = ("channel", f"{payer.team}/{payer.channel}")
            caps.append(Cap(channel_scope, s.cap_channel_requests, channel_usd or 0.0))

        caps.append(Cap(("team", payer.team), s.cap_team_requests, s.cap_team_usd))
        return caps

    def _refusal(self, cap: Cap, resets_at: float) -> BudgetError:
        limits = []
        if cap.requests:
            limits.append(f"{cap.requests} requests")
        if cap.usd:
            limits.append(f"${cap.usd:.2f}")

        reset_time = time.strftime("%H:%M UTC", time.gmtime(resets_at))
        return BudgetError(
            f"asking the model: {OWNERS[cap.scope[0]]} daily cap of {' or '.join(limits)} would be "
            f"passed; it resets at {reset_time}",
            resets_at=resets_at,
            scope=cap.scope[0],
        )
