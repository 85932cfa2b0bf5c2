"""How good a version is on rows that say what is right, while better ones are looked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from router.catalog.route_file import Row
from router.catalog.version import Version
from router.errors import ModelError
from workers.context import Context
from workers.evaluation.metrics import correct, rule_of
from workers.evaluation.run import Ran, run_rows, said


def scores(version: Version, ran: Sequence[Ran], rows: Sequence[Row]) -> list[float]:
    """Each row's share of a right answer, 0-1; `rows` are all of its kind, by which the rule is made."""
    rule = rule_of(version.output, rows)
    return [correct(rule, said(one, rule), one.row.answer) for one in ran]


def accuracy(context: Context, version: Version, rows: Sequence[Row]) -> float:
    """The mean of the scores. Raises ModelError(retry=True) where no row was answered: then nothing was measured."""
    ran = run_rows(context, version, rows)
    if all(one.outcome is None for one in ran):
        raise ModelError(
            f"measuring a version of route {version.route!r}: no row was answered: {ran[0].error}",
            retry=True,
        )

    return float(np.mean(scores(version, ran, rows)))
