"""Compares a version's scores on the same rows at two times: when it was evaluated, and now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.statistics import paired_difference
from workers.evaluation.metrics import score, scoring_rule
from workers.evaluation.run import RowResult, answer_of

KEY_DIGITS = 16
Scores = Mapping[str, float]
"""How right each row was, 0-1, by `row_key` of the row: a hash, never its text."""


@dataclass(frozen=True, slots=True)
class PairedAccuracy:
    """Accuracy (0-1) on the same rows `then` and `now`.

    `change` is now minus then, with its 95 % interval and the p-value of the exact sign test.
    `rows` is how many were compared. With none of them the figures are 0 and mean nothing.
    """

    rows: int
    then: float = 0.0
    now: float = 0.0
    change: float = 0.0
    low: float = 0.0
    high: float = 0.0
    p: float = 1.0


def row_key(row: ExampleRow) -> str:
    """Returns a hash of a row's message and its right answer."""
    text = json.dumps([row.text, row.thread, row.answer], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_DIGITS]


def scores_by_row(version: Version, results: Sequence[RowResult]) -> dict[str, float]:
    """Returns how right each row was.

    An invalid answer scores 0. A row is left out where the model was unavailable: an outage says
    nothing about the version.
    """
    rule = scoring_rule(version.output, [result.row for result in results])
    scores = {}
    for result in results:
        if not result.unavailable:
            answer = answer_of(result, rule)
            scores[row_key(result.row)] = float(score(rule, answer, result.row.answer))

    return scores


def compare_scores(then: Scores, now: Scores) -> PairedAccuracy:
    """Returns how the rows that were measured both times have changed, whatever their order."""
    keys = sorted(set(then) & set(now))
    if not keys:
        return PairedAccuracy(0)

    before = [then[key] for key in keys]
    after = [now[key] for key in keys]
    # Paired: the interval of the differences is narrower than the two intervals apart.
    difference = paired_difference(after, before)

    return PairedAccuracy(
        rows=len(keys),
        then=sum(before) / len(keys),
        now=sum(after) / len(keys),
        change=difference.gain,
        low=difference.low,
        high=difference.high,
        p=difference.p,
    )
