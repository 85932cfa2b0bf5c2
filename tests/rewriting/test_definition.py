"""After a rewrite a table has the definition that it had before, to the last name."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from router.errors import StoreError
from router.store.privacy.registry import word_tables
from router.store.rewriting import statements, tables
from router.store.rewriting.brief import ObstacleError
from router.store.rewriting.online import rewrite_online
from router.store.rewriting.tables import rewrite_tables
from tests.fixtures.rewriting import PATIENT, dump_schema


def test_a_dump_of_the_schema_says_the_same_before_and_after(things):
    before, number = things.dump(), things.number()

    rewrite_online(things.engine, "thing", PATIENT)

    assert things.dump() == before
    assert things.number() != number, "then it was not rewritten"


def test_every_table_with_words_has_the_same_dump_before_and_after(postgresql_store):
    url = postgresql_store.engine.url.render_as_string(hide_password=False)
    before = dump_schema(url)

    rewrite_tables(postgresql_store.engine, word_tables(), PATIENT)
    rewrite_tables(postgresql_store.engine, word_tables(), PATIENT)

    assert dump_schema(url) == before


def test_numbers_go_on_where_they_were_and_triggers_fire_once(things):
    rewrite_online(things.engine, "thing", PATIENT)
    things.say("DELETE FROM noted")

    things.insert(1)
    things.say("UPDATE thing SET body = 'new' WHERE id = 3")

    assert things.ask("SELECT max(id) FROM thing") == 11
    assert things.ask("SELECT string_agg(what, ' ' ORDER BY number) FROM noted") == "INSERT UPDATE"


def test_foreign_keys_refuse_and_cascade_as_before(things):
    rewrite_online(things.engine, "thing", PATIENT)

    with pytest.raises(Exception, match="of_thing"):
        things.say("INSERT INTO leaf VALUES (100, 'U0', 12345)")
    with pytest.raises(Exception, match="on_shelf"):
        things.say("UPDATE thing SET shelf = 'nowhere'")
    things.say("DELETE FROM shelf WHERE id = 'a'")

    assert things.ask("SELECT count(*) FROM thing") == 5
    assert things.ask("SELECT count(*) FROM leaf") == 5
    assert things.ask("SELECT count(*) FROM pg_constraint WHERE NOT convalidated") == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("CREATE VIEW report AS SELECT body FROM thing", "the view report reads it"),
        ("CREATE TABLE younger () INHERITS (thing)", "another table inherits"),
        ("CREATE STATISTICS pairs ON id, place FROM thing", "statistics of several"),
        ("ALTER TABLE thing ENABLE ROW LEVEL SECURITY", "policies"),
        ("ALTER TABLE thing DISABLE TRIGGER noting", "switched off"),
        ("CREATE PUBLICATION posts FOR TABLE thing", "the publication posts replicates it"),
        ("CREATE PUBLICATION posts FOR ALL TABLES", "the publication posts replicates it"),
        ("CREATE PUBLICATION posts FOR TABLES IN SCHEMA public", "publication posts replicates"),
        ("ALTER TABLE noted ADD COLUMN whole thing", "other objects depend on it"),
        ("COMMENT ON INDEX ix_partial IS 'words'", "definition"),
        ("ALTER TABLE thing ALTER body SET (n_distinct = 3)", "definition"),
    ],
)
def test_what_cannot_be_made_again_is_refused_and_nothing_changes(things, change, reason):
    things.say(change)
    before, rows, number = things.dump(), things.rows(), things.number()

    with pytest.raises((ObstacleError, DBAPIError), match=reason):
        rewrite_online(things.engine, "thing", PATIENT)

    assert things.dump() == before
    assert things.rows() == rows
    assert things.number() == number


def test_what_cannot_be_copied_is_left_to_vacuum_full(things):
    things.say("CREATE VIEW report AS SELECT body FROM thing")
    file = things.ask("SELECT pg_relation_filepath('thing')")

    rewrite_tables(things.engine, ["thing"], PATIENT)

    assert things.ask("SELECT pg_relation_filepath('thing')") != file


def test_where_that_takes_too_long_the_reason_is_told(things, monkeypatch):
    things.say("CREATE VIEW report AS SELECT body FROM thing")
    monkeypatch.setattr(tables, "_vacuum", lambda *_: tables.TOO_SLOW)

    with pytest.raises(StoreError, match=r"thing \(the view report reads it\).*VACUUM FULL"):
        rewrite_tables(things.engine, ["thing"], PATIENT)


def test_a_migration_in_between_is_not_undone(things):
    rewriting = things.steps()
    for step in rewriting:
        if step == "mirror":
            things.say("ALTER TABLE thing ADD COLUMN later TEXT DEFAULT 'x'")
            break

    with pytest.raises(Exception, match="another definition"):
        list(rewriting)

    assert things.ask("SELECT count(*) FROM thing WHERE later = 'x'") == 10


def test_a_changed_definition_is_told_in_words_and_leaves_nothing_behind(things, monkeypatch):
    real = statements.exchange
    monkeypatch.setattr(
        statements, "exchange", lambda shape, names: real(shape, names).replace("gin", "gin ")
    )
    before = things.dump()

    with pytest.raises(ObstacleError, match="definition has changed"):
        rewrite_online(things.engine, "thing", PATIENT)

    assert things.dump() == before


def test_another_role_writes_with_its_own_rights_only(things):
    """The trigger writes with the owner's rights: the copy is granted to nobody."""
    for step in things.steps():
        with things.engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE reporter"))
            connection.execute(text("UPDATE thing SET body = :step"), {"step": step})

    assert {row[3] for row in things.rows()} == {"validated"}


def test_no_other_role_can_attach_the_functions_to_a_table_of_its_own(things):
    """They write with the owner's rights, so a stranger's trigger could empty the copy."""
    functions = "SELECT proname FROM pg_proc WHERE starts_with(proname, 'beagle_rewrite_')"
    attached = set()
    for step in things.steps():
        with things.engine.connect() as connection:
            names = connection.execute(text(functions)).scalars().all()
            connection.execute(text("SET LOCAL ROLE reporter"))
            connection.execute(text("CREATE TEMP TABLE mine (id INTEGER)"))
            for name in names:
                made = f"CREATE TRIGGER t BEFORE TRUNCATE ON mine EXECUTE FUNCTION {name}()"
                with (
                    pytest.raises(DBAPIError, match="permission denied"),
                    connection.begin_nested(),
                ):
                    connection.execute(text(made))
                attached.add((step, name.rpartition("_")[2]))

    assert {name for _, name in attached} == set(statements.FUNCTIONS)
    assert len(things.rows()) == 10
