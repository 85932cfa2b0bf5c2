"""Reviewed: what people let through is taught."""

from __future__ import annotations

from router.errors import SettingsError
from router.types import Candidate
from workers.context import Context
from workers.datasets.review import of_rows
from workers.rollout import candidate as standing
from workers.rollout.progress import Saying
from workers.rollout.states import Next
from workers.training.trainers import Progress
from workers.training.tune import Train, tune


def run(context: Context, one: Candidate, train: Train) -> Next:
    """The trained versions are in the store, in shadow. Whoever opted out since the dataset was made is not in them."""
    stored = context.store.datasets.get(str(standing.evidence(context, one).get("dataset")))
    if stored is None:
        raise SettingsError(f"training for {one.label!r}: its dataset is gone; make a new one")

    saying = Saying(context, one.id, "training")

    def say(progress: Progress) -> None:
        saying(
            progress.step,
            progress.steps,
            loss=round(progress.loss, 3),
            dev_exact=progress.dev_exact,
        )

    live = standing.live_of(context, one)
    gone = context.store.opt_outs.of(one.team)
    rows = [row for row in of_rows(stored.rows) if row.user not in gone]
    made = tune(context, live, stored.id, rows, say, train)
    names = {kind: version.id for kind, version in made.versions.items()}
    told = {"versions": names, "bill": dict(made.bill), "dataset": stored.id}

    return "tuned", told | {"prompted": standing.told(context, one, "prompted")}
