"""The candidates that admins decided on, as the digest lists them."""

from __future__ import annotations

from typing import Any

from router.lifecycle import BEFORE_APPROVAL, SYSTEM
from router.store import Store

MAX_DECIDED = 10


def decided_candidates(store: Store, team: str, since: float) -> list[dict[str, Any]]:
    """Returns the candidates that admins decided on, the last changed one first.

    Approved candidates stay listed; the others only in the week of their decision.
    """
    decided: list[dict[str, Any]] = []
    for candidate in store.candidates.for_team(team):
        history = store.candidates.history(candidate.id)
        by_people = [edge for edge in history if edge.actor != SYSTEM]
        if not by_people:
            continue

        last = by_people[-1]
        if candidate.state not in BEFORE_APPROVAL or last.at >= since:
            decided.append(
                {
                    "label": candidate.label,
                    "state": candidate.state,
                    "by": last.actor,
                    "at": history[-1].at,
                }
            )

    decided.sort(key=lambda entry: -float(entry["at"]))
    return decided[:MAX_DECIDED]
