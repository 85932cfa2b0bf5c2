"""Erasures under way: which data folders have to erase something in their files, and which did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, delete, insert, select, update

from router.store.base.engine import insert_for, one_statement, reading, writing
from router.store.privacy.erasure_tables import data_folder, erasure, erasure_folder
from router.store.privacy.sentences import Sentences

FOLDER_SECONDS = 30 * 86_400.0
"""A folder of which no process was seen for so long is gone, with its machine."""


@dataclass(frozen=True, slots=True)
class FolderState:
    """Whether a data folder has confirmed, and how many of its files still repeat the person."""

    name: str
    confirmed: bool
    left: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What the processes have to erase in their folders.

    `user` is empty where it is the whole workspace. `sentences` are digests. `waiting` says that
    the person was told of folders that had not confirmed yet.
    """

    id: str
    team: str
    user: str
    sentences: Sentences
    datasets: Sequence[str]
    at: float
    waiting: bool = False
    folders: Sequence[FolderState] = ()

    @property
    def confirmed(self) -> bool:
        """Whether every folder has confirmed."""
        return all(folder.confirmed for folder in self.folders)

    @property
    def left(self) -> int:
        """How many files still repeat the person, in the folders that have confirmed."""
        return sum(folder.left for folder in self.folders)


class Erasures:
    """The erasure, erasure_folder and data_folder tables."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = insert_for(engine)

    def see_folder(self, folder: str, name: str, at: float) -> None:
        """Records that a process works in that data folder; forgets folders that are gone."""
        row = {"id": folder, "name": name, "seen_at": at}
        statement = self._insert(data_folder).values(row)
        gone = delete(data_folder).where(data_folder.c.seen_at < at - FOLDER_SECONDS)

        with writing(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["id"], set_={"name": name, "seen_at": at}
                )
            )
            connection.execute(gone)

    def start(self, new: Erasure) -> None:
        """Stores the erasure for every data folder that is known. Twice is safe."""
        row = {"id": new.id, "team": new.team, "user": new.user, "at": new.at}
        row |= {"sentences": new.sentences.record(), "datasets": list(new.datasets)}
        with writing(self._engine) as connection:
            statement = self._insert(erasure).values(row).on_conflict_do_nothing()
            if not connection.execute(statement).rowcount:
                return

            folders = connection.execute(select(data_folder.c.id, data_folder.c.name)).all()
            for folder in folders:
                values = {"erasure": new.id, "folder": folder.id, "name": folder.name}
                connection.execute(insert(erasure_folder).values(values))

    def pending(self, folder: str) -> list[Erasure]:
        """Returns the erasures that the folder has not confirmed, oldest first."""
        query = (
            select(erasure)
            .join(erasure_folder, erasure_folder.c.erasure == erasure.c.id)
            .where(erasure_folder.c.folder == folder, erasure_folder.c.confirmed_at.is_(None))
            .order_by(erasure.c.at)
        )
        return self._all(query)

    def confirm(self, key: str, folder: str, left: int, at: float) -> None:
        """Records that the folder has erased it, but for `left` files."""
        same = (erasure_folder.c.erasure == key, erasure_folder.c.folder == folder)
        with one_statement(self._engine) as connection:
            connection.execute(
                update(erasure_folder).where(*same).values(left=left, confirmed_at=at)
            )

    def get(self, key: str) -> Erasure | None:
        """Returns that erasure."""
        return next(iter(self._all(select(erasure).where(erasure.c.id == key))), None)

    def all(self) -> list[Erasure]:
        """Returns every erasure under way, oldest first."""
        return self._all(select(erasure).order_by(erasure.c.at))

    def mark_waiting(self, key: str) -> None:
        """Records that the person was told to expect another message."""
        with one_statement(self._engine) as connection:
            connection.execute(update(erasure).where(erasure.c.id == key).values(waiting=True))

    def remove(self, key: str) -> None:
        """Removes the erasure, with its digests."""
        with one_statement(self._engine) as connection:
            connection.execute(delete(erasure).where(erasure.c.id == key))

    def _all(self, query: Any) -> list[Erasure]:
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
            return [_read(connection, row) for row in rows]


def _read(connection: Connection, row: RowMapping) -> Erasure:
    query = select(erasure_folder).where(erasure_folder.c.erasure == row["id"])
    folders = []
    for folder in connection.execute(query.order_by(erasure_folder.c.name)):
        confirmed = folder.confirmed_at is not None
        folders.append(FolderState(folder.name, confirmed, folder.left))

    values = {**row, "sentences": Sentences.from_record(row["sentences"])}
    return Erasure(**values, folders=tuple(folders))
