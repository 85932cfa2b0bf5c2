"""Measures the baseline of a version when it is evaluated.

It holds the figures and hashes that later weeks are compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import ModelError
from router.text.redact import redact
from workers.context import Context
from workers.datasets.build import DatasetExample
from workers.drift.base_model import fingerprints
from workers.drift.input_shift import LoggedText, distance_histogram, requests_of, to_record
from workers.evaluation.paired import Scores, scores_by_row
from workers.evaluation.run import run_rows
from workers.mining.trend import WEEK, WEEKS

MAX_UNAVAILABLE = 0.1
"""The share of rows that a busy model may leave without an answer; they are not compared."""


def measure_baseline(
    context: Context,
    version: Version,
    team: str,
    examples: Sequence[DatasetExample],
    own: Scores | None = None,
) -> dict[str, Any]:
    """Returns the baseline of a version that was trained on `examples`.

    It holds no text of a person. `own` are the scores of its reviewed test rows, where they were
    measured already.
    """
    now = context.now()
    logged = context.store.mining.requests(team, now - WEEKS * WEEK, now)
    training = training_texts(context, version.route, examples)
    # Of the weeks before: the requests that came while it was trained and evaluated.
    histogram = distance_histogram(context, training, requests_of(logged, version.route))
    if own is None:
        own = rescore(context, version, dataset_test_rows(examples))

    return {
        "at": now,
        "own": dict(own),
        "golden": rescore(context, version, route_test_rows(context, version.route)),
        "inputs": to_record(histogram),
        "base": fingerprints(context, version),
    }


def rescore(context: Context, version: Version, rows: Sequence[ExampleRow]) -> dict[str, float]:
    """Returns how right each row is now.

    Raises ModelError where the model was unavailable for too many rows: an outage is no drift.
    """
    results = run_rows(context, version, rows)

    unavailable = sum(result.unavailable for result in results)
    if unavailable > MAX_UNAVAILABLE * len(results):
        raise ModelError(
            f"asking {len(results)} rows again: the model of {version.route!r} was away "
            f"{unavailable} times",
            retry=True,
        )

    return scores_by_row(version, results) if results else {}


def dataset_test_rows(examples: Sequence[DatasetExample]) -> list[ExampleRow]:
    """Returns the reviewed test rows of a dataset."""
    rows = []
    for example in examples:
        if example.usable and example.split == "test":
            rows.append(ExampleRow(text=example.text, answer=example.answer, split="test"))

    return rows


def route_test_rows(context: Context, route: str) -> list[ExampleRow]:
    """Returns the test rows of the route's own file; none where the route has no file any more."""
    rows = _file_rows(context, route)
    return [row for row in rows if row.split == "test" and row.answer is not None]


def training_texts(
    context: Context, route: str, examples: Sequence[DatasetExample]
) -> list[LoggedText]:
    """Returns what a version was trained on.

    Without a dataset, the train rows of its route's file.
    """
    texts = []
    for example in examples:
        if example.usable and example.split == "train":
            texts.append(LoggedText(example.text, example.user))

    if texts:
        return texts

    # A version that was never trained has no dataset; it shows the examples of its file.
    rows = _file_rows(context, route)
    own = [row.text for row in rows if row.split == "train" and not row.counterexample]
    return [LoggedText(redact(text)) for text in own]


def _file_rows(context: Context, name: str) -> Sequence[ExampleRow]:
    route = context.routes_of(context.team).routes.get(name)
    return () if route is None else route.rows
