"""Backups: a folder with a SQLite copy of the database, the files beside it, and a manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from router.errors import StoreError
from router.private_files import make_file_private
from router.store import Store, open_store
from router.store.base.engine import open_engine, reading
from router.store.base.migrate import (
    alembic_config,
    newest_revision,
    stored_revision,
)
from router.store.base.tables import metadata
from router.store.data.copying import Report, copy_store
from router.store.data.raw_rows import count_rows

DATABASE, FILES, MANIFEST = "beagle.db", "files", "manifest.json"
SAVED_FOLDERS = ("artefacts", "router", "training", "optimise")
"""Folders of the data folder that are dear to make again; the rest belongs to running processes."""
READ_BYTES = 1 << 20


def back_up(url: str, data: Path, folder: Path, report: Report) -> Mapping[str, object]:
    """Writes a backup to a new folder, while Beagle may go on running; returns its manifest.

    It holds the state of one moment. Raises StoreError if the folder exists and is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(f"backing up: the folder {folder} is not empty; name a new one")

    # Under another name until it is whole: a backup that was interrupted is none.
    unfinished = folder / f"{DATABASE}.part"
    with closing(Store(open_engine(url))) as store:
        revision = _copy_database(store, unfinished, report)

    for name in SAVED_FOLDERS:
        if (data / name).is_dir():
            report(f"copying {name}")
            shutil.copytree(data / name, folder / FILES / name)

    unfinished.rename(folder / DATABASE)
    manifest = {"revision": revision, "sha256": _sha256(folder / DATABASE)}
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    return manifest


def _copy_database(store: Store, file: Path, report: Report) -> str | None:
    """Copies the database, which is not migrated, to a private file; returns its revision."""
    with reading(store.engine) as connection:
        revision = stored_revision(connection)

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    make_file_private(file)
    if store.is_embedded:
        report("copying the database")
        _copy_sqlite(Path(str(store.engine.url.database)), file)
        return revision

    if revision != newest_revision():
        raise StoreError(
            f"backing up: the database has revision {revision!r}, this Beagle needs "
            f"{newest_revision()!r}; start this Beagle once, or use the one that made it"
        )

    with closing(_open(file)) as copy:
        copy_store(store, copy, report)

    _fold_log(file)
    return revision


def restore(folder: Path, url: str, data: Path, report: Report) -> None:
    """Brings a backup back, into a database without rows; every process has to be stopped.

    Raises StoreError if the backup is damaged or was made by a newer Beagle, and if the database
    has rows already.
    """
    _check(folder)
    with tempfile.TemporaryDirectory(prefix="beagle-restore") as scratch:
        # Migrated in a copy: the backup stays as it was made.
        copy = Path(scratch) / DATABASE
        shutil.copyfile(folder / DATABASE, copy)
        with closing(_open(copy)) as source, closing(open_store(url)) as target:
            _refuse_rows(target)
            copy_store(source, target, report)

    for saved in sorted((folder / FILES).glob("*")):
        report(f"copying {saved.name}")
        shutil.copytree(saved, data / saved.name, dirs_exist_ok=True)


def _check(folder: Path) -> None:
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        checksum = _sha256(folder / DATABASE)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"restoring: {folder} holds no whole backup ({error}); name a folder that "
            "`beagle db backup` has finished"
        ) from error

    if checksum != manifest["sha256"]:
        raise StoreError(
            f"restoring: {folder / DATABASE} was changed since it was made; use another"
        )

    try:
        ScriptDirectory.from_config(alembic_config()).get_revision(manifest["revision"])
    except CommandError as error:
        raise StoreError(
            f"restoring: a newer Beagle made this backup (revision {manifest['revision']!r}); "
            "install that one first"
        ) from error


def _refuse_rows(target: Store) -> None:
    with reading(target.engine) as connection:
        for table in metadata.sorted_tables:
            if count_rows(connection, table):
                raise StoreError(
                    f"restoring: the table {table.name!r} of the database has rows; move the "
                    "database away first, or name an empty one in DATABASE_URL"
                )


def _open(file: Path) -> Store:
    return open_store(f"sqlite:///{file}")


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copies a database that others may be writing to: SQLite starts again where they did."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)


def _fold_log(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA journal_mode=DELETE")


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(READ_BYTES):
            digest.update(block)

    return digest.hexdigest()
