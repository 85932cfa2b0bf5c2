"""Optimised: the prompt is kept if it reaches the target, retrieval added if that is missing, else a dataset made."""

from __future__ import annotations

from typing import Any

from router.errors import SettingsError
from router.store.datasets import StoredDataset
from router.types import Candidate
from router.version import Version
from workers import standing
from workers.approval import approval_of
from workers.context import Context
from workers.dataset import Asked, Rules, build
from workers.dataset_review import as_rows
from workers.road import Evidence, Next
from workers.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """Where the road forks."""
    told = standing.evidence(context, one)
    best = told.get("best")
    if best is not None and best >= context.settings.ready_prompt_target:
        return "kept_prompt", {"best": best, "target": context.settings.ready_prompt_target} | _prompted(told)
    volatile = (one.evidence.get("structure") or {}).get("volatility")
    live = standing.live_of(context, one)
    if volatile is not None and volatile > context.settings.ready_volatile and live.kind != "rag":
        return "rag", {"volatility": volatile, "limit": context.settings.ready_volatile}
    allowed = approval_of(context.store, one.id)
    if allowed is not None and not allowed.trains:
        return "kept_prompt", {"best": best, "why": "no model may be trained, as it was approved"} | _prompted(told)
    return "dataset", _dataset(context, one, live) | _prompted(told)


def _dataset(context: Context, one: Candidate, live: Version) -> dict[str, Any]:
    settings = context.settings
    answered = context.store.datasets.answered(one.evidence.get("requests", ()), live.route)
    asked = [
        Asked(row["text"], row["data"] if live.output is not None else row["said"], row["user"], row["at"])
        for row in answered
    ]
    rules = Rules(settings.mine_people, settings.dataset_most_of_one)
    found = build(asked, rules, context.store.opt_outs.of(one.team))
    if found.problems:
        raise SettingsError(f"making a dataset for {one.label!r}: {'; '.join(found.problems)}; wait for more requests")
    card = dict(found.card)
    context.store.datasets.put(StoredDataset(found.id, one.id, live.route, as_rows(found.rows), card, context.now()))
    return {"dataset": found.id, "rows": len(found.rows), "people": card["people"]}


def _prompted(told: Evidence) -> dict[str, Any]:
    """The optimised prompt's version, where there is one."""
    return {"prompted": told["prompted"]} if told.get("prompted") else {}
