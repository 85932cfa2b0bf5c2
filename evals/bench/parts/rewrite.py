"""Rewrites a large table of requests on PostgreSQL while others read and write it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

import typer
from sqlalchemy import text

from evals.bench.stacks.local_postgresql import DatabaseOption, local_postgresql
from evals.figures import print_figures
from router.store import Store, open_store
from router.store.privacy.overwriting import overwrite_deleted
from router.types import Request

MEGABYTE = 1_000_000
ROWS_AT_ONCE = 20_000
SIZE = text("SELECT pg_total_relation_size('request')")
FILL = text(
    """INSERT INTO request (id, team, channel, "user", ts, thread, event_id, text, received_at,
      channel_kind, source, state, fence, tries, wake_at, vector)
    SELECT 'r' || n, 'T' || n % 4, 'C' || n % 50, 'U' || n % 500, n || '.0', n || '.0',
      'E' || n, (SELECT string_agg(md5(n || '-' || part), ' ') FROM generate_series(1, 8) AS part),
      1700000000 + n, 'public', 'mention', 'answered', 1, 1, 0,
      decode(repeat(md5(n || ''), 25), 'hex')
    FROM generate_series(CAST(:start AS INTEGER),
      CAST(:start AS INTEGER) + CAST(:rows AS INTEGER) - 1) AS n"""
)


@dataclass(slots=True)
class Waits:
    """How long something took each time, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def repeat(self, act: Callable[[int], None], stopped: threading.Event) -> None:
        """Does it until stopped."""
        while not stopped.is_set():
            start = time.monotonic()
            act(len(self.seconds))
            self.seconds.append(time.monotonic() - start)


def main(
    megabytes: Annotated[int, typer.Option(help="Size of the table with its indexes.")] = 300,
    database: DatabaseOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how long a rewrite of a large table takes, and how long others wait for it."""
    with local_postgresql(database) as url:
        store = open_store(url.render_as_string(hide_password=False))
        try:
            print_figures(_measure(store, megabytes * MEGABYTE), as_json=as_json)
        finally:
            store.close()


def _measure(store: Store, size: int) -> dict[str, float]:
    rows = 0
    while _size(store) < size:
        with store.begin() as connection:
            connection.execute(FILL, {"start": rows, "rows": ROWS_AT_ONCE})
        rows += ROWS_AT_ONCE

    with store.begin() as connection:
        connection.execute(text("DELETE FROM request WHERE \"user\" = 'U7'"))

    before = _size(store)
    with _others(store, rows) as quiet:
        threading.Event().wait(5.0)
    start = time.monotonic()
    with _others(store, rows) as busy:
        overwrite_deleted(store.engine)

    seconds = time.monotonic() - start
    figures = {
        "seconds": round(seconds, 1),
        "megabytes": round(before / MEGABYTE, 1),
        "megabytes_afterwards": round(_size(store) / MEGABYTE, 1),
        "rows": float(rows),
    }
    for name in quiet:
        figures[f"longest_{name}_seconds"] = round(max(busy[name].seconds), 3)
        figures[f"longest_{name}_before_seconds"] = round(max(quiet[name].seconds), 3)
        figures[f"{name}s"] = float(len(busy[name].seconds))

    return figures


@contextmanager
def _others(store: Store, rows: int) -> Iterator[dict[str, Waits]]:
    """Reads and writes the table all the time, each on a thread of its own."""

    def read(number: int) -> None:
        key = f"r{number * 7919 % rows}"
        with store.begin() as connection:
            connection.execute(text("SELECT * FROM request WHERE id = :id"), {"id": key}).all()

    def write(number: int) -> None:
        key = f"r{number * 104_729 % rows}"
        with store.begin() as connection:
            state = text("UPDATE request SET tries = tries + 1 WHERE id = :id")
            connection.execute(state, {"id": key})

    def insert(number: int) -> None:
        name = f"n{time.monotonic_ns()}"
        request = Request(name, "T1", "C1", "U1", name, name, "one more request", float(number))
        store.requests.insert(request, float(number))

    stopped = threading.Event()
    acts = {"read": read, "update": write, "insert": insert}
    waits = {name: Waits() for name in acts}
    threads = [
        threading.Thread(target=waits[name].repeat, args=(act, stopped))
        for name, act in acts.items()
    ]
    for thread in threads:
        thread.start()
    try:
        yield waits
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _size(store: Store) -> int:
    with store.begin() as connection:
        return int(connection.execute(SIZE).scalar_one())
