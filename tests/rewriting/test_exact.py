"""Whatever is written while a table is rewritten, and whenever, the table holds exactly that."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from router.errors import StoreAwayError
from router.store.rewriting.online import rewrite_online
from tests.fixtures.rewriting import PATIENT, READ, Things

LOCKING_NEXT = {"created", "analyzed", "mirror", "waited"}
"""After these steps the rewrite waits for every transaction that has written the table."""

CHANGES = {
    "insert": """INSERT INTO thing ("user", place, body, shelf)
        SELECT 'U' || {n} % 4, coalesce(max(place), 0) + 1, 'body {n}', 'b' FROM thing""",
    "update": "UPDATE thing SET body = 'changed {n}' WHERE place % 5 = {n} % 5",
    "delete": "DELETE FROM thing WHERE place % 6 = {n} % 6",
    "move": """UPDATE thing SET "user" = 'M' || {n} % 2, id = id + 1000
        WHERE place % 7 = {n} % 7""",
    "swap": """UPDATE thing SET place = place - 1000000 WHERE place % 3 = {n} % 3;
        UPDATE thing SET place = place + 1000000 WHERE place < 0""",
    "replace": """DELETE FROM thing WHERE place = (SELECT min(place) FROM thing WHERE place > {n});
        INSERT INTO thing ("user", place, body) SELECT 'A', max(place), 'same place' FROM (
          SELECT generate_series({n} + 1, {n} + 30) AS place EXCEPT SELECT place FROM thing
        ) AS free""",
    "cascade": "DELETE FROM shelf WHERE id = 'b'; INSERT INTO shelf VALUES ('b')",
    "parent": """UPDATE thing SET (parent_user, parent) = (SELECT "user", id FROM thing
        ORDER BY "user", id OFFSET {n} % 3 LIMIT 1) WHERE place % 4 = {n} % 4""",
    "upsert": """INSERT INTO thing ("user", id, place, body)
        SELECT "user", id, place, body FROM thing WHERE place % 2 = {n} % 2
        ON CONFLICT ("user", id) DO UPDATE SET body = 'upsert {n}'""",
    "copy": """INSERT INTO thing ("user", place, body)
        SELECT "user", place + (SELECT max(place) FROM thing), 'copy' FROM thing
        WHERE place % 8 = {n} % 8 ORDER BY place""",
    "empty": "TRUNCATE thing CASCADE",
}
WRITES = st.lists(
    st.tuples(
        st.sampled_from(sorted(set(CHANGES) - {"empty"})),
        st.integers(0, 12),
        st.sampled_from(["alone", "undone", "open", "more"]),
    ),
    max_size=3,
)
ROUNDS = st.lists(WRITES, min_size=8, max_size=24)


class Model:
    """Writes to the table and to another one without a rewrite; both must be the same."""

    def __init__(self, things: Things) -> None:
        self._things = things
        self._open = None

    @property
    def is_open(self) -> bool:
        return self._open is not None

    def write(self, change: str, n: int, how: str) -> None:
        """Writes in a transaction of its own, in one that is undone, or in one that stays open."""
        statement = CHANGES[change].format(n=n)
        if how in ("open", "more") and self._open is None:
            self._open = self._things.engine.connect()
        if self._open is not None:
            # One writer at a time: a second one might wait for the first one's rows.
            self._open.execute(text(statement))
            if how != "more":
                self.end(commit=how != "undone")
            return

        with self._things.engine.connect() as connection:
            connection.execute(text(statement))
            (connection.rollback if how == "undone" else connection.commit)()

    def end(self, *, commit: bool = True) -> None:
        """Ends the transaction that is open."""
        if self._open is not None:
            (self._open.commit if commit else self._open.rollback)()
            self._open.close()
            self._open = None


@pytest.fixture(scope="module")
def pair(databases):
    scenes = Things(databases.empty()), Things(databases.empty())
    yield scenes
    for scene in scenes:
        scene.close()


def reset(scene: Things) -> None:
    scene.say("TRUNCATE thing, leaf, noted RESTART IDENTITY")
    scene.insert(10)


@settings(max_examples=20)
@given(rounds=ROUNDS)
def test_a_rewritten_table_is_the_same_as_one_that_nobody_rewrote(pair, rounds):
    rewritten, plain = pair
    for scene in pair:
        reset(scene)
    models = [Model(scene) for scene in pair]
    number = rewritten.number()

    try:
        _interleave(pair, models, rounds)
    finally:
        for model in models:
            model.end()

    assert rewritten.rows() == plain.rows()
    assert rewritten.number() != number
    leaves = "SELECT coalesce(string_agg(CAST(leaf AS TEXT), ' ' ORDER BY id), '') FROM leaf"
    assert rewritten.ask(leaves) == plain.ask(leaves)


def _interleave(pair, models, rounds):
    rewritten, plain = pair
    for step, writes in itertools.zip_longest(rewritten.steps(), rounds):
        for change, n, how in writes or ():
            for model in models:
                model.write(change, n, how)
        if step is None or step in LOCKING_NEXT:
            for model in models:
                model.end()
        if not any(model.is_open for model in models):
            assert rewritten.rows() == plain.rows(), step


@pytest.mark.parametrize("change", CHANGES)
def test_each_kind_of_change_after_each_step_is_kept(pair, change):
    rewritten, plain = pair
    for scene in pair:
        reset(scene)

    for number, step in enumerate(rewritten.steps()):
        # Rows are copied faster than they come, or a rewrite would never end.
        for scene in pair if step != "rows" or number < 6 else ():
            Model(scene).write(change, number, "alone")
        assert rewritten.rows() == plain.rows(), step


def test_a_snapshot_from_before_the_exchange_sees_after_it_what_it_saw_before(things):
    rewriting = things.steps()
    for step in rewriting:
        if step == "mirror":
            break

    with things.engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        before = reader.execute(text("SELECT count(*) FROM noted")).scalar_one()
        things.say("UPDATE thing SET body = 'newer' WHERE place < 4")
        things.say("DELETE FROM thing WHERE place > 8")
        things.insert(2)
        # The rewrite waits for older snapshots only, so this one lives through the exchange.
        assert "exchanged" in [*itertools.islice(rewriting, 2)]

        rows = reader.execute(READ).all()

    assert len(rows) == before == 10
    assert {row.body for row in rows} == {"first"}


def test_the_exchange_waits_for_an_older_snapshot_and_gives_up(things):
    from tests.fixtures.rewriting import HASTY

    before, number = things.dump(), things.number()
    with things.engine.connect().execution_options(isolation_level="REPEATABLE READ") as reader:
        reader.execute(text("SELECT count(*) FROM noted"))

        with pytest.raises(Exception, match="reading for too long, such as a backup"):
            rewrite_online(things.engine, "thing", HASTY)

        assert len(reader.execute(READ).all()) == 10

    assert things.number() == number
    assert things.dump() == before


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
@pytest.mark.parametrize(
    "change", ["DELETE FROM thing WHERE place = 2", "UPDATE thing SET body = 'x' WHERE place = 2"]
)
def test_a_writer_that_does_not_see_the_copy_has_to_begin_again(things, level, change):
    rewriting = things.steps()
    next(rewriting)
    with things.engine.connect().execution_options(isolation_level=level) as writer:
        writer.execute(text("SELECT count(*) FROM noted"))
        for step in rewriting:
            if step == "mirror":
                break

        with pytest.raises(StoreAwayError) as caught:
            writer.execute(text(change))
        assert caught.value.state == "40001"

    things.say(change)
    rows = things.rows()
    list(rewriting)

    assert things.rows() == rows
    assert not [row for row in rows if row[2] == 2 and row[3] == "first"]


def test_words_and_numbers_that_are_computed_are_those_of_the_new_text(things):
    for step in things.steps():
        things.say(f"UPDATE thing SET body = 'the {step}' WHERE place = 1")

    found = things.ask(
        "SELECT count(*) FROM thing WHERE words @@ to_tsquery('english', 'validated')"
        " AND numbered = 2"
    )
    assert found == 1


def test_a_rewrite_of_nothing_works(things):
    things.say("TRUNCATE thing, leaf")

    rewrite_online(things.engine, "thing", PATIENT)

    assert things.rows() == []
