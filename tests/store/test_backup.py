"""A backup is whole, and a damaged or newer one is refused."""

from __future__ import annotations

import json

import pytest

from router.errors import StoreError
from router.store import open_store
from router.store.base.tables import metadata
from router.store.data.backup import back_up, restore
from router.store.data.raw_rows import table_state
from tests.fixtures.every_row import fill_every_table


def silent(_line: str) -> None:
    """Reports nothing."""


def url_of(store) -> str:
    return store.engine.url.render_as_string(hide_password=False)


def states(store):
    with store.engine.connect() as connection:
        return {table.name: table_state(connection, table) for table in metadata.sorted_tables}


@pytest.fixture
def full_store(every_store):
    with every_store.begin() as connection:
        fill_every_table(connection, metadata)

    return every_store


@pytest.fixture
def data(tmp_path):
    """A data folder with trained files."""
    trained = tmp_path / "data" / "artefacts" / "T1" / "adapter.gguf"
    trained.parent.mkdir(parents=True)
    trained.write_bytes(b"weights")
    return tmp_path / "data"


def test_a_backup_made_while_somebody_writes_comes_back(
    full_store, data, tmp_path, make_request, clock
) -> None:
    before = states(full_store)

    def write(_line: str) -> None:
        full_store.requests.insert(make_request(), clock())

    back_up(url_of(full_store), data, tmp_path / "backup", write)
    url = f"sqlite:///{tmp_path}/new/beagle.db"
    (tmp_path / "new").mkdir()
    restore(tmp_path / "backup", url, tmp_path / "new", silent)

    restored = open_store(url)
    after = states(restored)
    restored.close()
    for name in ("audit", "document", "candidate", "dataset", "artefact"):
        assert after[name] == before[name]

    assert after["request"].rows >= before["request"].rows
    assert (tmp_path / "new/artefacts/T1/adapter.gguf").read_bytes() == b"weights"


def test_a_backup_comes_back_on_postgresql(sqlite_store, databases, data, tmp_path) -> None:
    with sqlite_store.begin() as connection:
        fill_every_table(connection, metadata)

    back_up(url_of(sqlite_store), data, tmp_path / "backup", silent)
    url = databases.empty()

    restore(tmp_path / "backup", url, tmp_path / "new", silent)

    restored = open_store(url)
    assert states(restored) == states(sqlite_store)
    restored.close()


@pytest.fixture
def backup(sqlite_store, data, tmp_path):
    folder = tmp_path / "backup"
    back_up(url_of(sqlite_store), data, folder, silent)
    return folder


def refusal(backup, tmp_path) -> str:
    with pytest.raises(StoreError) as caught:
        restore(backup, f"sqlite:///{tmp_path}/new.db", tmp_path / "new", silent)

    return str(caught.value)


def test_a_backup_of_a_newer_beagle_is_refused(backup, tmp_path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text("utf-8"))
    (backup / "manifest.json").write_text(json.dumps({**manifest, "revision": "9999"}), "utf-8")

    assert "newer Beagle" in refusal(backup, tmp_path)


def test_a_damaged_backup_is_refused(backup, tmp_path) -> None:
    with (backup / "beagle.db").open("ab") as file:
        file.write(b"x")

    assert "changed" in refusal(backup, tmp_path)


def test_half_a_backup_is_refused(backup, tmp_path) -> None:
    (backup / "manifest.json").unlink()

    assert "no whole backup" in refusal(backup, tmp_path)


def test_a_database_with_rows_is_not_overwritten(backup, tmp_path, make_request, clock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/new.db")
    store.requests.insert(make_request(), clock())
    store.close()

    assert "'request'" in refusal(backup, tmp_path)


def test_a_folder_that_is_not_empty_is_refused(sqlite_store, backup, data) -> None:
    with pytest.raises(StoreError, match="not empty"):
        back_up(url_of(sqlite_store), data, backup, silent)
