"""Evaluates a version.

It is measured on the same test rows as the live one and the best others, and judged by rule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from router import statistics
from router.catalog.route_file import ExampleRow
from router.catalog.version import Version
from workers.context import Context
from workers.evaluation.interference import compare, snapshot
from workers.evaluation.metrics import (
    score,
    scoring_rule,
)
from workers.evaluation.paired import scores_by_row
from workers.evaluation.run import RowResult, answer_of, run_rows, summarise

JsonObject = Mapping[str, Any]
MAX_ACCURACY_LOSS = 0.01
"""Share of right answers that a version may lose against the best prompted one."""
MIN_INTERVAL_LOW = -0.03
"""The lowest that the 95 % interval of that difference may reach."""
MIN_VALID = 0.99
MAX_INTERFERENCE = 0.02
"""Share of the answers to others that may change."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """Whether a version may be rolled out, and each rule with its figure."""

    passed: bool
    reasons: tuple[str, ...]


def _ignore_progress(_done: int, _total: int) -> None:
    """Reports to nobody."""


def evaluate_version(
    context: Context,
    new: Version,
    others: Mapping[str, Version],
    rows: Sequence[ExampleRow],
    bill: JsonObject,
    on_row: Callable[[int, int], None] = _ignore_progress,
) -> dict[str, Any]:
    """Returns the body of the version's report.

    The versions in `others` are measured on the same rows. `others` has `live` and may have more.
    `bill` is what training took. The same inputs give the same accuracies. `on_row` is called with
    how many runs of how many, rows times versions, are done.
    """
    versions = {"new": new, **others}
    # Taken before the adapter is used for the first time.
    before = snapshot(context, new)
    results = _run_all(context, versions, rows, on_row)
    # After the runs, because it takes the adapter's use to change what others get.
    interference = compare(context, new, before)
    figures = {}
    differences = {}

    for name, version in versions.items():
        costs = _token_costs(context, results[name])
        figures[name] = summarise(version, results[name]) | costs
    for name in others:
        differences[name] = paired_difference(rows, new, results["new"], results[name])

    best_prompt = _best_prompted(others, figures)
    assessment = assess(
        figures["new"],
        differences[best_prompt],
        interference["changed"] if interference else None,
        context.settings.evaluation_min_rows,
        # Free text is scored by its words, which good answers share only in part.
        0.0 if new.output is None else context.settings.evaluation_min_accuracy,
    )
    return {
        "rows": len(rows),
        "kinds": {name: version.kind for name, version in versions.items()},
        "versions": {name: version.id for name, version in versions.items()},
        "figures": figures,
        "differences": differences,
        "against": best_prompt,
        "forgetting": interference,
        "scores": scores_by_row(new, results["new"]),
        "bill": dict(bill),
        "passed": assessment.passed,
        "reasons": list(assessment.reasons),
    }


def _run_all(
    context: Context,
    versions: Mapping[str, Version],
    rows: Sequence[ExampleRow],
    on_row: Callable[[int, int], None],
) -> dict[str, list[RowResult]]:
    """Returns the results of each version, by its name, on the same rows."""
    all_runs = len(versions) * len(rows)
    results = {}
    for number, (name, version) in enumerate(versions.items()):
        progress = partial(_report_overall, on_row, number * len(rows), all_runs)
        results[name] = run_rows(context, version, rows, progress)

    return results


def _best_prompted(others: Mapping[str, Version], figures: Mapping[str, JsonObject]) -> str:
    """Returns the name of the most accurate version that was not trained; `live` if all were."""
    names = [name for name, version in others.items() if not version.traits.trained]
    return max(names, key=lambda name: figures[name]["accuracy"], default="live")


def paired_difference(
    rows: Sequence[ExampleRow],
    version: Version,
    new: Sequence[RowResult],
    other: Sequence[RowResult],
) -> dict[str, Any]:
    """Returns how many more of the same rows the new version had right (-1 to 1).

    `ci95` is its 95 % interval, `better` and `worse` are rows, `p` is the p-value of the exact sign
    test on them.
    """
    # One rule for both, that of the new version: otherwise the scores could not be subtracted.
    rule = scoring_rule(version.output, rows)
    new_scores = []
    other_scores = []
    for row, mine, theirs in zip(rows, new, other, strict=True):
        new_scores.append(score(rule, answer_of(mine, rule), row.answer))
        other_scores.append(score(rule, answer_of(theirs, rule), row.answer))

    difference = statistics.paired_difference(new_scores, other_scores)
    return {
        "gain": difference.gain,
        "ci95": [difference.low, difference.high],
        "better": difference.better,
        "worse": difference.worse,
        "p": difference.p,
    }


def assess(
    figures: JsonObject,
    difference: JsonObject,
    interference: float | None,
    min_rows: int,
    min_accuracy: float = 0.0,
) -> Assessment:
    """Returns the verdict, by rule alone.

    `interference` is None where no other's model was touched. Fewer than `min_rows` rows never
    pass: what they show may be chance. Nor does an accuracy below `min_accuracy` (0-1): better than
    something poor is not good.
    """
    rows = figures["rows"]
    gain = difference["gain"]
    low = difference["ci95"][0]
    valid = figures["schema_valid"]
    checks = [
        (
            rows >= min_rows,
            f"measured on {rows} test rows (at least {min_rows} required)",
        ),
        (
            gain >= -MAX_ACCURACY_LOSS,
            f"accuracy {100 * gain:+.1f} points against the best prompted version "
            f"(at least {-100 * MAX_ACCURACY_LOSS:+.0f} required)",
        ),
        (
            low > MIN_INTERVAL_LOW,
            f"the 95% interval of that difference begins at {100 * low:+.1f} points "
            f"(above {100 * MIN_INTERVAL_LOW:+.0f} required; a version that only keeps up shows "
            f"that on {statistics.rows_for_margin(-MIN_INTERVAL_LOW)} rows or more)",
        ),
        (
            valid >= MIN_VALID,
            f"{valid:.1%} of its answers have the right format (at least {MIN_VALID:.0%} required)",
        ),
    ]

    if min_accuracy:
        accuracy = figures["accuracy"]
        checks.append(
            (
                accuracy >= min_accuracy,
                f"{accuracy:.1%} of its answers are right (at least {min_accuracy:.0%} required)",
            )
        )
    if interference is not None:
        checks.append(
            (
                interference <= MAX_INTERFERENCE,
                f"{interference:.0%} of the answers on other routes changed "
                f"(at most {MAX_INTERFERENCE:.0%} allowed)",
            )
        )

    all_passed = True
    reasons = []
    for passed, text in checks:
        all_passed = all_passed and passed
        reasons.append(f"{'Passed' if passed else 'Not passed'}: {text}")

    return Assessment(all_passed, tuple(reasons))


def report_id(body: JsonObject) -> str:
    """Returns a hash of a report's body."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _report_overall(
    on_row: Callable[[int, int], None], runs_before: int, all_runs: int, done: int, _: int
) -> None:
    on_row(runs_before + done, all_runs)


def _token_costs(context: Context, results: Sequence[RowResult]) -> dict[str, float | None]:
    """Returns the mean cost of a request at the settings' token prices, by use of the prompt cache.

    None where no price by token is set, as for a local model that is paid by the second.
    """
    settings = context.settings
    input_usd = settings.usd_per_million_input / 1e6
    output_usd = settings.usd_per_million_output / 1e6

    tokens = [result.outcome.tokens for result in results if result.outcome]
    if not tokens or not input_usd + output_usd:
        return {"usd_uncached": None, "usd_cached": None}

    uncached = []
    cached = []
    # Cached tokens are part of the input; with the cache they cost nothing.
    for one in tokens:
        usd = (one.total - one.output) * input_usd + one.output * output_usd
        uncached.append(usd)
        cached.append(usd - one.cached * input_usd)

    return {"usd_uncached": float(np.mean(uncached)), "usd_cached": float(np.mean(cached))}
