"""Forgets generated people one by one, and searches every byte for what is left of them."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from evals.bench.people.life import FOLDERS, Installation, Life
from router.log import set_up_logs
from router.store import open_store
from router.store.privacy.erasures import Erasure
from router.text.printable import print_line
from workers.privacy.erasure import erase_person, prove_erased
from workers.privacy.folder_erasure import FolderErasures

LIVES_PER_INSTALLATION = 40
TEAMS = ("T1", "T2")
REPLACED = "(forgotten)"

Row = tuple[Any, ...]
Tables = Mapping[tuple[str, Row], Row]
"""Every row by its table and key."""


def main(
    lives: Annotated[int, typer.Option(min=2, help="People to forget.")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the generated lives.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Forget people in two workspaces and count sentences left and rows of others changed."""
    set_up_logs("auto", "error")
    report = measure(lives, seed)
    if as_json:
        print_line(json.dumps(report))
    else:
        for name, value in report.items():
            print_line(f"{name:16} {value}")

    if report["left"] or report["foreign_changed"]:
        raise typer.Exit(1)


def measure(lives: int, seed: int) -> dict[str, Any]:
    """Returns how many of the `lives` left something, and how many rows of others changed."""
    start = time.monotonic()
    rng = random.Random(seed)  # noqa: S311  # generates lives; nothing secret hangs on it
    totals = {"lives": 0, "left": 0, "foreign_changed": 0, "stored_rows": 0}

    while totals["lives"] < lives:
        count = min(LIVES_PER_INSTALLATION, lives - totals["lives"])
        with tempfile.TemporaryDirectory(prefix="bg") as folder:
            for name, value in _measure_installation(Path(folder), rng, count).items():
                totals[name] += value

    return {**totals, "seconds": round(time.monotonic() - start, 1), "seed": seed}


def _measure_installation(folder: Path, rng: random.Random, count: int) -> dict[str, int]:
    """Lets `count` people live in two workspaces, with equal user ids, and forgets them all."""
    database = folder / FOLDERS[0] / "beagle.db"
    with closing(open_store(f"sqlite:///{database}")) as store:
        installation = Installation(store, folder, rng)
        processes = [
            FolderErasures(store, installation.data(name), name, installation.now)
            for name in FOLDERS
        ]
        for process in processes:
            process.run_once()

        people = list(_people(installation, count))
        for life in people:
            life.live()

        totals = {"lives": count, "left": 0, "foreign_changed": 0}
        totals["stored_rows"] = len(_tables(database))
        rng.shuffle(people)
        for life in people:
            before = _tables(database)
            _forget(life, processes)
            totals["foreign_changed"] += _foreign_changes(before, _tables(database), life)
            totals["left"] += bool(list(_files_with(folder, life.token)))

    return totals


def _people(installation: Installation, count: int) -> Iterator[Life]:
    """Yields people; in pairs they have the same id in both workspaces."""
    for number in range(count):
        user = f"U{number // len(TEAMS)}"
        token = f"zq{number}x{installation.rng.randrange(10**9)}"
        team = TEAMS[number % len(TEAMS)]
        yield Life(installation, team, user, f"n{number}", token, ("UBOB", "UEVE"))


def _forget(life: Life, processes: list[FolderErasures]) -> None:
    """Does what the button does, in all processes."""
    installation, store = life.installation, life.installation.store
    erased = erase_person(store, store.documents, life.team, life.user, installation.now())
    if erased.remaining:
        raise AssertionError(f"the proof itself found words of {life.user}: {erased.remaining}")

    key = life.name
    at = installation.now()
    store.erasures.start(Erasure(key, life.team, life.user, erased.sentences, erased.datasets, at))
    for process in processes:
        process.run_once()

    finished = store.erasures.get(key)
    assert finished is not None
    assert finished.confirmed
    store.erasures.remove(key)
    store.personal_data.overwrite_deleted()
    files = [path for path in installation.data(FOLDERS[0]).glob("beagle.db*") if path.is_file()]
    if prove_erased(store, files, erased.terms):
        raise AssertionError(f"the proof itself found bytes of {life.user}")


def _files_with(folder: Path, token: str) -> Iterator[Path]:
    """Yields the files whose bytes still have the word that only this person used."""
    word = token.encode()
    for file in folder.rglob("*"):
        if file.is_file() and word in file.read_bytes().lower():
            yield file


def _tables(database: Path) -> Tables:
    """Returns every row of the database file, read without the product."""
    rows: dict[tuple[str, Row], Row] = {}
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in names:
            if table.startswith(("chunk_text", "sqlite_", "erasure", "data_folder", "alembic")):
                continue

            columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
            keys = [index for index, column in enumerate(columns) if column[5]]
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608  # our own names
                rows[table, tuple(row[index] for index in keys)] = row

    return rows


def _foreign_changes(before: Tables, after: Tables, life: Life) -> int:
    """Counts the rows that changed although they are not the person's and no copy of them."""
    changes = 0
    for (table, key), row in before.items():
        new = after.get((table, key))
        if new == row or table in ("mined_vector", "knowledge_change"):
            continue
        if _is_of(table, key, row, life, before):
            continue
        if new is None or not _only_cut(row, new, life):
            changes += 1

    return changes


def _is_of(table: str, key: Row, row: Row, life: Life, before: Tables) -> bool:
    """Returns whether the row is the person's, or belongs to a request or document of theirs."""
    texts = {str(value) for value in row}
    if table in ("member", "person"):
        return {life.team, life.user} <= texts
    if table == "retrain":
        return True
    if table in ("chunk", "chunk_vector"):
        number = row[1] if table == "chunk" else before["chunk", (key[0],)][1]
        return _is_of("document", (number,), before["document", (number,)], life, before)

    return any(text in texts for name, text in life.rows if name in ("", table)) and (
        table != "document" or life.team in texts
    )


def _only_cut(old: Row, new: Row, life: Life) -> bool:
    """Returns whether the row lost nothing but what repeated the person."""
    for before, after in zip(old, new, strict=True):
        if before == after:
            continue
        if not isinstance(before, str) or life.token not in before:
            return False
        if isinstance(after, str) and not _is_cut(before, after, life):
            return False

    return True


def _is_cut(before: str, after: str, life: Life) -> bool:
    """Returns whether JSON or text is the same but for strings with the person's word."""
    if not before.startswith(("{", "[")):
        return REPLACED in after

    left = _without_text(json.loads(before), life.token)
    return bool(left == _without_text(json.loads(after), REPLACED))


def _without_text(value: Any, gone: str) -> Any:
    """Returns a JSON value without the strings, and rows of a dataset, that have the text."""
    if isinstance(value, dict):
        return {name: _without_text(item, gone) for name, item in value.items()}
    if isinstance(value, list):
        if value and isinstance(value[0], dict) and "user" in value[0]:
            return [item for item in value if gone not in json.dumps(item)]

        return [_without_text(item, gone) for item in value]
    if isinstance(value, str) and gone in value:
        return ""

    return value
