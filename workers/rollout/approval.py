"""What an admin allowed on approving a candidate.

A budget, a base model to train, and learning from its requests.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.lifecycle_evidence import ApprovalEvidence, OptimisedEvidence
from router.store import Store

PROMPT_ONLY = "none"
"""The stored word for: train nothing, improve the prompt only."""
PROVIDER = "provider"
"""The stored word for: train at a provider's service, by a command of its own."""


@dataclass(frozen=True, slots=True)
class Approval:
    """The newest approval of a candidate.

    `budget_usd` bounds what models may cost on its rollout.
    """

    by: str
    at: float
    budget_usd: float
    base: str
    reason: str

    @property
    def trains(self) -> bool:
        """Whether a model may be trained, or only the prompt improved."""
        return self.base != PROMPT_ONLY


def approval_of(store: Store, candidate: str) -> Approval | None:
    """Returns what was allowed; None if nobody approved the candidate in the approval dialog."""
    for edge in reversed(store.candidates.history(candidate)):
        evidence = edge.evidence
        if isinstance(evidence, ApprovalEvidence) and evidence.consent:
            return Approval(
                by=edge.actor,
                at=edge.at,
                budget_usd=evidence.budget_usd,
                base=evidence.base,
                reason=evidence.reason,
            )

    return None


def affordable_usd(store: Store, candidate: str, usd: float, spent: float = 0.0) -> float:
    """Returns how much of `usd` a step may spend.

    That is no more than the approved budget leaves after `spent` and what earlier steps cost.
    """
    allowed = approval_of(store, candidate)
    if allowed is None:
        return usd

    earlier = 0.0
    for edge in store.candidates.history(candidate):
        # What was spent before this approval was paid from an older budget.
        if edge.at >= allowed.at and isinstance(edge.evidence, OptimisedEvidence):
            earlier += float(edge.evidence.spend.get("usd", 0.0))

    return max(0.0, min(usd, allowed.budget_usd - earlier - spent))
