"""Proves a version: measured on the same test rows as the live one and the best others, and judged by rule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from router.catalog.route_file import Row
from router.catalog.version import Version
from workers.context import Context
from workers.evaluation.interference import compared, look
from workers.evaluation.metrics import DRAWS, correct, rule_of
from workers.evaluation.paired import scores
from workers.evaluation.run import Ran, run_rows, said, summary

WORSE = 0.01
"""Share of right answers that a version may lose against the best prompted one."""
LOWEST = -0.03
"""Where the 95 % interval of that difference must end at the latest."""
VALID = 0.99
FORGOTTEN = 0.02


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a version may go on, and each rule with what was found."""

    passed: bool
    reasons: tuple[str, ...]


def _unheard(_done: int, _of: int) -> None:
    """Nobody asked how far it is."""


def evaluate(
    context: Context,
    new: Version,
    others: Mapping[str, Version],
    rows: Sequence[Row],
    bill: Mapping[str, Any],
    on_row: Callable[[int, int], None] = _unheard,
) -> dict[str, Any]:
    """The body of the version's report; the versions in `others` are measured on the same rows.

    `others` has `live` and may have more. `bill` is what training took. The same inputs give the
    same accuracies. `on_row` is told how many runs of how many, rows times versions, are done.
    """
    before = look(context, new)

    versions, ran = {"new": new} | dict(others), {}
    for number, (name, version) in enumerate(versions.items()):
        told = partial(_told, on_row, number * len(rows), len(versions) * len(rows))
        ran[name] = run_rows(context, version, rows, told)

    forgetting = compared(context, new, before)
    figures = {
        name: summary(versions[name], found) | _money(context, found) for name, found in ran.items()
    }
    differences = {name: paired(rows, versions, ran["new"], ran[name]) for name in others}
    prompted = max(
        (name for name in others if versions[name].kind not in ("head", "tuned")),
        key=lambda name: figures[name]["accuracy"],
        default="live",
    )

    verdict = judge(
        figures["new"], differences[prompted], forgetting["changed"] if forgetting else None
    )
    return {
        "rows": len(rows),
        "kinds": {name: version.kind for name, version in versions.items()},
        "versions": {name: version.id for name, version in versions.items()},
        "figures": figures,
        "differences": differences,
        "against": prompted,
        "forgetting": forgetting,
        "scores": scores(new, ran["new"]),
        "bill": dict(bill),
        "passed": verdict.passed,
        "reasons": list(verdict.reasons),
    }


def paired(
    rows: Sequence[Row], versions: Mapping[str, Version], new: Sequence[Ran], other: Sequence[Ran]
) -> dict[str, Any]:
    """How many more of the same rows the new version had right (-1 to 1), with a 95 % bootstrap interval over rows."""
    rule = rule_of(versions["new"].output, rows)
    gains = np.array(
        [
            correct(rule, said(mine, rule), row.answer)
            - correct(rule, said(theirs, rule), row.answer)
            for row, mine, theirs in zip(rows, new, other, strict=True)
        ]
    )

    means = np.random.default_rng(0).choice(gains, (DRAWS, len(gains))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {"gain": float(gains.mean()), "ci95": [float(low), float(high)]}


def judge(
    figures: Mapping[str, Any], difference: Mapping[str, Any], forgotten: float | None
) -> Judged:
    """The verdict, by rule alone."""
    gain, low = difference["gain"], difference["ci95"][0]
    checks = [
        (
            gain >= -WORSE,
            f"{100 * gain:+.1f} points against the best prompted version; at least {-100 * WORSE:+.0f}",
        ),
        (
            low > LOWEST,
            f"the interval of that ends at {100 * low:+.1f} points; above {100 * LOWEST:+.0f}",
        ),
        (
            figures["schema_valid"] >= VALID,
            f"{figures['schema_valid']:.1%} in the right shape; at least {VALID:.0%}",
        ),
    ]

    if forgotten is not None:
        checks.append(
            (
                forgotten <= FORGOTTEN,
                f"{forgotten:.0%} of answers to others changed; at most {FORGOTTEN:.0%}",
            )
        )

    return Judged(
        all(passed for passed, _ in checks),
        tuple(f"{'yes' if passed else 'no'}: {text}" for passed, text in checks),
    )


def name_of(body: Mapping[str, Any]) -> str:
    """A hash of a report's body."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _told(
    on_row: Callable[[int, int], None], earlier: int, all_runs: int, done: int, _: int
) -> None:
    on_row(earlier + done, all_runs)


def _money(context: Context, ran: Sequence[Ran]) -> dict[str, float | None]:
    """What a request would cost at the settings' prices by token: every prompt token read anew, and with the cache.

    None where no price by token is set, as for a local model that is paid by the second.
    """
    settings = context.settings
    read, written = settings.usd_per_million_input / 1e6, settings.usd_per_million_output / 1e6

    tokens = [one.outcome.tokens for one in ran if one.outcome]
    if not tokens or not read + written:
        return {"usd_uncached": None, "usd_cached": None}

    anew = [(one.total - one.output) * read + one.output * written for one in tokens]
    kept = [usd - one.cached * read for usd, one in zip(anew, tokens, strict=True)]
    return {"usd_uncached": float(np.mean(anew)), "usd_cached": float(np.mean(kept))}
