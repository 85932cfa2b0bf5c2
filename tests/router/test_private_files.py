"""Nothing that is not Beagle's loses its rights, whatever the settings name."""

import stat

import pytest

from router.config import Settings
from router.errors import BeagleError
from router.private_files import make_database_private, make_private
from router.store import open_store
from workers.runtime.data_folder import open_data_folder


def rights(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_one_of_ours_are_kept_from_others(tmp_path):
    new, ours = tmp_path / "new", tmp_path / "ours"
    (ours / "encoder").mkdir(parents=True)
    (ours / "encoder" / "model.onnx").write_bytes(b"weights")
    ours.chmod(0o755)

    make_private(new)
    make_private(ours)

    assert rights(new) == rights(ours) == 0o700
    assert rights(ours / "encoder" / "model.onnx") & 0o077 == 0


def test_a_folder_of_other_things_is_refused_and_stays_as_it_is(tmp_path):
    other = tmp_path / "etc"
    other.mkdir()
    (other / "passwd").write_text("root:x:0:0")
    (other / "passwd").chmod(0o644)
    other.chmod(0o755)

    with pytest.raises(BeagleError, match=r"opening the data folder .*other things.*BEAGLE_DATA"):
        open_data_folder(other)

    assert rights(other) == 0o755
    assert rights(other / "passwd") == 0o644


def test_a_file_that_is_no_database_is_refused_and_stays_as_it_is(tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("root:x:0:0:this is no database\n" * 100)
    notes.chmod(0o644)
    settings = Settings(_env_file=None, data=tmp_path, database_url=f"sqlite:///{notes}")

    with pytest.raises(BeagleError, match=r"opening the store: .*notes\.txt"):
        open_store(settings.store_url)

    assert rights(notes) == 0o644
    assert notes.read_text().startswith("root:x:0:0")


def test_a_database_is_kept_from_others(tmp_path):
    path = tmp_path / "beagle.db"
    open_store(f"sqlite:///{path}").close()
    path.chmod(0o644)

    make_database_private(path)

    assert rights(path) == 0o600
