"""Evaluated: by rule, on to shadow, or the prompt stays."""

from __future__ import annotations

from router.types import Candidate
from workers.context import Context
from workers.road import Next
from workers.standing import newest
from workers.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """The verdict of its report is carried out."""
    edge = newest(context, one)
    assert edge is not None
    if not edge.evidence.get("passed"):
        return "kept_prompt", {"report": edge.evidence.get("report"), "reasons": edge.evidence.get("reasons")}
    version = edge.evidence["candidate_version"]
    return "shadow", {"version": version, "report": edge.evidence["report"]}
