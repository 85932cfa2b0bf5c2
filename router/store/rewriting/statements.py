"""The statements that copy a table, keep the copy in step, and exchange the two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.store.rewriting.catalog import PREFIX
from router.store.rewriting.shape import TableShape, definition_of

SHAPE_CHANGED = "BG001"
"""The SQLSTATE with which an exchange refuses a table that is not the one that was copied."""

FUNCTIONS = ("note", "mirror", "empty")
"""Of the triggers: they log a row, write it to the copy, and empty the copy."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of what exists only during one rewrite.

    Each rewrite has a `token` of its own. Where another process removes what it takes for a
    left-over, the next step of this one fails: it never writes into the other one's copy.
    """

    schema: str
    token: str

    @property
    def bare_copy(self) -> str:
        """The copy's name without its schema."""
        return f"{PREFIX}{self.token}_rows"

    @property
    def copy(self) -> str:
        """The table that will take the old one's place."""
        return f"{self.schema}.{self.bare_copy}"

    @property
    def log(self) -> str:
        """The table of keys whose rows have changed."""
        return f"{self.schema}.{PREFIX}{self.token}_log"

    def function(self, name: str) -> str:
        """The function of a trigger."""
        return f"{self.schema}.{self.trigger(name)}"

    def trigger(self, name: str) -> str:
        """A trigger, by what it does."""
        return f"{PREFIX}{self.token}_{name}"

    def index(self, number: int) -> str:
        """The copy's index of that number, until it gets the old one's name."""
        return f"{PREFIX}{self.token}_ix{number}"


def block(token: str, *statements: str) -> str:
    """Returns the statements as one, which the server carries out whether or not we live on."""
    body = ";\n".join(statements)
    return f"DO ${PREFIX}{token}$ BEGIN\n{body};\nEND ${PREFIX}{token}$"


def create_copy(shape: TableShape, names: Names) -> list[str]:
    """Returns the statements that make the empty copy and the log."""
    key = ", ".join(shape.key)
    settings = [setting.replace("{table}", names.copy) for setting in shape.settings]
    return [
        f"CREATE TABLE {names.copy} (LIKE {shape.table} INCLUDING ALL EXCLUDING INDEXES)",
        f"ALTER TABLE {names.copy} OWNER TO {shape.owner}",
        *settings,
        f"CREATE TABLE {names.log} AS SELECT {key} FROM {shape.table} WHERE false",
        f"ALTER TABLE {names.log} OWNER TO {shape.owner}",
    ]


def create_functions(shape: TableShape, names: Names) -> list[str]:
    """Returns the statements that make the functions of the triggers.

    They run with the owner's rights: whoever may write the table need not know the copy. Nobody
    else may attach them to a table of their own, whose triggers would then write the copy.
    """
    old, new = (_row(shape.key, name) for name in ("OLD", "NEW"))
    is_old, is_new = (_matches(shape.key, names.copy, name) for name in ("OLD", "NEW"))
    columns = ", ".join(shape.written)
    note = f"""
  IF TG_OP <> 'INSERT' THEN INSERT INTO {names.log} VALUES {old}; END IF;
  IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND {old} IS DISTINCT FROM {new}) THEN
    INSERT INTO {names.log} VALUES {new};
  END IF;"""
    # What is in the table now and not NEW: another trigger may have changed the row since. A
    # transaction whose snapshot is older than the copy does not see the row that it has to delete.
    mirror = f"""
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM {names.copy} WHERE {is_old};
    IF NOT FOUND AND current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE serialization_failure USING MESSAGE = 'the table is being rewritten; try again';
    END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    DELETE FROM {names.copy} WHERE {is_new};
    INSERT INTO {names.copy} ({columns}) SELECT {columns} FROM {shape.table}
      WHERE {_matches(shape.key, shape.table, "NEW")};
  END IF;"""
    return [
        _function(names, "note", note),
        _function(names, "mirror", mirror),
        _function(names, "empty", f"\n  TRUNCATE {names.copy};"),
        # PUBLIC has the right by default. A trigger that is there needs none to fire.
        *(f"REVOKE ALL ON FUNCTION {names.function(name)}() FROM PUBLIC" for name in FUNCTIONS),
    ]


def start_log(shape: TableShape, names: Names) -> str:
    """Returns the statement after whose commit every change is logged. It waits for writers."""
    return block(
        names.token,
        f"LOCK TABLE {shape.table} IN SHARE ROW EXCLUSIVE MODE",
        _row_trigger(shape, names, "note"),
        f"CREATE TRIGGER {names.trigger('empty')} AFTER TRUNCATE ON {shape.table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {names.function('empty')}()",
    )


def find_chunk_end(shape: TableShape, rows: int, *, first: bool) -> str:
    """Returns the query for the key of the last of the next `rows` rows, after the last key."""
    key = ", ".join(shape.key)
    after = "" if first else f" WHERE {_after(shape)}"
    return f"SELECT {key} FROM {shape.table}{after} ORDER BY {key} OFFSET {rows - 1} LIMIT 1"


