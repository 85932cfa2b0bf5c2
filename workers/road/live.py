"""Live: taken back where it does worse than the version before it."""

from __future__ import annotations

from router.types import Candidate
from workers.context import Context
from workers.road import Next
from workers.rollback import why_back
from workers.standing import newest
from workers.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """All its answers are compared with those of the version before it."""
    edge = newest(context, one)
    if edge is None or not edge.evidence.get("before"):
        return None
    trials, route, version = context.store.trials, str(one.route), edge.evidence["version"]
    before = trials.answered(route, str(edge.evidence["before"]))
    why = why_back(context.settings, trials.answered(route, version, edge.at), before)
    return None if why is None else ("rolled_back", {"version": version, "why": why})
