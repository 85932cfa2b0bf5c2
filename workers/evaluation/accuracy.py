"""How good a version is on labelled rows, while better ones are searched for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import ModelError
from workers.context import Context
from workers.evaluation.metrics import score, scoring_rule
from workers.evaluation.run import RowResult, answer_of, run_rows


def row_scores(
    version: Version, results: Sequence[RowResult], rows: Sequence[ExampleRow]
) -> list[float]:
    """Returns each row's score, 0-1.

    `rows` are all rows of the split: the rule is derived from them.
    """
    rule = scoring_rule(version.output, rows)
    return [score(rule, answer_of(result, rule), result.row.answer) for result in results]


def mean_accuracy(context: Context, version: Version, rows: Sequence[ExampleRow]) -> float:
    """Returns the mean of the scores, 0-1.

    Raises ModelError(retry=True) where no row was answered: then nothing was measured.
    """
    results = run_rows(context, version, rows)
    # An outage must not look like a version that gets everything wrong.
    if all(result.outcome is None for result in results):
        raise ModelError(
            f"measuring a version of route {version.route!r}: no row was answered: "
            f"{results[0].error}",
            retry=True,
        )

    return float(np.mean(row_scores(version, results, rows)))
