"""Optimised: the prompt is kept if it reaches the target, retrieval added if that is missing, else a dataset made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from router.catalog.version import Version
from router.errors import SettingsError
from router.store.weekly.datasets import StoredDataset
from router.types import Candidate
from workers.context import Context
from workers.datasets.build import Asked, Rules, build
from workers.datasets.labelled import labelled
from workers.datasets.review import as_rows
from workers.optimise.retrieval_comparison import Compared, compare
from workers.rollout import candidate as standing
from workers.rollout.approval import affordable, approval_of
from workers.rollout.states import Evidence, Next
from workers.training.teacher import Lacking, teach
from workers.training.tune import Train

NO_TRAINING = "no model may be trained, as it was approved"


def run(context: Context, one: Candidate, _: Train) -> Next:
    """Where the road forks."""
    told, settings = standing.evidence(context, one), context.settings

    best = told.get("best")
    if best is not None and best >= settings.ready_prompt_target:
        return "kept_prompt", {"target": settings.ready_prompt_target} | _carried(told) | _offered(
            told
        )

    live = standing.live_of(context, one)
    prompted = context.version_as_made(live.route, told["prompted"]) if _offered(told) else live
    usd = affordable(context.store, one.id, settings.optimise_usd)
    found = compare(
        context,
        prompted,
        labelled(context, standing.route_of(context, one), one.team),
        one.team,
        usd,
    )

    volatile = (one.evidence.get("structure") or {}).get("volatility")

    changing = volatile is not None and volatile > settings.ready_volatile and live.kind != "rag"
    if changing or found.helps(settings.ready_retrieval):
        why = {"volatility": volatile, "limit": settings.ready_volatile} if changing else {}
        return "rag", why | _compared(found) | _carried(told)

    allowed = approval_of(context.store, one.id)
    if allowed is not None and not allowed.trains:
        return "kept_prompt", {"why": NO_TRAINING} | _compared(found, offer=False) | _carried(
            told
        ) | _offered(told)

    return "dataset", _dataset(context, one, prompted, found) | _compared(
        found, offer=False
    ) | _carried(told)


def _dataset(
    context: Context, one: Candidate, prompted: Version, compared: Compared
) -> dict[str, Any]:
    settings, keys, live = (
        context.settings,
        one.evidence.get("requests", ()),
        standing.live_of(context, one),
    )

    answered = [
        (
            Asked(
                row["text"],
                row["data"] if live.output is not None else row["said"],
                row["user"],
                row["at"],
            ),
            str(row["model"]),
        )
        for row in context.store.datasets.answered(keys, live.route)
    ]

    unanswered = context.store.datasets.unanswered(keys, live.route)
    lacking = Lacking(
        answered, [Asked(row["text"], None, row["user"], row["at"]) for row in unanswered]
    )
    rules, left_out = (
        Rules(settings.mine_people, settings.dataset_most_of_one),
        context.store.opt_outs.of(one.team),
    )
    hoped_for = [
        *(row for row, _ in answered),
        *(replace(row, answer=row.text) for row in lacking.unanswered),
    ]
    # No teacher is paid for a dataset that cannot come about; this is looked at again and again
    # while it waits.
    _refuse(one, build(hoped_for, rules, left_out).problems)
    usd = affordable(
        context.store, one.id, settings.teacher_usd, float(compared.spent.get("usd", 0.0))
    )
    taught = teach(context, prompted, lacking, one.team, usd)
    found = build(taught.rows, rules, left_out)
    _refuse(one, found.problems)
    card = (
        dict(found.card)
        | {"teacher": taught.said}
        | ({"teacher_cost": dict(taught.card)} if taught.card else {})
    )

    context.store.datasets.put(
        StoredDataset(found.id, one.id, live.route, as_rows(found.rows), card, context.now())
    )
    return {
        "dataset": found.id,
        "rows": len(found.rows),
        "people": card["people"],
        "teacher": taught.said,
    }


def _refuse(one: Candidate, problems: Sequence[str]) -> None:
    if problems:
        raise SettingsError(
            f"making a dataset for {one.label!r}: {'; '.join(problems)}; wait for more requests"
        )


def _compared(found: Compared, *, offer: bool = True) -> dict[str, Any]:
    """What the comparison with documents gave; with `offer` the version that a person may try, where it was proved."""
    told: dict[str, Any] = {"documents": found.said}
    if found.gain is not None:
        told |= {"gain": found.gain, "ci95": list(found.ci95), "documents_spent": dict(found.spent)}

    if (
        offer
        and found.version is not None
        and found.report is not None
        and found.report.body["passed"]
    ):
        told |= {"version": found.version.id, "report": found.report.id}

    return told


def _carried(told: Evidence) -> dict[str, Any]:
    """What was found out about prompts: it is shown, and the optimised one is measured again in the proof."""
    return {
        name: told[name]
        for name in ("prompted", "tried", "said", "best", "measured", "spent")
        if told.get(name)
    }


def _offered(told: Evidence) -> dict[str, Any]:
    """The optimised prompt's version for a person to try, where it was proved."""
    passed = told.get("prompted") and told.get("passed")
    return {"version": told["prompted"], "report": told["report"]} if passed else {}
