"""Nobody waits for a rewrite for longer than its limits say, and nobody notices it otherwise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import event, make_url, text

from router.errors import StoreError
from router.store.base.engine import open_engine
from router.store.rewriting import statements
from router.store.rewriting.brief import Limits, ObstacleError
from router.store.rewriting.online import rewrite_online
from router.store.rewriting.tables import rewrite_tables
from tests.fixtures.rewriting import HASTY, PATIENT, READ, insert_thing

READS = "SELECT place, body FROM thing WHERE place = %s"
WRITES = "UPDATE thing SET body = %s WHERE place = %s"


def test_prepared_statements_of_other_sessions_go_on(things):
    address = things.url.replace("+psycopg", "")
    with psycopg.connect(address, prepare_threshold=0, autocommit=True) as other:
        for number, step in enumerate(things.steps(replace(PATIENT, chunk_rows=4))):
            other.execute(WRITES, (step, 1))
            assert other.execute(READS, (1,)).fetchone() == (1, step)
            other.execute("INSERT INTO thing (\"user\", place) VALUES ('P', %s)", (100 + number,))

        prepared = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()

    assert prepared is not None
    assert prepared[0] >= 3
    assert things.rows()[-1][0] == "U2"


def test_connections_of_a_pool_that_read_before_read_afterwards(things):
    with things.engine.connect() as first, things.engine.connect() as second:
        for connection in (first, second):
            connection.execute(text("SELECT * FROM thing"))
            connection.rollback()
        rewrite_online(things.engine, "thing", PATIENT)

        for connection in (first, second):
            insert_thing(connection)
            connection.commit()

    assert len(things.rows()) == 12


def waits_of(act: Callable[[], None], stopped: threading.Event) -> tuple[threading.Thread, list]:
    """Does it again and again on a thread until stopped; the list gets how long each took."""
    waits: list[float] = []

    def repeat() -> None:
        while not stopped.is_set():
            start = time.monotonic()
            act()
            waits.append(time.monotonic() - start)

    thread = threading.Thread(target=repeat)
    thread.start()
    return thread, waits


def test_readers_and_writers_go_on_during_many_rewrites(things):
    stopped = threading.Event()
    things.insert(40)

    def read() -> None:
        assert len(things.rows()) == 50

    def write() -> None:
        things.say("UPDATE thing SET body = body || '.' WHERE place % 2 = 0")

    readers = [waits_of(act, stopped) for act in (read, write)]
    try:
        for _ in range(5):
            rewrite_tables(things.engine, ["thing"], Limits(small_bytes=0, chunk_rows=5))
    finally:
        stopped.set()
        for thread, _ in readers:
            thread.join()

    dots = {len(str(row[3])) for row in things.rows() if int(str(row[2])) % 2 == 0}
    assert dots == {len("first") + len(readers[1][1])}
    # A second is promised; the bound leaves room for a machine that does other things.
    for _, waits in readers:
        assert max(waits) < 5 * Limits().hold_milliseconds / 1000


@pytest.mark.parametrize("locking", ["created", "analyzed", "waited"])
def test_a_table_in_use_is_given_up_and_nobody_is_left_in_a_queue(things, locking):
    hasty = replace(PATIENT, lock_milliseconds=20, attempts=2)
    rewriting = things.steps(hasty)
    for step in rewriting:
        if step == locking:
            break

    with things.engine.connect() as user:
        user.execute(text("UPDATE thing SET body = 'in use' WHERE place = 1"))
        with pytest.raises(ObstacleError, match="in use all the time"):
            list(rewriting)

        with things.engine.connect() as other:
            other.execute(text("SET LOCAL lock_timeout = 1"))
            other.execute(text("UPDATE thing SET body = 'free' WHERE place = 2"))
            other.commit()
        user.commit()

    rewrite_tables(things.engine, ["thing"], PATIENT)
    assert {row[3] for row in things.rows() if row[2] in (1, 2)} == {"in use", "free"}


def test_the_server_ends_what_locks_for_too_long(things, monkeypatch):
    """The exchange is one statement with an upper bound of its own, whatever we do meanwhile."""
    real = statements.exchange
    monkeypatch.setattr(
        statements,
        "exchange",
        lambda shape, names: real(shape, names).replace(
            "BEGIN\n", "BEGIN\nPERFORM pg_sleep(60);\n"
        ),
    )
    number = things.number()

    with pytest.raises(ObstacleError, match="in use"):
        rewrite_online(
            things.engine, "thing", replace(PATIENT, hold_milliseconds=1_000, attempts=1)
        )

    assert things.number() == number


def test_a_role_without_the_right_to_create_falls_back(databases, things):
    things.say("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    things.say("DROP ROLE IF EXISTS poor")
    things.say("CREATE ROLE poor LOGIN")
    things.say("ALTER TABLE thing OWNER TO poor")
    address = make_url(things.url).set(username="poor")
    poor = open_engine(address.render_as_string(hide_password=False))

    with pytest.raises(ObstacleError, match="may not create tables in schema public"):
        rewrite_online(poor, "thing", PATIENT)
    file = things.ask("SELECT pg_relation_filepath('thing')")
    rewrite_tables(poor, ["thing"], PATIENT)

    assert things.ask("SELECT pg_relation_filepath('thing')") != file
    poor.dispose()


@pytest.mark.parametrize("small_bytes", [0, Limits().small_bytes])
def test_a_table_of_another_role_is_not_said_to_be_rewritten(things, small_bytes):
    things.say("DROP ROLE IF EXISTS stranger")
    things.say("CREATE ROLE stranger LOGIN")
    address = make_url(things.url).set(username="stranger")
    stranger = open_engine(address.render_as_string(hide_password=False))

    limits = replace(PATIENT, small_bytes=small_bytes)
    with pytest.raises(StoreError, match=r"thing \(the database user (is not its owner|may not)"):
        rewrite_tables(stranger, ["thing"], limits)

    stranger.dispose()


def test_vacuum_full_leaves_others_their_turn_between_two_attempts(things):
    sent = []
    event.listen(
        things.engine, "before_cursor_execute", lambda *said: sent.append(said[2].split(" ")[:2])
    )
    limits = replace(HASTY, small_bytes=Limits().small_bytes, attempts=3)
    with things.engine.connect() as reader:
        reader.execute(READ)
        with pytest.raises(StoreError, match=r"thing \(it was in use all the time\)"):
            rewrite_tables(things.engine, ["thing"], limits)

    vacuum, sleep = ["VACUUM", "(FULL)"], "pg_sleep"
    kinds = [
        "vacuum" if words == vacuum else "pause"
        for words in sent
        if words == vacuum or words[-1].startswith(sleep)
    ]
    assert kinds[:5] == ["vacuum", "pause", "vacuum", "pause", "vacuum"]
