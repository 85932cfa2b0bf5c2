"""A rewrite that is killed leaves a table that works, and the next one begins again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from router.errors import StoreError
from router.store.base import migrate as migrating
from router.store.base.engine import open_engine
from router.store.rewriting.leftovers import remove_leftovers
from router.store.rewriting.online import OnlineRewrite
from router.store.rewriting.tables import KEY, remove_abandoned, rewrite_tables
from tests.fixtures.rewriting import HASTY, PATIENT

LEFT = (
    "SELECT (SELECT count(*) FROM pg_class WHERE starts_with(relname, 'beagle_rewrite_'))"
    " + (SELECT count(*) FROM pg_proc WHERE starts_with(proname, 'beagle_rewrite_'))"
    " + (SELECT count(*) FROM pg_trigger WHERE starts_with(tgname, 'beagle_rewrite_'))"
    " + (SELECT count(*) FROM pg_constraint WHERE NOT convalidated)"
)


def test_whenever_it_is_killed_the_table_works_and_the_next_run_cleans_up(things):
    before = things.dump()
    steps = list(things.steps())
    assert len(steps) > 10

    for number, step in enumerate(steps):
        rewriting = things.steps()
        for _ in range(number + 1):
            next(rewriting)
        rewriting.close()

        rows = things.rows()
        things.insert(1, f"after {step}")
        things.say("UPDATE thing SET body = 'changed' WHERE place = 1")
        things.say("DELETE FROM thing WHERE place = (SELECT max(place) FROM thing)")
        assert len(things.rows()) == len(rows), step

        rows = things.rows()
        rewrite_tables(things.engine, ["thing"], PATIENT)
        assert things.ask(LEFT) == 0, step
        assert things.rows() == rows, step
        assert things.dump() == before, step


def test_a_step_of_a_rewrite_that_another_one_removed_fails(things):
    """Two rewrites never write into one copy, whatever becomes of the lock between them."""
    total = len(list(things.steps()))
    for count in range(1, total - 2):
        older = things.steps()
        for _ in range(count):
            next(older)
        newer = things.steps()
        with things.engine.connect() as connection:
            remove_leftovers(connection, PATIENT)
        next(newer)

        with pytest.raises(Exception, match="beagle_rewrite_"):
            list(older)

        list(newer)
        assert len(things.rows()) == 10
        assert things.ask(LEFT) == 0


def test_a_lost_connection_in_the_middle_is_no_harm(things):
    rewriting = things.steps()
    for step in rewriting:
        if step == "primary":
            break

    things.ask(
        "SELECT count(pg_terminate_backend(pid, 60000)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND usesysid IS NOT NULL"
    )
    with pytest.raises(StoreError):
        list(rewriting)

    things.insert(1)
    rewrite_tables(things.engine, ["thing"], PATIENT)
    assert len(things.rows()) == 11
    assert things.ask(LEFT) == 0


def test_a_process_that_ends_stops_after_the_present_step(things):
    before, rows = things.dump(), things.rows()
    total = len(list(things.steps()))
    number = things.number()
    for count in range(1, total - 2, 5):
        answers = iter([False] * count)
        limits = replace(PATIENT, is_stopped=lambda left=answers: next(left, True))
        with pytest.raises(StoreError, match="this process ends"):
            rewrite_tables(things.engine, ["thing"], limits)

        assert things.ask(LEFT) == 0

    assert (things.dump(), things.rows(), things.number()) == (before, rows, number)


def test_a_copy_that_a_killed_process_left_is_removed_but_none_that_is_written(things):
    rewriting = things.steps()
    for step in rewriting:
        if step == "primary":
            break

    left = things.ask(LEFT)
    with things.engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({KEY})"))
        remove_abandoned(things.engine, HASTY)
        assert things.ask(LEFT) == left > 0

    rewriting.close()
    remove_abandoned(things.engine, PATIENT)
    assert things.ask(LEFT) == 0


def test_only_one_process_rewrites_at_a_time(things):
    other = open_engine(things.url)
    before = things.number()
    with things.engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({KEY})"))
        with pytest.raises(StoreError, match="another process is rewriting"):
            rewrite_tables(other, ["thing"], HASTY)

    assert things.number() == before
    rewrite_tables(other, ["thing"], PATIENT)
    assert things.number() != before
    other.dispose()


@pytest.fixture
def older(databases):
    """A database of an older release, in which a rewrite has been killed or is under way."""
    engine = open_engine(databases.empty())
    migrating.migrate(engine, "0044")
    with engine.connect() as connection:
        rewriting = OnlineRewrite(connection, "request", PATIENT).steps()
        for step in rewriting:
            if step == "mirror":
                break

        yield engine, rewriting

    engine.dispose()


def left_in(engine) -> int:
    with engine.begin() as connection:
        return connection.execute(text(LEFT)).scalar_one()


def test_a_migration_waits_for_a_bounded_time_and_keeps_nobody_waiting(older, monkeypatch):
    engine, _ = older
    monkeypatch.setattr(migrating, "LIMITS", HASTY)
    read = text("SELECT count(*) FROM request")
    with engine.connect() as reader:
        reader.execute(read)
        with pytest.raises(StoreError, match=r"in use all the time.*start Beagle again"):
            migrating.migrate(engine)

        with engine.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = 1"))
            assert other.execute(read).scalar_one() == 0

    migrating.migrate(engine)
    assert left_in(engine) == 0


def test_a_migration_meets_no_copy_and_no_trigger(older):
    engine, rewriting = older
    assert left_in(engine) > 0

    migrating.migrate(engine)

    assert left_in(engine) == 0
    with pytest.raises(Exception, match="beagle_rewrite_"):
        list(rewriting)
