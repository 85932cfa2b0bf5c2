"""The gate as a workspace's admins have taught it: what they approved was a request, what they called chatter not."""

from __future__ import annotations

from collections.abc import Mapping

from router.store import Store
from router.types import Candidate
from workers.mining.request_gate import Gate, load_gate

TEACHES: Mapping[str, bool] = {"approve": True, "chatter": False, "split": False}
"""A request that is not wanted, put aside or part of another one says nothing of whether it is a
request."""
MOST = 200
"""The newest verdicts that count."""


def taught_gate(
    store: Store, team: str, known: Mapping[str, Candidate], shipped: Gate | None = None
) -> Gate:
    """The gate after the team's verdicts, the newest of each candidate; without any it is the one that is shipped."""
    gate = shipped or load_gate()
    newest: dict[str, str] = {}

    for verdict in reversed(store.digests.verdicts(team)):
        newest.setdefault(verdict.candidate, verdict.value)

    measured, requests = [], []
    for candidate, value in list(newest.items())[:MOST]:
        found = known[candidate].evidence.get("measured") if candidate in known else None
        # What an older gate measured may lack what this one reads.
        if value in TEACHES and found and set(gate.features) <= set(found):
            measured.append(found)
            requests.append(TEACHES[value])

    return gate.refit(measured, requests)
