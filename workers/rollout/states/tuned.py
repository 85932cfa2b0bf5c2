"""Tuned: the tuned version, or the head where it is as good, is measured on the reviewed test rows."""

from __future__ import annotations

from router.errors import SettingsError
from router.store.weekly.datasets import Report
from router.types import Candidate
from workers.context import Context
from workers.datasets.review import of_rows
from workers.drift.baseline import baseline, own_rows
from workers.evaluation.compare import evaluate, name_of
from workers.readiness.thresholds import changed
from workers.rollout import candidate as standing
from workers.rollout.progress import Saying
from workers.rollout.states import Next
from workers.training.tune import Train


def run(context: Context, one: Candidate, _: Train) -> Next:
    """Its report is in the store."""
    edge, live = standing.newest(context, one), standing.live_of(context, one)
    assert edge is not None
    stored = context.store.datasets.get(edge.evidence["dataset"])
    taught = of_rows(stored.rows if stored is not None else ())

    rows = own_rows(taught)
    if not rows:
        raise SettingsError(
            f"proving {one.label!r}: its dataset has no reviewed test row; review some"
        )

    made = {
        kind: context.version_as_made(live.route, key)
        for kind, key in edge.evidence["versions"].items()
    }
    others = {"live": live}
    if edge.evidence.get("prompted"):
        others["prompted"] = context.version_as_made(live.route, edge.evidence["prompted"])
    if len(made) > 1:
        others["head"] = made["head"]

    new, saying = made.get("tuned") or made["head"], Saying(context, one.id, "measuring")

    body = evaluate(context, new, others, rows, edge.evidence["bill"], saying)
    if (
        "head" in body["figures"]
        and body["figures"]["head"]["accuracy"] >= body["figures"]["new"]["accuracy"]
    ):
        # What a head does as well, it does for a hundredth of the cost.
        new = made["head"]
        others.pop("head")
        body = evaluate(context, new, others, rows, edge.evidence["bill"], saying)

    body["baseline"] = baseline(context, new, one.team, taught, body.pop("scores"))
    body["settings"] = changed(context.settings)
    name = name_of(body)
    context.store.datasets.tell(Report(name, live.route, new.id, live.id, body, context.now()))
    told = {
        "report": name,
        "candidate_version": new.id,
        "passed": body["passed"],
        "reasons": body["reasons"],
    }

    return "evaluated", told | {"dataset": edge.evidence["dataset"]}
