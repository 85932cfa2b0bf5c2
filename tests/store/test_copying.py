"""A store is moved with everything in it, between all kinds of databases, and whatever happens."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sqlalchemy import MetaData, func, inspect, select, update

from router.errors import StoreError
from router.index import WORKSPACE_ACL, Chunk, Document
from router.store import open_store
from router.store.base.tables import metadata, request
from router.store.data.copying import copy_store
from router.store.data.raw_rows import table_state
from router.store.workspace.audit import AuditEntry
from router.types import Viewer
from tests.fixtures.every_row import ROWS, fill_every_table, table_names

WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")]


def silent(_line: str) -> None:
    """Reports nothing."""


@pytest.fixture
def empty(request, tmp_path):
    """Opens a new store of that kind."""
    opened = []

    def make(kind: str):
        url = f"sqlite:///{tmp_path}/{len(opened)}.db"
        if kind == "postgresql":
            url = request.getfixturevalue("databases").fresh()

        opened.append(open_store(url))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def states(store):
    with store.engine.connect() as connection:
        return {table.name: table_state(connection, table) for table in metadata.sorted_tables}


@pytest.mark.parametrize(("kind", "other"), WAYS)
def test_every_row_of_every_table_is_moved(empty, kind, other) -> None:
    source, target = empty(kind), empty(other)
    with source.begin() as connection:
        fill_every_table(connection, metadata)

    copy_store(source, target, silent)

    assert states(target) == states(source)
    in_database = table_names(dict.fromkeys(inspect(target.engine).get_table_names()))
    assert in_database == set(metadata.tables), "a table without a model is not moved"
    assert all(state.rows >= ROWS for state in states(target).values())


def test_a_move_that_was_killed_goes_on(empty, monkeypatch) -> None:
    source, target = empty("sqlite"), empty("postgresql")
    with source.begin() as connection:
        fill_every_table(connection, metadata)

    monkeypatch.setattr("router.store.data.raw_rows.ROWS_AT_ONCE", 1)
    for line in (2, 30, 70):
        with pytest.raises(KeyboardInterrupt):
            copy_store(source, target, die_at(line))

    copy_store(source, target, silent)

    assert states(target) == states(source)


def die_at(line: int):
    """Reports nothing, and ends the process at that line."""
    numbers = itertools.count(1)

    def report(_line: str) -> None:
        if next(numbers) == line:
            raise KeyboardInterrupt

    return report


def test_a_database_with_other_rows_is_refused(empty, make_request, clock) -> None:
    source, target = empty("sqlite"), empty("sqlite")
    target.requests.insert(make_request(), clock())

    with pytest.raises(StoreError, match="empty database"):
        copy_store(source, target, silent)


def test_a_row_that_differs_is_found(empty, make_request, clock) -> None:
    source, target = empty("sqlite"), empty("sqlite")
    new = make_request()
    for store in (source, target):
        store.requests.insert(new, clock())

    with target.begin() as connection:
        connection.execute(update(request).values(text="another text"))

    with pytest.raises(StoreError, match="checksum"):
        copy_store(source, target, silent)


def test_new_rows_get_numbers_that_were_never_used(empty) -> None:
    source, target = empty("sqlite"), empty("postgresql")
    with source.begin() as connection:
        fill_every_table(connection, metadata)

    copy_store(source, target, silent)

    target.audit.record(AuditEntry("T1", "U1", "rule", "C1", "applied", 1.0))
    with target.engine.connect() as connection:
        found = MetaData()
        found.reflect(connection, only=["audit"])
        table = found.tables["audit"]
        assert connection.execute(select(func.max(table.c.id))).scalar_one() > ROWS


def test_what_was_moved_is_found_by_its_words_and_its_vectors(empty) -> None:
    source, target = empty("sqlite"), empty("postgresql")
    page = Document(
        "T1", "wifi.md", "docs", "Wi-Fi", "", WORKSPACE_ACL, 1.0, "h",
        (Chunk("Wi-Fi", "guest", "Guests use the network called lobby."),),
    )  # fmt: skip
    source.documents.upsert(page)
    pending = source.documents.chunks_without_vector("e", limit=5)
    vector = np.float32([[0.6, 0.8]])
    source.documents.store_vectors("e", [one.chunk for one in pending], vector)

    copy_store(source, target, silent)

    viewer = Viewer("T1", "U1", frozenset({WORKSPACE_ACL}))
    assert target.documents.search("which network do guests use", None, viewer)
    assert target.documents.search("zzz", ("e", vector[0]), viewer)
