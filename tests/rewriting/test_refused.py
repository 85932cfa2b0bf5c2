"""One table that cannot be rewritten is named, and the others are rewritten all the same."""

from __future__ import annotations

import pytest
from sqlalchemy import make_url, text

from router.errors import StoreAwayError, StoreError
from router.store.base.engine import open_engine
from router.store.rewriting import statements, tables
from router.store.rewriting.tables import rewrite_tables
from tests.fixtures.rewriting import HASTY, PATIENT

STATES = ["53100", "40P01", "40001", "55000", "42501", "XX000"]
"""A full disk, a deadlock, another transaction came between, refused, no right, unforeseen."""


def file_of(things, table: str) -> object:
    return things.ask(f"SELECT pg_relation_filepath('{table}')")


@pytest.mark.parametrize("state", STATES)
def test_whatever_the_server_says_of_one_table_the_next_one_is_rewritten(
    things, monkeypatch, state
):
    things.say("CREATE TABLE other AS SELECT 1 AS id")
    refused = f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"
    monkeypatch.setattr(statements, "create_index", lambda *_: refused)
    before, file = things.dump(), file_of(things, "other")

    with pytest.raises(StoreError, match=r"thing \(.*\) could not be rewritten") as caught:
        rewrite_tables(things.engine, ["thing", "other"], HASTY)

    assert not isinstance(caught.value, StoreAwayError)
    assert file_of(things, "other") != file
    assert things.dump() == before


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", ["start_log", "exchange"])
def test_a_refused_lock_is_a_reason_or_left_to_vacuum_full(things, monkeypatch, state, step):
    refused = f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"
    monkeypatch.setattr(statements, step, lambda *_: refused)
    before, file = things.dump(), file_of(things, "thing")

    failure: StoreError | None = None
    try:
        rewrite_tables(things.engine, ["thing"], HASTY)
    except StoreError as error:
        failure = error

    assert not isinstance(failure, StoreAwayError)
    assert ("thing (" in str(failure)) == (file_of(things, "thing") == file)
    assert things.dump() == before


@pytest.mark.parametrize("state", STATES)
def test_what_vacuum_full_is_refused_is_a_reason_like_any_other(things, monkeypatch, state):
    real = tables.run

    def run(connection, statement):
        refused = f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"
        real(connection, refused if statement == "VACUUM (FULL) thing" else statement)

    things.say("CREATE TABLE other AS SELECT 1 AS id")
    things.say("CREATE VIEW report AS SELECT body FROM thing")
    monkeypatch.setattr(tables, "run", run)
    file = file_of(things, "other")

    with pytest.raises(StoreError, match=r"thing \(the view report reads it\) could not"):
        rewrite_tables(things.engine, ["thing", "other"], HASTY)

    assert file_of(things, "other") != file


def test_a_left_over_that_cannot_be_removed_is_named_and_stops_nothing(things):
    things.say("DROP ROLE IF EXISTS worker")
    things.say("CREATE ROLE worker LOGIN")
    things.say("CREATE TABLE beagle_rewrite_0_rows (id INTEGER)")
    things.say("CREATE TABLE own (id INTEGER)")
    things.say("ALTER TABLE own OWNER TO worker")
    address = make_url(things.url).set(username="worker")
    engine = open_engine(address.render_as_string(hide_password=False))
    file = file_of(things, "own")

    with pytest.raises(StoreError, match=r"what an earlier rewrite left \(the server refused it"):
        rewrite_tables(engine, ["own"], HASTY)

    assert file_of(things, "own") != file
    engine.dispose()


def test_a_table_that_is_missing_raises_no_error_of_the_driver(things):
    with pytest.raises(StoreError, match="42P01"):
        rewrite_tables(things.engine, ["nowhere"], PATIENT)


def test_statistics_that_are_still_owed_are_named_in_each_night(things):
    """In the second night no sample is left that says so."""
    with things.engine.connect() as reader:
        reader.execute(text("LOCK TABLE pg_statistic IN ACCESS SHARE MODE"))
        for _ in range(2):
            with pytest.raises(StoreError, match=r"bytes: pg_statistic \(it was in use all"):
                rewrite_tables(things.engine, [], HASTY)

    rewrite_tables(things.engine, [], PATIENT)
