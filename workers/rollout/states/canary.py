"""In canary: let in one step further after enough answers, or taken back."""

from __future__ import annotations

from router.rollout import next_share
from router.types import Candidate
from workers.context import Context
from workers.evaluation.guardrails import why_back
from workers.rollout.candidate import newest
from workers.rollout.states import Next
from workers.training.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """Its answers since the last step are compared with those of the version before it."""
    edge = newest(context, one)
    assert edge is not None
    version, share = edge.evidence["version"], float(edge.evidence["share"])
    trials, route = context.store.trials, str(one.route)
    before = str(edge.evidence.get("before"))
    record = trials.answered(route, version, edge.at)
    why = why_back(context.settings, record, trials.answered(route, before))
    told = {"version": version, "before": before, "report": edge.evidence.get("report")}

    if why is not None:
        return "rolled_back", told | {"why": why}
    if record.calls < context.settings.canary_calls:
        return None

    following = next_share(share)
    if following is None:
        return "live", told

    return "canary", told | {"share": following}
