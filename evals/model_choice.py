"""Chooses the cheapest version of a route that is credibly as good as the best.

Quality is a Beta-Bernoulli estimate with a credible lower bound. `beagle eval choice` replays
recorded answers under this rule; the bot does not use it for live traffic yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

DELTA = 0.02
"""The success rate may be this much lower for a cheaper version, in 0-1."""
CREDIBLE = 0.9
"""The posterior probability that quality is above its lower bound."""
EXPLORE = 0.03
"""Share of requests that a second version also answers in shadow, unseen by users."""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """Outcome counts of one version, with its total cost and time.

    The prior is uniform, Beta(1, 1): an untried version has an expected success rate of one
    half.
    """

    successes: float = 0.0
    failures: float = 0.0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def runs(self) -> float:
        """The number of answers."""
        return self.successes + self.failures

    @property
    def quality(self) -> float:
        """The posterior mean of the success rate."""
        return (self.successes + 1) / (self.runs + 2)

    @property
    def mean_usd(self) -> float:
        """The mean cost of an answer, 0 without answers."""
        return self.usd / self.runs if self.runs else 0.0

    @property
    def mean_seconds(self) -> float:
        """The mean time of an answer, 0 without answers."""
        return self.seconds / self.runs if self.runs else 0.0

    def min_quality(self, credible: float = CREDIBLE) -> float:
        """Returns the lower bound of the success rate at that posterior probability."""
        from scipy.special import betaincinv

        return float(betaincinv(self.successes + 1, self.failures + 1, 1 - credible))

    def with_answer(self, success: bool, usd: float, seconds: float) -> VersionRecord:
        """Returns the record with one more answer."""
        hit = replace(self, usd=self.usd + usd, seconds=self.seconds + seconds)
        return (
            replace(hit, successes=hit.successes + 1)
            if success
            else replace(hit, failures=hit.failures + 1)
        )


@dataclass(frozen=True, slots=True)
class VersionChoice:
    """The chosen version with its quality and cost, and the best version for comparison."""

    version: str
    quality: float
    min_quality: float
    mean_usd: float
    best: str
    best_quality: float


def choose_version(
    records: Mapping[str, VersionRecord], delta: float = DELTA, credible: float = CREDIBLE
) -> VersionChoice:
    """Returns the cheapest version whose lower bound is close to the best version's quality.

    Close means at most `delta` below the best expected quality; else the best is returned.

    Ties in cost go to the faster version. Raises ValueError if there is no version.
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
    """Returns the version to escalate to after an unsure or invalid answer, or a complaint.

    That is the cheapest one with a higher expected quality; None if there is none.
    """
    floor = records[than].quality if than in records else 0.0
    better = [name for name, record in records.items() if name != than and record.quality > floor]
    return min(better, key=lambda name: (records[name].mean_usd, name)) if better else None


def shadow_version(
    records: Mapping[str, VersionRecord], chosen: str, chance: float, share: float = EXPLORE
) -> str | None:
    """Returns the least tried other version for a `share` of all requests, else None.

    `chance` is a uniform random number in 0-1.
    """
    others = [name for name in records if name != chosen]
    if not others or chance >= share:
        return None

    return min(others, key=lambda name: (records[name].runs, name))
