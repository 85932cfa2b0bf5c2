"""Faults on demand: what goes wrong, where, on which call, and how often; repeatable by its seed.

A fault is a dict, over HTTP too:

    kind     one of CALL_KINDS (a Web API call), DELIVERY_KINDS (an event on its way) or NOW_KINDS (at once)
    on       a Web API method ("chat.postMessage") or an event's type ("app_mention", "message"); default "*": any
    nth      only the nth match, counted from 1 since the fault was added; default: each
    share    0-1, how likely a match is hit; default 1
    times    how often it strikes at most; default: without end (for `nth`: once)
    seconds  how long: Retry-After of `ratelimited`, the silence of `timeout_*`, of `delay` and of `dead`

Call kinds: `ratelimited` (429), `500`, `502`, `503`, `504`, `timeout_before` and `timeout_after`
(no answer, and nothing or everything was done), `reset_before` and `reset_after` (connection reset
likewise), `malformed` (done, but the answer is no JSON). Delivery kinds: `duplicate` (the same
event twice), `reorder` (after the next one), `delay`, `drop` (lost, then sent again as a retry),
`unacked` (arrives, but Slack does not see the acknowledgement). Kinds that strike at once, on every
Socket Mode connection: `warning` and `disconnect` (Slack's frames), `close` (a close frame), `fin`,
`rst`, `stale` (open, but nothing passes any more), `dead` (all of Slack is gone for `seconds`); on
the app: `revoke` (its bot token), `uninstall`.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

from router.errors import BeagleError

CALL_KINDS = (
    "ratelimited", "500", "502", "503", "504",
    "timeout_before", "timeout_after", "reset_before", "reset_after", "malformed",
)  # fmt: skip
DELIVERY_KINDS = ("duplicate", "reorder", "delay", "drop", "unacked")
NOW_KINDS = ("warning", "disconnect", "close", "fin", "rst", "stale", "dead", "revoke", "uninstall")
KINDS = (*CALL_KINDS, *DELIVERY_KINDS, *NOW_KINDS)
FIELDS = ("kind", "on", "nth", "share", "times", "seconds")


class FaultError(BeagleError):
    """A fault was described in a way that the sandbox does not know."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, as the module says."""

    kind: str
    on: str = "*"
    nth: int | None = None
    share: float = 1.0
    times: int | None = None
    seconds: float = 1.0

    @property
    def group(self) -> tuple[str, ...]:
        """The kinds that strike at the same place as this one."""
        return next(
            kinds for kinds in (CALL_KINDS, DELIVERY_KINDS, NOW_KINDS) if self.kind in kinds
        )


def read_fault(described: Any) -> Fault:
    """The fault that a dict describes. Raises FaultError naming what is wrong with it."""
    if not isinstance(described, dict) or not set(described) <= set(FIELDS):
        raise FaultError(
            f"reading fault {described!r}: expected a dict with fields among {FIELDS}; correct it"
        )

    fault = Fault(**{**described, "kind": str(described.get("kind"))})
    if fault.kind not in KINDS:
        raise FaultError(
            f"reading fault {described!r}: unknown kind {fault.kind!r}; known: {', '.join(KINDS)}"
        )

    counts = (fault.nth, fault.times)
    if any(count is not None and (type(count) is not int or count < 1) for count in counts):
        raise FaultError(
            f"reading fault {described!r}: 'nth' and 'times' are whole numbers from 1; correct them"
        )

    if (
        type(fault.on) is not str
        or not _number(fault.share, 1)
        or not _number(fault.seconds, 86_400)
    ):
        raise FaultError(
            f"reading fault {described!r}: 'on' is a name, 'share' a number in 0-1, 'seconds' in 0-86400; correct them"
        )

    return fault


def _number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


class Faults:
    """The faults that lie in wait. One seed and one order of calls give the same faults again."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self._waiting: list[tuple[Fault, list[int]]] = []

    def add(self, fault: Fault) -> None:
        """The fault lies in wait from now on, after those added before."""
        self._waiting.append((fault, [0, 0]))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._waiting.clear()

    def described(self) -> list[dict[str, Any]]:
        """Each waiting fault as a dict, with how often it matched and struck."""
        return [
            {**asdict(fault), "matched": seen[0], "struck": seen[1]}
            for fault, seen in self._waiting
        ]

    def on_call(self, method: str) -> Fault | None:
        """What goes wrong with this Web API call; the first fault that strikes wins."""
        return self._strike(CALL_KINDS, method)

    def on_delivery(self, event: str) -> Fault | None:
        """What goes wrong with this event on its way."""
        return self._strike(DELIVERY_KINDS, event)

    def _strike(self, kinds: tuple[str, ...], name: str) -> Fault | None:
        hit = None
        for fault, seen in self._waiting:
            if fault.kind not in kinds or fault.on not in ("*", name):
                continue

            seen[0] += 1
            times = fault.times if fault.times is not None else 1 if fault.nth is not None else None
            due = fault.nth in (None, seen[0]) and (times is None or seen[1] < times)

            # The dice are thrown for each match, so that adding a fault later does not shift those
            # before it.
            lucky = fault.share < 1 and self._random.random() >= fault.share
            if hit is None and due and not lucky:
                seen[1] += 1
                hit = fault

        return hit
