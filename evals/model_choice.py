"""Which version of a route answers: the cheapest that is as good as the best, as far as anybody can know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

DELTA = 0.02
"""Share of successes that a cheaper version may be worse by."""
CREDIBLE = 0.9
"""How sure the lower bound of a version's quality must be."""
EXPLORE = 0.03
"""Share of requests that a second version answers too, in shadow: nobody sees that answer."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """What is known of one version: successes and failures with what they cost in all.

    It starts from one success and one failure, so that a version nobody tried is worth even odds
    and no more.
    """

    successes: float = 0.0
    failures: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def runs(self) -> float:
        """How often it answered."""
        return self.successes + self.failures

    @property
    def quality(self) -> float:
        """The expected share of successes."""
        return (self.successes + 1) / (self.runs + 2)

    @property
    def mean_usd(self) -> float:
        """What one answer costs, 0 when it never answered."""
        return self.usd / self.runs if self.runs else 0.0

    @property
    def mean_seconds(self) -> float:
        """How long one answer takes, 0 when it never answered."""
        return self.seconds / self.runs if self.runs else 0.0

    def min_quality(self, credible: float = CREDIBLE) -> float:
        """The share of successes that the version has at least, with that probability."""
        from scipy.special import betaincinv

        return float(betaincinv(self.successes + 1, self.failures + 1, 1 - credible))

    def with_answer(self, success: bool, usd: float, seconds: float) -> VersionRecord:
        """The record with one more answer."""
        hit = replace(self, usd=self.usd + usd, seconds=self.seconds + seconds)
        return (
            replace(hit, successes=hit.successes + 1)
            if success
            else replace(hit, failures=hit.failures + 1)
        )


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """The version to use and why: its own quality and cost beside those of the best."""

    version: str
    quality: float
    min_quality: float
    mean_usd: float
    best: str
    best_quality: float


def choose_version(
    records: Mapping[str, VersionRecord], delta: float = DELTA, credible: float = CREDIBLE
) -> VersionChoice:
    """The cheapest version whose lower bound is within `delta` of the best version's expected quality, else the best.

    Of two that cost the same, the faster one. Raises ValueError when there is no version.
    """
    if not records:
        raise ValueError("choosing a version: found none; give at least one")

    best = max(records, key=lambda name: (records[name].quality, -records[name].mean_usd, name))
    goal = records[best].quality - delta
    good = [
        name
        for name, record in records.items()
        if record.runs and record.min_quality(credible) >= goal
    ]

    chosen = min(
        good or [best], key=lambda name: (records[name].mean_usd, records[name].mean_seconds, name)
    )
    record = records[chosen]
    return VersionChoice(
        chosen,
        record.quality,
        record.min_quality(credible),
        record.mean_usd,
        best,
        records[best].quality,
    )


def escalation_version(records: Mapping[str, VersionRecord], than: str) -> str | None:
    """The version to escalate to when the gate was unsure, the schema check failed or the person asked again.

    That is the cheapest one with a better expected quality; None when there is none.
    """
    floor = records[than].quality if than in records else 0.0
    better = [name for name, record in records.items() if name != than and record.quality > floor]
    return min(better, key=lambda name: (records[name].mean_usd, name)) if better else None


def shadow_version(
    records: Mapping[str, VersionRecord], chosen: str, chance: float, share: float = EXPLORE
) -> str | None:
    """The version to try in shadow beside the chosen one: the least known, for `share` of all requests.

    `chance` is a number in 0-1 that the caller drew.
    """
    others = [name for name in records if name != chosen]
    if not others or chance >= share:
        return None

    return min(others, key=lambda name: (records[name].runs, name))
