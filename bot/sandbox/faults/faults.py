"""Fault injection: what goes wrong, on which call, and how often; repeatable by its seed.

A fault is a dict, in Python and over HTTP:

    kind     one of CALL_KINDS (a Web API call), DELIVERY_KINDS (the delivery of an event) or
             IMMEDIATE_KINDS
    on       a Web API method ("chat.postMessage") or an event type ("app_mention", "message");
             default "*": any
    nth      only the nth match, counted from 1 since the fault was added; default: each match
    share    0-1, the probability that a match is hit; default 1
    times    the maximum number of hits; default: no limit (with `nth`: 1)
    seconds  a duration: the Retry-After of `ratelimited`, the hang of `timeout_*`, the delay of
             `delay`, the downtime of `dead`; default 1
    error    Slack's code that `refused` answers with; default internal_error

Call kinds:

    refused                        200 with `ok: false`, and the call had no effect
    ratelimited                    429 with Retry-After
    500, 502, 503, 504             a server error
    timeout_before, timeout_after  no answer, and the call had no effect, or took effect
    reset_before, reset_after      the connection is reset, likewise
    malformed                      the call took effect, but the answer is not JSON

Delivery kinds:

    duplicate  the same event twice
    reorder    after the next event
    delay      later
    drop       lost, then retried
    lose       lost for ever, as if Slack had given up
    unacked    arrives, but Slack does not see the acknowledgement

Immediate kinds, the first six on every Socket Mode connection:

    warning, disconnect  Slack's frames
    close                a close frame
    fin, rst             the TCP connection ends
    stale                open, but no data passes
    dead                 all of Slack is unreachable for `seconds`
    revoke               the app's bot token is revoked
    uninstall            the app is uninstalled
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, fields

from bot.sandbox.json_types import Json
from router.errors import BeagleError

CALL_KINDS = (
    "refused",
    "ratelimited",
    "500",
    "502",
    "503",
    "504",
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "malformed",
)
DELIVERY_KINDS = ("duplicate", "reorder", "delay", "drop", "lose", "unacked")
IMMEDIATE_KINDS = (
    "warning",
    "disconnect",
    "close",
    "fin",
    "rst",
    "stale",
    "dead",
    "revoke",
    "uninstall",
)
KINDS = (*CALL_KINDS, *DELIVERY_KINDS, *IMMEDIATE_KINDS)
MAX_SECONDS = 86_400


class FaultError(BeagleError):
    """The description of a fault is invalid."""


@dataclass(frozen=True, slots=True)
class InjectedFault:
    """One fault; the module's docstring describes its fields."""

    kind: str
    on: str = "*"
    nth: int | None = None
    share: float = 1.0
    times: int | None = None
    seconds: float = 1.0
    error: str = "internal_error"

    @property
    def max_hits(self) -> int | None:
        """How often the fault may hit; None means no limit."""
        if self.times is None and self.nth is not None:
            return 1

        return self.times


FIELDS = tuple(field.name for field in fields(InjectedFault))


def parse_fault(description: object) -> InjectedFault:
    """Returns the fault that a dict describes. Raises FaultError with the reason."""
    if not isinstance(description, dict) or not set(description) <= set(FIELDS):
        raise FaultError(
            f"reading fault {description!r}: expected a dict with fields among {FIELDS}; correct it"
        )

    # The types of the values are checked below, as JSON may hold anything.
    fault = InjectedFault(**{**description, "kind": str(description.get("kind"))})
    if fault.kind not in KINDS:
        raise FaultError(
            f"reading fault {description!r}: unknown kind {fault.kind!r}; known: {', '.join(KINDS)}"
        )

    for count in (fault.nth, fault.times):
        # `type` rather than isinstance, because a bool is an int.
        if count is not None and (type(count) is not int or count < 1):
            raise FaultError(
                f"reading fault {description!r}: 'nth' and 'times' are whole numbers from 1; "
                "correct them"
            )

    is_in_range = _is_number(fault.share, 1) and _is_number(fault.seconds, MAX_SECONDS)
    are_words = type(fault.on) is str and type(fault.error) is str
    if not are_words or not is_in_range:
        raise FaultError(
            f"reading fault {description!r}: 'on' and 'error' are names, 'share' a number in 0-1, "
            f"'seconds' in 0-{MAX_SECONDS}; correct them"
        )

    return fault


def _is_number(value: object, maximum: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False

    return 0 <= value <= maximum


@dataclass(slots=True)
class FaultState:
    """A fault that was added, with how often it matched and struck."""

    fault: InjectedFault
    matched: int = 0
    struck: int = 0

    def is_due(self) -> bool:
        """Returns whether the current match is the one to hit, apart from its probability."""
        if self.fault.nth not in (None, self.matched):
            return False

        max_hits = self.fault.max_hits
        return max_hits is None or self.struck < max_hits


class FaultInjector:
    """The faults that were added. The same seed and order of calls give the same hits."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311  # repeatable on purpose
        self._states: list[FaultState] = []

    def add(self, fault: InjectedFault) -> None:
        """Adds a fault after the earlier ones."""
        self._states.append(FaultState(fault))

    def clear(self) -> None:
        """Removes all faults."""
        self._states.clear()

    def describe(self) -> list[Json]:
        """Returns each fault as a dict, with how often it `matched` and `struck`."""
        return [
            {**asdict(state.fault), "matched": state.matched, "struck": state.struck}
            for state in self._states
        ]

    def match_call(self, method: str) -> InjectedFault | None:
        """Returns the fault that hits this Web API call; the first one in order wins."""
        return self._match(CALL_KINDS, method)

    def match_delivery(self, event: str) -> InjectedFault | None:
        """Returns the fault that hits the delivery of this event."""
        return self._match(DELIVERY_KINDS, event)

    def _match(self, kinds: tuple[str, ...], name: str) -> InjectedFault | None:
        hit = None
        for state in self._states:
            fault = state.fault
            if fault.kind not in kinds or fault.on not in ("*", name):
                continue

            state.matched += 1
            is_due = state.is_due()

            # Draw for every match, so that a fault added later does not shift earlier faults' hits.
            is_spared = fault.share < 1 and self._random.random() >= fault.share
            if hit is None and is_due and not is_spared:
                state.struck += 1
                hit = fault

        return hit
