"""Answers that people gave: who is shown them while rights change, and how soon after saving."""

from __future__ import annotations

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from evals.bench.people.rights import RightsCounts, run_workspace
from evals.figures import print_figures
from router.log import set_up_logs
from router.store import open_store

CASES_A_WORKSPACE = 500


def main(
    cases: Annotated[int, typer.Option(help="Who asks where, how often.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Makes the workspaces.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count saved answers that are shown to somebody who may not read where they came from."""
    set_up_logs("auto", "warning")
    totals = RightsCounts()
    number = seed * 100_000
    while totals.cases < cases:
        with TemporaryDirectory(prefix="bg") as folder:
            store = open_store(f"sqlite:///{Path(folder) / 'beagle.db'}")
            try:
                left = min(CASES_A_WORKSPACE, cases - totals.cases)
                found = run_workspace(store, number, left)
            finally:
                store.close()

        number += 1
        totals.cases += found.cases
        totals.leaks += found.leaks
        totals.missing += found.missing
        totals.seconds += found.seconds

    figures = {
        "cases": totals.cases,
        "leaks": totals.leaks,
        "missing": totals.missing,
        "saved": len(totals.seconds),
        "seconds_to_find_p50": round(statistics.median(totals.seconds), 3),
        "seconds_to_find_max": round(max(totals.seconds), 3),
    }
    print_figures(figures, as_json=as_json)
    if totals.leaks:
        raise typer.Exit(1)
