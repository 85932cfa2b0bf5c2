"""Two workspaces with equal ids do thousands of things: nothing of one may reach the other."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from evals.bench.tenancy.crossings import run_actions
from evals.bench.tenancy.plan import draw_actions
from evals.figures import print_figures
from router.log import set_up_logs


def main(
    actions: Annotated[int, typer.Option(help="How many things people do.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Which things they do.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count what crosses between two workspaces with the same users, channels and times.

    A bot that serves both must show and store for each exactly what a bot of its own does.
    """
    set_up_logs("auto", "critical")
    with TemporaryDirectory(prefix="bg") as folder:
        found = run_actions(draw_actions(actions, seed), Path(folder))

    totals = {
        "actions": found.actions,
        "crossed": found.by_kind.total(),
        "by_kind": dict(found.by_kind),
        "examples": found.examples,
    }
    print_figures(totals, as_json=as_json)
    if found.by_kind:
        raise typer.Exit(1)
