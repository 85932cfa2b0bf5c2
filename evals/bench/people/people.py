"""Lets generated people of several companies write and click, and counts what went wrong."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from evals.bench.people.generated_workspace import GeneratedWorkspace
from evals.figures import print_figures
from router.log import set_up_logs
from router.store import open_store


def main(
    people: Annotated[int, typer.Option(help="How many people write and click once.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count words of other companies that are kept, and colleagues taken for guests."""
    set_up_logs("auto", "error")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'people.db'}")
        workspace = GeneratedWorkspace(store, seed)
        wrong = workspace.run(people)
        asked = len(workspace.requests)
        store.close()

    figures = {"people": people, "requests": asked, "wrong": sum(wrong.values()), **wrong}
    print_figures(figures | {"seconds": round(time.monotonic() - start, 1)}, as_json=as_json)

    raise typer.Exit(0 if not figures["wrong"] else 1)
