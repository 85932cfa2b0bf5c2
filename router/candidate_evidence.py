"""What mining knows of a candidate.

How often it is asked, which readiness gates it passes, and what tuning is worth. The store writes
it as one JSON object with the keys in `stored(...)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.evidence_codec import decode, stored


@dataclass(frozen=True, kw_only=True)
class GateOutcome:
    """One readiness gate: `passed` is None where it was not reached or could not be measured.

    `name` is a stable key. `figures` and `limits` hold what was measured and what is allowed, by
    name; `figure` and `limit` say the same in words. Rows of older releases have the words only.
    """

    name: str = stored(default="", always=True)
    passed: bool | None = stored(always=True)
    figure: str = stored(default="", always=True)
    limit: str = stored(default="", always=True)
    figures: Mapping[str, Any] = stored(default=dict)
    limits: Mapping[str, Any] = stored(default=dict)


def _load_gates(bodies: Sequence[Mapping[str, Any]]) -> tuple[GateOutcome, ...]:
    return tuple(decode(GateOutcome, body) for body in bodies)


@dataclass(frozen=True, kw_only=True)
class CandidateEvidence:
    """The figures of a candidate in the four weeks that were mined last.

    Shares are in 0-1. `largest_share` is that of the person who asked most, `weekly` the requests
    of each week, oldest first, `change` their trend. `request_probability` says how surely it is a
    repeated request and not small talk, from the `features` that were measured. `hidden` holds the
    privacy rules that keep it from being shown. `examples` are masked; `example_channels` says
    where each was written.

    `requests` are the ids of its logged requests; `channel_messages` counts what was read in
    channels instead, and `messages` names the newest of those (channel and ts): nothing is learned
    from them unless an admin has a route drafted. `halves` are the packed centroids of the two
    requests that it might be. `naming` records how a model named it. `trials` holds the figures of
    the weekly trials: every way of answering that was measured.
    """

    count: int = stored(default=0, always=True)
    people: int = stored(default=0, always=True)
    largest_share: float = stored("most_share", default=0.0, always=True)
    weekly: tuple[int, ...] = stored(default=(), load=tuple, always=True)
    change: float = stored(default=0.0, always=True)
    request_probability: float = stored("s1", default=0.0, always=True)
    hidden: tuple[str, ...] = stored(default=(), load=tuple, always=True)
    examples: tuple[str, ...] = stored(default=(), load=tuple, always=True)
    example_channels: tuple[str, ...] = stored(default=(), load=tuple)
    features: Mapping[str, float] = stored("measured", default=dict, always=True)
    gates: tuple[GateOutcome, ...] = stored(default=(), load=_load_gates, always=True)
    recommendation: str = stored(default="not yet", always=True)
    reasons: tuple[str, ...] = stored(default=(), load=tuple, always=True)
    score: float = stored(default=0.0, always=True)
    money: Mapping[str, Any] | None = stored(always=True)
    structure: Mapping[str, Any] = stored(default=dict, always=True)
    requests: tuple[str, ...] = stored(default=(), load=tuple)
    route: str | None = stored()
    channel_messages: int = stored("overheard", default=0)
    messages: tuple[str, ...] = stored(default=(), load=tuple)
    halves: tuple[str, ...] = stored(default=(), load=tuple)
    naming: Mapping[str, Any] | None = stored("named")
    trials: Mapping[str, Any] | None = stored()

    @property
    def monthly_savings_usd(self) -> tuple[float, float, float] | None:
        """What tuning would save a month: low, likely, high. None where no price is known."""
        if not self.money:
            return None

        month = self.money["monthly_usd"]
        low, high = float(month["low"]), float(month["high"])
        # Rows of older releases may have the ends alone.
        return low, float(month.get("likely", (low + high) / 2)), high

    @property
    def tuning_pays(self) -> bool:
        """Whether tuning earns its price back in time."""
        return bool(self.money and self.money.get("pays"))

    @property
    def answers(self) -> int:
        """How many of its requests were answered, so that their structure could be read."""
        return int(self.structure.get("answers") or 0)

    @property
    def volatility(self) -> float | None:
        """The share of near-identical requests whose answers changed over a week.

        None if unknown.
        """
        value = self.structure.get("volatility")
        return None if value is None else float(value)
