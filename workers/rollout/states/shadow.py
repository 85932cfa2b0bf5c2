"""In shadow: it is taken back where its answers break their shape; else a person lets it in."""

from __future__ import annotations

from router.types import Candidate
from workers.context import Context
from workers.rollout.candidate import newest
from workers.rollout.states import Next
from workers.training.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """What the version did beside the live one is looked at."""
    edge, settings = newest(context, one), context.settings
    assert edge is not None

    beside = context.store.trials.beside(str(one.route), edge.evidence["version"])
    if beside.calls >= settings.shadow_calls and beside.valid < settings.rollback_valid:
        return "rolled_back", {
            "version": edge.evidence["version"],
            "why": f"{beside.valid:.1%} valid in shadow",
        }

    return None
