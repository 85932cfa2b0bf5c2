"""Runs a version over labelled rows, through the path that serves people, and says how good it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from router.catalog.route_file import Row
from router.catalog.version import Version
from router.errors import ModelError, PathError
from router.types import Decision, Outcome, Request, Tokens
from workers.context import Context, Work
from workers.evaluation.metrics import Rule, correct, field_scores, interval, rule_of
from workers.paths import get_path

TEAM, CHANNEL = "T0", "C0"
"""Where a measured request comes from: documents that it may search are this channel's."""


@dataclass(frozen=True, slots=True)
class Ran:
    """One row served: the outcome, or the error that a person would have been told of.

    `spent` is an outcome that did not count, for what it cost; None where the outcome counts or
    there was none. `away` is whether the model gave nothing this time and may later.
    """

    row: Row
    outcome: Outcome | None
    error: str | None
    seconds: float
    spent: Outcome | None = None
    away: bool = False

    @property
    def paid(self) -> Outcome:
        """Whatever was paid for."""
        return self.outcome or self.spent or Outcome(text="")


def run_rows(
    context: Context,
    version: Version,
    rows: Sequence[Row],
    on_row: Callable[[int, int], None] | None = None,
) -> list[Ran]:
    """Every row in order, one at a time, so that latencies are those of an idle machine.

    `on_row` is told how many of how many are done.
    """
    ran = []
    for number, row in enumerate(rows):
        ran.append(_run(context, version, number, row))
        if on_row is not None:
            on_row(number + 1, len(rows))

    return ran


def _run(context: Context, version: Version, number: int, row: Row) -> Ran:
    now = context.now()
    request = Request(
        f"eval-{number}", TEAM, CHANNEL, "U0", f"{now:.6f}", f"E{number}", row.text, now
    )
    decision = Decision("route", version.route, 1.0, 1.0, 1.0, (), "eval", version.id)
    history = ({"role": "user", "content": row.thread},) if row.thread else ()
    start = time.monotonic()

    try:
        outcome = get_path(version.kind).run(context, Work(request, decision, version, history))
    except (ModelError, PathError) as error:
        away = isinstance(error, ModelError) and error.retry
        return Ran(row, None, str(error), time.monotonic() - start, away=away)

    return Ran(row, outcome, None, time.monotonic() - start)


def summary(version: Version, ran: Sequence[Ran]) -> dict[str, Any]:
    """The figures of a run; shares lie in 0-1, tokens and USD are means per request, latencies in milliseconds."""
    rule = rule_of(version.output, [one.row for one in ran])
    right = [correct(rule, said(one, rule), one.row.answer) for one in ran]
    tokens = _mean_tokens(ran)
    milliseconds = [one.seconds * 1000 for one in ran]

    return {
        "rows": len(ran),
        "metric": rule.metric,
        "accuracy": float(np.mean(right)),
        "ci95": list(interval(right)),
        "fields": _fields(rule, ran),
        "schema_valid": sum(one.outcome is not None for one in ran) / len(ran),
        "errors": sum(one.error is not None for one in ran),
        "tokens": tokens,
        "usd": float(np.mean([one.paid.usd for one in ran])),
        "p50_ms": float(np.quantile(milliseconds, 0.5)),
        "p95_ms": float(np.quantile(milliseconds, 0.95)),
    }


def said(one: Ran, rule: Rule) -> Any:
    """What counts as the answer of a row: its data, or its text where the route has no schema; None after an error."""
    if one.outcome is None:
        return None
    return one.outcome.text if rule.exact is None else one.outcome.data


def _fields(rule: Rule, ran: Sequence[Ran]) -> dict[str, float]:
    scores = [field_scores(rule, said(one, rule), one.row.answer) for one in ran]
    return {
        name: float(np.mean([score[name] for score in scores]))
        for name in (scores[0] if scores else {})
    }


def _mean_tokens(ran: Sequence[Ran]) -> dict[str, float]:
    total = sum((one.paid.tokens for one in ran), Tokens())
    return {name: count / len(ran) for name, count in asdict(total).items()}
