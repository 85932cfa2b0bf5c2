"""Builds the dataset to retrain a drifting version.

It holds what reviewers accepted before and what people asked since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from router.catalog.version import Version
from router.config import Settings
from router.errors import InputError
from router.lifecycle_evidence import DatasetEvidence
from router.store import Store
from router.store.weekly.datasets import StoredDataset
from workers.datasets.build import DatasetExample, DatasetRules, LoggedAnswer, build_dataset
from workers.datasets.people import people_rows
from workers.datasets.review import from_records, to_records
from workers.drift.live_version import LiveVersion
from workers.drift.replacement import best_prompted
from workers.mining.trend import WEEK, WEEKS


def build_retraining_dataset(
    store: Store, settings: Settings, live: LiveVersion, now: float
) -> StoredDataset:
    """Stores and returns the dataset.

    It keeps the earlier verdicts, and every new row waits for a review. Leaves out people who opted
    out since. People are assigned to splits again, so that those who asked last are the test.
    Raises InputError when nothing usable was asked since, or by too few people.
    """
    reviewed = _reviewed_rows(store, live)
    earlier = [LoggedAnswer(row.text, row.answer, row.user, row.at, row.origin) for row in reviewed]
    rules = DatasetRules(settings.mine_min_people, settings.dataset_max_person_share)
    dataset = build_dataset(
        [*earlier, *_recent_answers(store, live, now)],
        rules,
        store.opt_outs.for_team(live.candidate.team),
    )
    rows = _with_verdicts(dataset.rows, reviewed)
    new_rows = sum(not row.carried for row in rows)

    problems = list(dataset.problems)
    if not new_rows:
        problems.append("nothing new was asked that may be taught")
    if problems:
        raise InputError(
            f"making a new dataset for {live.candidate.label!r}: {'; '.join(problems)}; "
            "wait for more"
        )

    card = {**dataset.card, "reviewed_before": len(rows) - new_rows}
    candidate = live.candidate
    stored = StoredDataset(
        candidate.team, dataset.id, candidate.id, live.route, to_records(rows), card, now
    )
    store.datasets.insert(stored)

    return stored


def retraining_evidence(store: Store, live: LiveVersion, dataset: StoredDataset) -> DatasetEvidence:
    """Returns the evidence for going back to the dataset, with the prompted version to beat."""
    prompted = best_prompted(store, live)
    return DatasetEvidence(
        dataset=dataset.id,
        rows=len(dataset.rows),
        people=dataset.card["people"],
        retraining_of=live.version,
        prompted_version=None if prompted is None else prompted.id,
    )


def _recent_answers(store: Store, live: LiveVersion, now: float) -> list[LoggedAnswer]:
    """Returns the route's answered requests of the last weeks."""
    keys = []
    for request in store.mining.requests(live.candidate.team, now - WEEKS * WEEK, now):
        if request.route == live.route:
            keys.append(request.id)

    version = store.versions.get(live.candidate.team, live.route, live.version)
    structured = version is not None and _has_schema(version.body)
    # A route with a schema learns the data of an answer, another one its text.
    answer_key = "data" if structured else "said"

    answers = [
        LoggedAnswer(row["text"], row[answer_key], row["user"], row["at"])
        for row in store.datasets.answered_requests(live.candidate.team, keys, live.route)
    ]
    if structured:
        return answers

    return answers + people_rows(store, live.candidate.team, keys, live.route)


def _has_schema(body: Mapping[str, Any]) -> bool:
    return Version.model_validate(dict(body)).output is not None


def _reviewed_rows(store: Store, live: LiveVersion) -> list[DatasetExample]:
    """Returns the usable rows of the dataset that the version was trained on."""
    team = live.candidate.team
    report = store.datasets.newest_report(team, live.route, live.version)
    bill = (report.body.get("bill") if report is not None else None) or {}
    stored = store.datasets.get(team, str(bill.get("dataset")))
    if stored is None:
        return []

    return [row for row in from_records(stored.rows) if row.usable]


def _with_verdicts(
    rows: Sequence[DatasetExample], reviewed: Sequence[DatasetExample]
) -> list[DatasetExample]:
    """Carries a reviewer's verdict over to each row that still says the same."""
    # `repr`, because answers may be objects, which cannot be keys.
    by_content = {(row.text, repr(row.answer)): row for row in reviewed}
    result = []

    for row in rows:
        earlier = by_content.get((row.text, repr(row.answer)))
        # A contradiction is new information: somebody has to decide again.
        if earlier is not None and not row.contradicted:
            row = replace(row, review=earlier.review, by=earlier.by, carried=True)

        result.append(row)

    return result
