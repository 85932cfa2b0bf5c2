"""Replays recorded answers of a weak and a strong model under the choice rule.

Reports how few strong calls keep how much of the quality. The rule is the one that decides about
requests, `router.tiers`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from evals.figures import print_figures
from router.errors import InputError
from router.log import set_up_logs
from router.tiers.choice import TOLERANCE, TierRecord, choose_tier
from router.tiers.quality import mean_of

COLUMNS = ("group", "text", "weak_correct", "strong_correct")
FOLDS = 5
STEPS = 101


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """Recorded answers, one entry for each question.

    `weak` and `strong` hold 1 where that model was right, else 0.
    """

    groups: NDArray[np.str_]
    weak: NDArray[np.float64]
    strong: NDArray[np.float64]


def main(
    data: Annotated[Path, typer.Option(help="CSV: group,text,weak_correct,strong_correct.")],
    groups: Annotated[
        str, typer.Option(help="Only groups whose name holds this; with a leading - all others.")
    ] = "",
    delta: Annotated[
        float, typer.Option(min=0, max=1, help="Share of successes a cheaper version may lack.")
    ] = TOLERANCE,
    strong_usd: Annotated[
        float, typer.Option(help="Price of a strong call; a weak one costs 1.")
    ] = 20.0,
    seed: Annotated[int, typer.Option(help="Deals the questions into five folds.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Learn each group's success rates by cross-validation and compare with always strong."""
    set_up_logs("auto", "error")
    figures = replay(_select_groups(read_answers(data), groups), delta, strong_usd, seed)
    print_figures(figures, as_json=as_json, number_format=".4f")


def read_answers(path: Path) -> RecordedAnswers:
    """Reads every line of the file. Raises InputError saying what is wrong."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))

        weak, strong = ([float(row[name]) for row in rows] for name in COLUMNS[2:])
        names = [row["group"] for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"reading {str(path)!r}: {type(error).__name__} {error}; expected CSV with the columns "
            f"{', '.join(COLUMNS)}, right answers as 1 and wrong ones as 0"
        ) from error

    if len(rows) < FOLDS:
        raise InputError(
            f"reading {str(path)!r}: found {len(rows)} lines; at least {FOLDS} are needed"
        )

    return RecordedAnswers(np.array(names), np.array(weak), np.array(strong))


def _select_groups(answers: RecordedAnswers, name: str) -> RecordedAnswers:
    if not name:
        return answers

    matching = np.char.find(answers.groups, name.removeprefix("-")) >= 0

    selected = ~matching if name.startswith("-") else matching
    if selected.sum() < FOLDS:
        raise InputError(
            f"reading --groups: {name!r} leaves {int(selected.sum())} lines; "
            f"at least {FOLDS} are needed"
        )

    return RecordedAnswers(
        answers.groups[selected], answers.weak[selected], answers.strong[selected]
    )


def replay(
    answers: RecordedAnswers, delta: float, strong_usd: float, seed: int
) -> dict[str, float]:
    """Returns the figures of a cross-validated replay.

    `apgr`: the share of the gap between weak and strong that is recovered, averaged over every
    share of strong calls; `strong_share_at_95`: the fewest strong calls that keep 95 % of the
    strong model's accuracy; `accuracy` and `strong_share`: what the rule for live traffic achieves
    and the strong calls it makes; `cost_share`: its cost relative to always strong.
    """
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(answers.weak)) % FOLDS
    gain, picked = np.zeros(len(fold)), np.zeros(len(fold), bool)

    # A question's group is judged by the other folds alone, as live traffic would be.
    for part in range(FOLDS):
        training = fold != part
        held_out = fold == part
        for name in np.unique(answers.groups[held_out]):
            here = held_out & (answers.groups == name)
            seen = training & (answers.groups == name)
            weak = _record("weak", answers.weak[seen], 1.0)
            strong = _record("strong", answers.strong[seen], strong_usd)
            gain[here] = strong.raw.mean - weak.raw.mean
            target = max(0.0, max(weak.raw.mean, strong.raw.mean) - delta)
            picked[here] = choose_tier([weak, strong], target).index == 1

    # Strong calls go to the groups with the largest expected gain; ties are broken at random.
    order = np.lexsort((rng.permutation(len(gain)), -gain))
    share, accuracy = _curve(answers, order)
    low, high = float(answers.weak.mean()), float(answers.strong.mean())
    enough = np.flatnonzero(accuracy >= 0.95 * high)
    strong_share = float(picked.mean())

    return {
        "apgr": float(((accuracy - low) / (high - low)).mean()) if high > low else 0.0,
        "strong_share_at_95": float(share[enough[0]]) if len(enough) else 1.0,
        "accuracy": float(np.where(picked, answers.strong, answers.weak).mean()),
        "strong_share": strong_share,
        "cost_share": (strong_share * strong_usd + (1 - strong_share)) / strong_usd,
        "weak_accuracy": low,
        "strong_accuracy": high,
    }


def _record(name: str, right: NDArray[np.float64], usd: float) -> TierRecord:
    quality = mean_of([float(value) for value in right])
    return TierRecord(name, name, usd, quality, quality)


def _curve(
    answers: RecordedAnswers, order: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns 101 shares of strong calls, spent in that order, and the accuracy at each."""
    strong = np.concatenate([[0.0], np.cumsum(answers.strong[order])])
    weak = np.concatenate([[0.0], np.cumsum(answers.weak[order])])
    share = np.linspace(0, 1, STEPS)
    calls = np.rint(share * len(order)).astype(int)

    # The first `calls` questions go to the strong model, the others to the weak one.
    return share, (strong[calls] + weak[-1] - weak[calls]) / len(order)
