"""What is asked again and again costs the same in a year, on both databases."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from evals.bench.aged.screens import polls, screens
from evals.bench.aged.year import fill
from router.errors import BeagleError
from router.store import Store
from tests.fixtures.store_calls import store_calls

GROWING = frozenset(
    {"request", "decision", "outcome", "reply", "feedback", "proposal", "stop", "trial"}
    | {"overheard", "audit", "spend", "mined_vector", "judged_answer"}
)
"""The tables that have more rows the more is asked."""
SMALL_INDEXES = re.compile("ix_request_dead|ix_request_owner|ix_feedback_label|ix_request_text")
"""Partial indexes of few rows: given up, being served, corrected by hand, not expired yet."""

WHOLE = {"usage_counts.recount": "an operator's command that counts everything"}
"""What reads whole tables, each with its reason."""

RECENT_DAYS, OLD_DAYS = (20.0, 0.0), (365.0, 120.0)
STEPS = 50
"""Instructions of SQLite's virtual machine between two counts."""
MAX_GROWTH = 1.3
"""Eight times as many old requests may cost so much more: one level of an index, not a scan."""
SPARE_COUNTS = 40


@pytest.fixture
def busy_store(every_store: Store) -> Store:
    """A store with requests of the last days."""
    fill(every_store, 120, 1, RECENT_DAYS)
    return every_store


@contextlib.contextmanager
def collected(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is executed in the block, with its parameters."""
    statements: list[tuple[str, Any]] = []

    def collect(_connection, _cursor, statement, parameters, _context, executemany):
        statements.append((statement, parameters[0] if executemany else parameters))

    event.listen(store.engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(store.engine, "before_cursor_execute", collect)


def actions(store: Store) -> Iterator[tuple[str, Any]]:
    """Every screen and poll, and every method of the store's growing parts."""
    yield from screens(store).items()
    yield from polls(store).items()
    yield from ((name, call) for name, call in store_calls(store) if name not in WHOLE)


def statements_of(store: Store) -> dict[str, tuple[str, Any]]:
    """The statements of all actions, each once, with the action that executes it."""
    found: dict[str, tuple[str, Any]] = {}
    for name, action in list(actions(store)):
        with collected(store) as statements, contextlib.suppress(BeagleError):
            action()

        for statement, parameters in statements:
            if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                found.setdefault(statement, (name, parameters))

    return found


def sqlite_scans(connection: Any, statement: str, parameters: Any) -> list[str]:
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    scans = []
    for *_, detail in plan:
        scan = re.match(r"SCAN (\w+)", detail)
        if scan and not SMALL_INDEXES.search(detail) and table_of(scan[1], statement) in GROWING:
            scans.append(detail)

    return scans


def table_of(name: str, statement: str) -> str:
    """The table of an alias in the statement."""
    alias = re.search(rf"\b(\w+) AS {name}\b", statement)
    return alias[1] if alias else name


def postgresql_scans(connection: Any, statement: str, parameters: Any) -> list[str]:
    # A small table is soon read, so the planner is asked for the plan of a large one.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")

    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    scans = []
    nodes = [(explained.scalar_one()[0]["Plan"], "")]
    while nodes:
        node, parent = nodes.pop()
        nodes += [(child, node["Node Type"]) for child in node.get("Plans", [])]
        # The smallest value is the first entry of an index, and nothing more is read.
        if parent == "Limit" and "Filter" not in node:
            continue

        whole = node["Node Type"] == "Seq Scan" or (
            "Scan" in node["Node Type"]
            and "Index Name" in node
            and "Index Cond" not in node
            and not SMALL_INDEXES.search(node["Index Name"])
        )
        if whole and node.get("Relation Name") in GROWING:
            scans.append(f"{node['Node Type']} {node['Relation Name']} {node.get('Index Name')}")

    return scans


def test_no_statement_reads_a_whole_table_that_grows(busy_store) -> None:
    statements = statements_of(busy_store)
    assert len(statements) > 100
    scans_of = sqlite_scans if busy_store.is_embedded else postgresql_scans

    found = {}
    for statement, (name, parameters) in statements.items():
        with busy_store.engine.connect() as connection, connection.begin():
            scans = scans_of(connection, statement, parameters)

        if scans:
            found[f"{name}: {' '.join(statement.split())[:300]}"] = scans

    assert found == {}, "\n".join(f"{name}\n  {scans}" for name, scans in found.items())


def test_a_statement_that_reads_a_whole_table_is_found(busy_store) -> None:
    statement = "SELECT text FROM request WHERE error = 'model'"
    scans_of = sqlite_scans if busy_store.is_embedded else postgresql_scans

    with busy_store.engine.connect() as connection, connection.begin():
        assert scans_of(connection, statement, ())


def counted_steps(store: Store) -> dict[str, int]:
    """How much SQLite works for each screen and poll, in units of `STEPS` instructions."""
    counts: dict[str, int] = {}
    ticks = [0]

    def tick() -> int:
        ticks[0] += 1
        return 0

    def watch(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(tick, STEPS)

    event.listen(store.engine, "checkout", watch)
    try:
        for name, action in (*screens(store).items(), *polls(store).items()):
            action()
            ticks[0] = 0
            action()
            counts[name] = ticks[0]
    finally:
        event.remove(store.engine, "checkout", watch)

    return counts


def test_old_requests_make_no_screen_and_no_poll_slower(sqlite_store) -> None:
    fill(sqlite_store, 150, 1, RECENT_DAYS)
    fill(sqlite_store, 200, 2, OLD_DAYS)
    sqlite_store.usage_counts.count_events()
    before = counted_steps(sqlite_store)

    fill(sqlite_store, 1600, 3, OLD_DAYS)
    sqlite_store.usage_counts.count_events()

    after = counted_steps(sqlite_store)
    slower = {
        name: (before[name], after[name])
        for name in before
        if after[name] > MAX_GROWTH * before[name] + SPARE_COUNTS
    }
    assert slower == {}
