"""A new dataset for a version that drifts: what reviewers let through before, and what was asked since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.catalog.version import Version
from router.config import Settings
from router.errors import SettingsError
from router.store import Store
from router.store.weekly.datasets import StoredDataset
from workers.datasets.build import Asked, Example, Rules, build
from workers.datasets.review import as_rows, of_rows
from workers.drift.live_version import Lived
from workers.drift.replacement import best_prompted
from workers.mining.trend import WEEK, WEEKS


def new_dataset(store: Store, settings: Settings, of: Lived, now: float) -> StoredDataset:
    """It is in the store, the earlier verdicts in it; every row that nobody has reviewed waits.

    People who opted out since are not in it, and people are split anew: who asked last is the test.
    Raises SettingsError when nothing that may be taught was asked since, or too few people were.
    """
    old = _reviewed(store, of)
    asked = [
        row
        for row in store.minable.asked(of.candidate.team, now - WEEKS * WEEK, now)
        if row.route == of.route
    ]

    live = store.versions.get(of.route, of.version)
    structured = live is not None and Version.model_validate(dict(live.body)).output is not None
    new = [
        Asked(row["text"], row["data"] if structured else row["said"], row["user"], row["at"])
        for row in store.datasets.answered([one.id for one in asked], of.route)
    ]
    again = [Asked(row.text, row.answer, row.user, row.at, row.origin) for row in old]
    rules = Rules(settings.mine_people, settings.dataset_most_of_one)
    made = build([*again, *new], rules, store.opt_outs.of(of.candidate.team))
    rows = _with_verdicts(made.rows, old)
    waiting = sum(not row.carried for row in rows)

    problems = (
        list(made.problems)
        if waiting
        else [*made.problems, "nothing new was asked that may be taught"]
    )
    if problems:
        raise SettingsError(
            f"making a new dataset for {of.candidate.label!r}: {'; '.join(problems)}; wait for more"
        )

    card = dict(made.card) | {"reviewed_before": len(rows) - waiting}
    stored = StoredDataset(made.id, of.candidate.id, of.route, as_rows(rows), card, now)
    store.datasets.put(stored)

    return stored


def told(store: Store, of: Lived, made: StoredDataset) -> dict[str, Any]:
    """The evidence of going back to the dataset; the prompted version to beat goes with it."""
    prompted = best_prompted(store, of)
    beat = {} if prompted is None else {"prompted": prompted.id}
    return {
        "dataset": made.id,
        "rows": len(made.rows),
        "people": made.card["people"],
        "drifts": of.version,
    } | beat


def _reviewed(store: Store, of: Lived) -> list[Example]:
    report = store.datasets.report(of.route, of.version)
    bill: Mapping[str, Any] = report.body.get("bill") or {} if report is not None else {}
    stored = store.datasets.get(str(bill.get("dataset")))

    return [row for row in of_rows(stored.rows) if row.usable] if stored is not None else []


def _with_verdicts(rows: Sequence[Example], old: Sequence[Example]) -> list[Example]:
    """What a reviewer let through once is let through, if it still says the same."""
    seen = {(row.text, repr(row.answer)): row for row in old}
    found = []

    for row in rows:
        known = seen.get((row.text, repr(row.answer)))
        kept = known is not None and not row.contradicted
        found.append(
            replace(row, review=known.review, by=known.by, carried=True)
            if kept and known is not None
            else row
        )

    return found
