"""Approved: the prompt is made the most of before anything is trained."""

from __future__ import annotations

from typing import Any

from router.types import Candidate
from workers.context import Context
from workers.llm.metered import Limits
from workers.optimise.search import optimise
from workers.rollout.approval import affordable
from workers.rollout.candidate import live_of, route_of
from workers.rollout.progress import Saying
from workers.rollout.states import Next
from workers.training.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """The best prompted version is in the store, in shadow, with its report, where it is another one than the live."""
    route, live = route_of(context, one), live_of(context, one)
    usd = affordable(context.store, one.id, context.settings.optimise_usd)
    limits = Limits(context.settings.optimise_calls, usd)
    found = optimise(context, route, live, one.team, limits, Saying(context, one.id, "optimising"))
    evidence: dict[str, Any] = {
        "route": route.name,
        "tried": dict(found.tried),
        "said": "; ".join(found.said),
        "best": found.best,
        "measured": found.measured,
        "spent": dict(found.spent),
    }

    if found.report is not None:
        body = found.report.body
        evidence |= {
            "prompted": found.version.id,
            "candidate_version": found.version.id,
            "report": found.report.id,
        }

        evidence |= {"passed": body["passed"], "reasons": body["reasons"]}

    return "optimised", evidence