def copy_chunk(shape: TableShape, names: Names, *, first: bool, last: bool) -> str:
    """Returns the statement that copies the rows after one key, up to another one."""
    conditions = []
    if not first:
        conditions.append(_after(shape))
    if not last:
        conditions.append(f"({', '.join(shape.key)}) <= ({_places('to', shape)})")

    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = ", ".join(shape.written)
    return f"INSERT INTO {names.copy} ({columns}) SELECT {columns} FROM {shape.table}{where}"


def create_index(shape: TableShape, names: Names, number: int) -> str:
    """Returns the statement that makes an index of the copy under a name of its own."""
    index = shape.indexes[number]
    return f"{index.beginning}{names.index(number)} ON {names.copy} {index.ending}"


def replay(shape: TableShape, names: Names) -> list[str]:
    """Returns the statements that bring the copy to what the table is now.

    They need one snapshot. All logged keys at once: then the copy is the table of that moment, and
    no key other than the primary one can be there twice.
    """
    keys = f"(SELECT DISTINCT {', '.join(shape.key)} FROM {names.log}) AS changed"
    columns = ", ".join(shape.written)
    qualified = ", ".join(f"{shape.table}.{name}" for name in shape.written)
    return [
        f"DELETE FROM {names.copy} USING {keys} WHERE {_matches(shape.key, names.copy, 'changed')}",
        f"INSERT INTO {names.copy} ({columns}) SELECT {qualified} FROM {shape.table}, {keys} "
        f"WHERE {_matches(shape.key, shape.table, 'changed')}",
        f"DELETE FROM {names.log}",
    ]


def start_mirror(shape: TableShape, names: Names) -> str:
    """Returns the statement after whose commit each transaction writes both tables itself."""
    return block(
        names.token,
        f"LOCK TABLE {shape.table} IN SHARE ROW EXCLUSIVE MODE",
        *replay(shape, names),
        _row_trigger(shape, names, "mirror"),
    )


def exchange(shape: TableShape, names: Names) -> str:
    """Returns the statement that puts the copy in the table's place and drops the table.

    It writes no row, so that every transaction sees of the new table what it saw of the old one.
    """
    tables = ", ".join([shape.table, *shape.neighbours])
    name = _unquoted(shape.bare)
    return block(
        names.token,
        f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE",
        _refuse_unless(name, shape.definition),
        *(
            f"ALTER SEQUENCE {sequence} OWNED BY {names.copy}.{column}"
            for sequence, column in shape.sequences
        ),
        *(
            f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}"
            for key in shape.foreign_keys
            if key.table != shape.table
        ),
        f"DROP TABLE {shape.table}",
        f"ALTER TABLE {names.copy} RENAME TO {shape.bare}",
        *_name_indexes(shape, names),
        *shape.triggers,
        *(
            f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition} NOT VALID"
            for key in shape.foreign_keys
        ),
        *(f"DROP FUNCTION {names.function(name)}()" for name in FUNCTIONS),
        f"DROP TABLE {names.log}",
        _refuse_unless(name, shape.definition),
    )


def _name_indexes(shape: TableShape, names: Names) -> list[str]:
    statements = []
    for number, index in enumerate(shape.indexes):
        temporary = names.index(number)
        if index.constraint:
            statements.append(
                f"ALTER TABLE {shape.table} ADD CONSTRAINT {index.name} {index.constraint} "
                f"USING INDEX {temporary}{index.deferring}"
            )
        else:
            statements.append(f"ALTER INDEX {names.schema}.{temporary} RENAME TO {index.name}")

    return statements


def _refuse_unless(table: str, definition: str) -> str:
    quote = f"${PREFIX}definition$"
    query = definition_of(table).strip()
    return (
        f"IF ({query}) IS DISTINCT FROM {quote}{definition}{quote} THEN\n"
        f"  RAISE EXCEPTION 'the table has another definition' USING ERRCODE = '{SHAPE_CHANGED}';\n"
        "END IF"
    )


def _function(names: Names, name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {names.function(name)}() RETURNS trigger LANGUAGE plpgsql "
        "SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
        f"AS $body$ BEGIN{body}\n  RETURN NULL;\nEND $body$"
    )


def _row_trigger(shape: TableShape, names: Names, name: str) -> str:
    return (
        f"CREATE TRIGGER {names.trigger(name)} AFTER INSERT OR UPDATE OR DELETE ON {shape.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {names.function(name)}()"
    )


def _row(key: Sequence[str], of: str) -> str:
    return f"({', '.join(f'{of}.{name}' for name in key)})"


def _matches(key: Sequence[str], table: str, of: str) -> str:
    return " AND ".join(f"{table}.{name} = {of}.{name}" for name in key)


def _after(shape: TableShape) -> str:
    return f"({', '.join(shape.key)}) > ({_places('after', shape)})"


def _places(name: str, shape: TableShape) -> str:
    return ", ".join(f"%({name}{number})s" for number in range(len(shape.key)))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
