"""Approved: the prompt is made the most of before anything is trained."""

from __future__ import annotations

from typing import Any

from router.store.versions import Stored
from router.types import Candidate
from workers.context import Context
from workers.optimise import optimise
from workers.road import Next
from workers.standing import live_of, route_of
from workers.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """The best prompted version is in the store, in shadow, where it is another one than the live version."""
    route, live = route_of(context, one), live_of(context, one)
    found = optimise(context, route, live)
    evidence: dict[str, Any] = {"route": route.name, "tried": dict(found.tried), "said": found.said}
    evidence["best"] = max(found.tried.values(), default=None)
    if found.version.id != live.id:
        body = found.version.model_dump(mode="json")
        context.store.versions.insert(
            Stored(route.name, found.version.id, found.version.kind, "shadow", body, context.now())
        )
        evidence["prompted"] = found.version.id
    return "optimised", evidence
