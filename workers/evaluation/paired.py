"""The same questions again: how many rows with a known answer a version has right, now and when it was proved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from router.catalog.route_file import Row
from router.catalog.version import Version
from workers.evaluation.metrics import correct, interval, rule_of
from workers.evaluation.run import Ran, said

NAME_DIGITS = 16
Scores = Mapping[str, float]
"""How right each row was, 0-1, by `key_of` the row: a hash, never its text."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The same rows twice: `then` and `now` are accuracies (0-1), `change` is now minus then, with its 95 % interval.

    `rows` is how many were compared; with none of them the figures are 0 and say nothing.
    """

    rows: int
    then: float = 0.0
    now: float = 0.0
    change: float = 0.0
    low: float = 0.0
    high: float = 0.0


def key_of(row: Row) -> str:
    """Names a row by what is asked and what is right."""
    text = json.dumps([row.text, row.thread, row.answer], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]


def scores(version: Version, ran: Sequence[Ran]) -> dict[str, float]:
    """How right each row was. One whose answer was no good is worth nothing; one whose model was away is left out."""
    rule = rule_of(version.output, [one.row for one in ran])
    return {
        key_of(one.row): float(correct(rule, said(one, rule), one.row.answer))
        for one in ran
        if not one.away
    }


def paired(then: Scores, now: Scores) -> Paired:
    """What became of the rows that were asked both times; the order of neither changes anything."""
    both = sorted(set(then) & set(now))
    if not both:
        return Paired(0)

    before, after = np.array([then[key] for key in both]), np.array([now[key] for key in both])
    low, high = interval(list(after - before))
    return Paired(
        len(both),
        float(before.mean()),
        float(after.mean()),
        float((after - before).mean()),
        low,
        high,
    )
