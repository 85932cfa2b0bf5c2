"""How often the weekly digest advises what really answers a repeated request.

Each simulated candidate has a hidden truth: models, documents and learners that are good enough for
its task or not. Production's own weekly job sees what it would see in a workspace, and advises.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from evals.weekly.advice_world.truths import (
    TRUTHS,
    draw_behaviour,
    measured_remedies,
    right_advice,
)
from evals.weekly.advice_world.word_encoder import WordEncoder
from evals.weekly.advice_world.workspace import SimulatedWorkspace
from router.log import set_up_logs
from router.store import Store, open_store
from router.text.printable import print_line

ADVICE = tuple(dict.fromkeys(TRUTHS.values()))


@dataclass(frozen=True, slots=True)
class Advised:
    """One candidate: what it was meant to need, what really answers it, and what was advised."""

    truth: str
    right: str
    advice: str


def main(
    candidates: Annotated[int, typer.Option(min=1, help="Simulated candidates.")] = 200,
    seed: Annotated[int, typer.Option(help="Draws tasks, skills and requests.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Also each candidate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulate a month of candidates with a known truth; report how often the advice is right."""
    set_up_logs("auto", "error")
    with tempfile.TemporaryDirectory(prefix="advice") as folder:
        results = advise(Path(folder), candidates, seed)

    figures = summarise(results)
    if as_json:
        details = {"candidates": [asdict(one) for one in results]} if show else {}
        print_line(json.dumps(figures | details))
        return

    if show:
        for one in results:
            print_line(f"{one.truth:22} {one.right:20} {one.advice}")

    print_line(_table(results))
    for name in ("right_share", "wrong_tune", "unreachable"):
        print_line(f"{name:20} {figures[name]}")


def advise(folder: Path, candidates: int, seed: int) -> list[Advised]:
    """Returns the advice that each candidate gets after four weeks; truths take turns."""
    store = open_store(f"sqlite:///{folder / 'beagle.db'}")
    try:
        return [_advise_one(folder, store, number, seed) for number in range(candidates)]
    finally:
        store.close()


def summarise(results: Sequence[Advised]) -> dict[str, object]:
    """Returns the figures; shares are in 0-1.

    `wrong_tune` counts candidates that were to be tuned although something cheaper, or nothing,
    answers them. `unreachable` lists advice that no candidate got although it was right for some.
    """
    right = sum(one.right == one.advice for one in results)
    given = {one.advice for one in results}
    by_truth: dict[str, float] = {}
    for truth in dict.fromkeys(one.truth for one in results):
        own = [one.right == one.advice for one in results if one.truth == truth]
        by_truth[truth] = sum(own) / len(own)

    return {
        "right_share": right / len(results),
        "wrong_tune": sum(one.advice == "tune" != one.right for one in results),
        "unreachable": sorted({one.right for one in results} - given),
        "candidates": len(results),
        "by_truth": by_truth,
    }


def _advise_one(folder: Path, store: Store, number: int, seed: int) -> Advised:
    truth = tuple(TRUTHS)[number % len(TRUTHS)]
    behaviour = draw_behaviour(truth, seed * 1_000_003 + number)
    right = right_advice(behaviour, measured_remedies(behaviour, WordEncoder().encode))
    workspace = SimulatedWorkspace(f"T{number:04}", folder / str(number), store, behaviour)
    candidate = workspace.live_weeks(4, digests=False)

    return Advised(truth, right, candidate.evidence.recommendation)


def _table(results: Sequence[Advised]) -> str:
    """Returns what was right, by row, against what was advised, by column."""
    counts = Counter((one.right, one.advice) for one in results)
    lines = [f"{'right / advised':20}" + "".join(f"{name:>20}" for name in ADVICE)]
    for right in ADVICE:
        cells = "".join(f"{counts[right, advice]:>20}" for advice in ADVICE)
        lines.append(f"{right:20}{cells}")

    return "\n".join(lines)
