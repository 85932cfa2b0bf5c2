"""Runs a version over labelled rows, on the path that serves people, and summarises the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from router.errors import (
    AnswerFormatError,
    BudgetError,
    ModelError,
    PathError,
    WeakAnswerError,
)
from router.statistics import mean_interval
from router.types import Decision, Outcome, Request, Tokens
from workers.context import Context, Work
from workers.evaluation.metrics import (
    ScoringRule,
    field_scores,
    score,
    scoring_rule,
)
from workers.paths import get_path

TEAM = "T0"
CHANNEL = "C0"
"""Where a measured request comes from: documents that it may search are this channel's. The team is
that of the context, where the work is done for a workspace."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row served: the outcome, or the error that a person would have been shown.

    `discarded` is an outcome that did not count but was paid for; None where the outcome counts or
    there was none. `unavailable` is whether the model gave nothing this time and may later.
    `signals` is what the path told of how sure its answer is. Where there is no outcome, `fault` is
    what was wrong with the model's words, empty where that is not known, and `is_misformed` tells
    that they were not what the schema allows.
    """

    row: ExampleRow
    outcome: Outcome | None
    error: str | None
    seconds: float
    discarded: Outcome | None = None
    unavailable: bool = False
    signals: Mapping[str, float] = field(default_factory=dict)
    fault: str = ""
    is_misformed: bool = False

    @property
    def billed(self) -> Outcome:
        """The outcome that was paid for; an empty one where there was none."""
        return self.outcome or self.discarded or Outcome(text="")


def run_rows(
    context: Context,
    version: Version,
    rows: Sequence[ExampleRow],
    on_row: Callable[[int, int], None] | None = None,
    *,
    with_signals: bool = False,
) -> list[RowResult]:
    """Serves every row in order, one at a time, so that latencies are those of an idle machine.

    `on_row` is called with how many rows of how many are done. `with_signals` asks servers that can
    for the probabilities of tokens, too.
    """
    results = []
    for number, row in enumerate(rows):
        results.append(_run_row(context, version, number, row, with_signals))
        if on_row is not None:
            on_row(number + 1, len(rows))

    return results


def _run_row(
    context: Context, version: Version, number: int, row: ExampleRow, with_signals: bool
) -> RowResult:
    now = context.now()
    # Ids that nobody has: a measurement must not reach a real person or channel.
    team = context.team or TEAM
    request = Request(
        f"eval-{number}", team, CHANNEL, "U0", f"{now:.6f}", f"E{number}", row.text, now
    )
    decision = Decision("route", version.route, 1.0, 1.0, 1.0, (), "eval", version.id)
    history = ({"role": "user", "content": row.thread},) if row.thread else ()
    start = time.monotonic()

    work = Work(request, decision, version, history, is_checked=with_signals)
    try:
        outcome = get_path(version.kind).run(context, work)
    except (BudgetError, ModelError, PathError) as error:
        # Only an error that may go away says nothing about the version.
        unavailable = isinstance(error, ModelError) and error.retry
        seconds = time.monotonic() - start
        return RowResult(
            row,
            None,
            str(error),
            seconds,
            unavailable=unavailable,
            fault=error.fault if isinstance(error, WeakAnswerError) else "",
            is_misformed=isinstance(error, AnswerFormatError),
        )

    return RowResult(row, outcome, None, time.monotonic() - start, signals=work.signals)


def summarise(version: Version, results: Sequence[RowResult]) -> dict[str, Any]:
    """Returns the figures of a run, as reports store them.

    Shares are in 0-1, tokens and USD are means per request, latencies are in milliseconds.
    """
    rule = scoring_rule(version.output, [result.row for result in results])
    scores = []
    milliseconds = []
    usd = []
    valid = 0
    errors = 0

    for result in results:
        scores.append(score(rule, answer_of(result, rule), result.row.answer))
        milliseconds.append(result.seconds * 1000)
        # Answers that did not count were paid for too.
        usd.append(result.billed.usd)
        valid += result.outcome is not None
        errors += result.error is not None

    return {
        "rows": len(results),
        "metric": rule.metric,
        "accuracy": float(np.mean(scores)),
        "ci95": list(mean_interval(scores)),
        "fields": _field_accuracies(rule, results),
        "schema_valid": valid / len(results),
        "errors": errors,
        "tokens": _mean_tokens(results),
        "usd": float(np.mean(usd)),
        "p50_ms": float(np.quantile(milliseconds, 0.5)),
        "p95_ms": float(np.quantile(milliseconds, 0.95)),
    }


def answer_of(result: RowResult, rule: ScoringRule) -> object:
    """Returns the answer that is scored: the data, or the text where the route has no schema.

    None after an error.
    """
    if result.outcome is None:
        return None

    return result.outcome.text if rule.exact is None else result.outcome.data


def _field_accuracies(rule: ScoringRule, results: Sequence[RowResult]) -> dict[str, float]:
    """Returns the mean score of each field of a structured answer."""
    scores = [field_scores(rule, answer_of(one, rule), one.row.answer) for one in results]
    names = scores[0] if scores else {}
    return {name: float(np.mean([row[name] for row in scores])) for name in names}


def _mean_tokens(results: Sequence[RowResult]) -> dict[str, float]:
    total = sum((result.billed.tokens for result in results), Tokens())
    return {name: count / len(results) for name, count in asdict(total).items()}
