"""A full disk can be emptied by deleting, and a file gives back the room of what was deleted."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from router.errors import StoreError
from router.store.base import disk_reserve
from router.store.base.disk_reserve import RESERVE_BYTES
from tests.fixtures.machine import may_mount


def fill(store, make_request, count=400):
    for number in range(count):
        store.requests.insert(make_request("word " * 400, id=f"r{number}", ts=f"{number}.0"), 1.0)


def delete_all(store):
    with store.begin() as connection:
        connection.execute(text("DELETE FROM request"))


def test_the_file_becomes_smaller_without_a_copy(sqlite_store, make_request, tmp_path):
    file = tmp_path / "beagle.db"
    fill(sqlite_store, make_request)
    sqlite_store.personal_data.overwrite_deleted()
    before = file.stat().st_size

    delete_all(sqlite_store)
    sqlite_store.personal_data.overwrite_deleted()

    assert file.stat().st_size < before / 2


def test_a_disk_without_room_for_a_copy_is_told(sqlite_store, monkeypatch):
    monkeypatch.setattr(
        "router.store.privacy.overwriting.shutil.disk_usage", lambda _: SimpleNamespace(free=1)
    )

    with pytest.raises(StoreError, match=r"needs \d+ MB of free disk, found 0 MB"):
        sqlite_store.personal_data.rewrite_file()


def test_the_reserve_is_lent_on_a_full_disk_and_laid_aside_again(
    sqlite_store, tmp_path, monkeypatch
):
    free = [10**12]
    monkeypatch.setattr(disk_reserve, "_free_bytes", lambda _: free[0])
    file = tmp_path / "reserve"
    with sqlite_store.disk_reserve.lent():
        assert not file.exists()
    assert file.stat().st_size == RESERVE_BYTES
    assert file.stat().st_mode & 0o077 == 0

    free[0] = 100
    with sqlite_store.disk_reserve.lent():
        assert not file.exists()
    # The disk is still full: what was given is needed more there.
    assert not file.exists()

    free[0] = 10**12
    sqlite_store.disk_reserve.lay_aside()
    assert file.exists()


def test_with_room_enough_the_reserve_stays(sqlite_store, tmp_path, monkeypatch):
    monkeypatch.setattr(disk_reserve, "_free_bytes", lambda _: 10**12)
    sqlite_store.disk_reserve.lay_aside()

    with sqlite_store.disk_reserve.lent():
        assert (tmp_path / "reserve").exists()


@pytest.mark.chaos
def test_a_full_disk_is_emptied_by_retention(tmp_path):
    if not may_mount():
        pytest.skip("no disk may be mounted here")

    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], check=True)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "tests.store.fill_disk", str(folder)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)

    assert result.stdout.splitlines() == ["full", "emptied", "writes again"], result.stderr
