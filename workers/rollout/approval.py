"""What an admin allowed on approving a candidate: money, a model to be trained, and learning from its requests."""

from __future__ import annotations

from dataclasses import dataclass

from router.config import Settings
from router.store import Store
from workers.llm.weights import NAME

LOCAL, NONE = "local", "none"


@dataclass(frozen=True, slots=True)
class Approval:
    """The newest word of a person on a candidate's way. `budget_usd` bounds what models may cost on it."""

    by: str
    at: float
    budget_usd: float
    base: str
    reason: str

    @property
    def trains(self) -> bool:
        """Whether a model may be trained, or only the prompt improved."""
        return self.base != NONE


def bases(_settings: Settings) -> dict[str, str]:
    """The models that can be trained here, by the word that is kept, the usual one first."""
    return {LOCAL: f"{NAME}, on this machine", NONE: "None: improve the prompt only"}


def approval_of(store: Store, candidate: str) -> Approval | None:
    """What was allowed; None where nobody approved it in a dialog that asked."""
    for edge in reversed(store.candidates.history(candidate)):
        told = edge.evidence
        if edge.after == "approved" and told.get("consent"):
            return Approval(
                edge.actor,
                edge.at,
                float(told["budget_usd"]),
                str(told["base"]),
                str(told["reason"]),
            )

    return None


def affordable(store: Store, candidate: str, usd: float, spent: float = 0.0) -> float:
    """What of `usd` a step may take: no more than the approval leaves after `spent` and what earlier steps took."""
    allowed = approval_of(store, candidate)
    if allowed is None:
        return usd

    since = [edge for edge in store.candidates.history(candidate) if edge.at >= allowed.at]
    spends = (edge.evidence.get("spent") or {} for edge in since if edge.after == "optimised")
    took = sum(float(one.get("usd", 0.0)) for one in spends)

    return max(0.0, min(usd, allowed.budget_usd - took - spent))
