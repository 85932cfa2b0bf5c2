"""Evaluated: by rule, on to shadow, or the prompt stays."""

from __future__ import annotations

from router.types import Candidate
from workers.context import Context
from workers.drift.live_version import lived
from workers.rollout.candidate import newest
from workers.rollout.states import Next
from workers.training.tune import Train

NOT_PASSED = "the new version did not pass, so the one that drifts goes on answering"


def run(context: Context, one: Candidate, _: Train) -> Next:
    """The verdict of its report is carried out."""
    edge = newest(context, one)
    assert edge is not None

    if not edge.evidence.get("passed"):
        old = lived(context.store, one)
        if (
            old is not None
        ):  # a training of one that drifts: it goes on answering, and waits for a word again
            told = {
                "version": old.version,
                "before": old.before,
                "report": edge.evidence.get("report"),
            }
            return "drifting", told | {"why": NOT_PASSED, "reasons": edge.evidence.get("reasons")}

        return "kept_prompt", {
            "report": edge.evidence.get("report"),
            "reasons": edge.evidence.get("reasons"),
        }

    version = edge.evidence["candidate_version"]
    return "shadow", {"version": version, "report": edge.evidence["report"]}
