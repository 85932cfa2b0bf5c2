"""Adjusts the request gate of a workspace to its admins' verdicts."""

from __future__ import annotations

from collections.abc import Mapping

from router.store import Store
from router.types import Candidate
from workers.mining.request_gate import RequestGate, load_gate

IS_REQUEST: Mapping[str, bool] = {"approve": True, "chatter": False, "split": False}
"""Verdicts that are labels for the gate.

The others say nothing about whether a cluster is a request: one that is not wanted, was snoozed or
belongs to another candidate may well be one.
"""

MAX_VERDICTS = 200
"""Only the newest verdicts count."""


def refit_gate(
    store: Store,
    team: str,
    candidates: Mapping[str, Candidate],
    shipped: RequestGate | None = None,
) -> RequestGate:
    """Returns the gate adjusted to the team's verdicts, the newest of each candidate.

    `candidates` are the team's by id. Without usable verdicts the shipped gate is returned.
    """
    gate = shipped or load_gate()
    newest: dict[str, str] = {}

    for verdict in reversed(store.digests.verdicts(team)):
        newest.setdefault(verdict.candidate, verdict.value)

    measured = []
    labels = []

    for candidate_id, verdict_value in list(newest.items())[:MAX_VERDICTS]:
        if verdict_value not in IS_REQUEST or candidate_id not in candidates:
            continue

        features = candidates[candidate_id].evidence.features
        # Features that an older gate stored may lack some that this one needs.
        if features and set(gate.features) <= set(features):
            measured.append(features)
            labels.append(IS_REQUEST[verdict_value])

    return gate.refit(measured, labels)
