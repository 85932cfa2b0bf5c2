"""Live: taken back where it does worse than the version before it."""

from __future__ import annotations

from router.types import Candidate
from workers.context import Context
from workers.drift.live_version import lived
from workers.evaluation.guardrails import why_back
from workers.rollout.states import Next
from workers.training.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """All its answers since it went live are compared with those of the version before it."""
    of = lived(context.store, one)
    if of is None or not of.before:
        return None

    trials = context.store.trials
    before = trials.answered(of.route, of.before)
    why = why_back(context.settings, trials.answered(of.route, of.version, of.at), before)

    return None if why is None else ("rolled_back", {"version": of.version, "why": why})
