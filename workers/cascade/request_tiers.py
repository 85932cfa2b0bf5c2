"""The tiers of one request, as its decision chose them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.types import TIERS, Decision


@dataclass(frozen=True, slots=True)
class RequestTiers:
    """The names and versions of a request's tiers, the cheapest first, and its region.

    `chosen` is the index of the one that answers first.
    """

    names: Sequence[str]
    versions: Sequence[str]
    chosen: int
    region: str

    @classmethod
    def of_decision(cls, decision: Decision) -> RequestTiers | None:
        """Returns the decision's tiers; None for a route without any."""
        choice = decision.reason.get(TIERS)
        # Decisions are stored with this word for a request's tiers.
        if not isinstance(choice, Mapping) or not choice.get("ladder"):
            return None

        tiers: Sequence[Mapping[str, Any]] = choice["ladder"]
        names = [str(tier["name"]) for tier in tiers]
        versions = [str(tier["version"]) for tier in tiers]
        return cls(names, versions, int(choice["chosen"]), str(choice.get("region", "")))

    def name_of(self, version: str | None) -> str:
        """Returns the tier's name, empty for a version that is none of them."""
        return self.names[self.versions.index(version)] if version in self.versions else ""

    def below(self, version: str) -> str | None:
        """Returns the version of the tier before; None for the first one, or for none of them."""
        index = self.versions.index(version) if version in self.versions else 0
        return self.versions[index - 1] if index > 0 else None

    def above(self, version: str) -> str | None:
        """Returns the version of the next tier; None for the last one, or for none of them."""
        if version not in self.versions:
            return None

        index = self.versions.index(version) + 1
        return self.versions[index] if index < len(self.versions) else None
