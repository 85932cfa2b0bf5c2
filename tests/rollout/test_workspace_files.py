"""What a rollout writes to disk is in its workspace's folder, and goes with the workspace."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.workspace_folders import FOLDERS, folder_name, workspace_folder
from workers.privacy.folder_erasure import FolderErasures
from workers.privacy.workspace_files import remove_files_of_others
from workers.privacy.workspace_purge import purge_workspace

WORD = "name5"
"""In the requests that the adapter learns from."""


@pytest.fixture
def trained(rollout):
    """A rollout whose adapter was trained, and is on this machine."""
    rollout.run_until_waiting()
    rollout.accept_dataset()
    rollout.run_until_waiting()

    adapter = rollout.context.exact_version("T1", "boxes", rollout.trained_version()).adapter
    folder = rollout.context.settings.artefact_folder("T1")
    assert rollout.store.artefacts.materialise("T1", adapter, folder) is not None
    return rollout


def paths(data):
    return [path.relative_to(data) for path in sorted(data.rglob("*"))]


def test_every_file_of_a_rollout_is_in_its_workspaces_folder(trained):
    found = paths(trained.context.settings.data)

    assert {path.parts[0] for path in found} >= {"artefacts", "training"}
    for path in found:
        assert path.parts[0] in FOLDERS
        assert path.parts[1:2] in ((), ("T1",)), path


def test_an_adapter_is_read_by_its_own_workspace_only(trained, tmp_path):
    adapter = trained.context.exact_version("T1", "boxes", trained.trained_version()).adapter

    for team in ("T2", ""):
        assert trained.store.artefacts.materialise(team, adapter, tmp_path / "there") is None

    assert not (tmp_path / "there").exists()


def test_a_workspace_that_leaves_takes_versions_reports_and_files_along(trained):
    data, store = trained.context.settings.data, trained.store
    version = trained.trained_version()
    other = workspace_folder(data / "training", "T2")
    other.mkdir()
    FolderErasures(store, data, "here", trained.clock).run_once()
    purge_workspace(store, "T1")
    FolderErasures(store, data, "here", trained.clock).run_once()

    assert other.is_dir()
    assert not [path for path in paths(data) if "T1" in path.parts]
    assert not [path for path in data.rglob("*") if path.is_file() and WORD in path.read_text()]
    assert store.versions.get("T1", "boxes", version) is None
    assert store.versions.live("T1", "boxes").id == trained.live.id
    assert store.datasets.newest_report("T1", "boxes") is None
    assert store.datasets.newest_for_candidate("T1", "T1:c1") is None


def test_a_machine_that_was_away_removes_its_copies_too(trained, tmp_path):
    data, elsewhere = trained.context.settings.data, tmp_path / "elsewhere"
    shutil.copytree(data, elsewhere)
    # Files of an older release do not say whose they are.
    (elsewhere / "training" / "d1-abc").mkdir()
    (elsewhere / "artefacts" / "boxes-abc.gguf").write_text("weights")
    workspace_folder(elsewhere / "optimise", "").mkdir(parents=True)

    assert remove_files_of_others(trained.store, elsewhere) == [
        "artefacts/boxes-abc.gguf",
        "training/d1-abc",
    ]
    assert "T1" in {path.name for path in elsewhere.rglob("*")}

    purge_workspace(trained.store, "T1")
    assert sorted(remove_files_of_others(trained.store, elsewhere)) == [
        "artefacts/T1",
        "training/T1",
    ]
    assert workspace_folder(elsewhere / "optimise", "").is_dir()
    assert remove_files_of_others(trained.store, elsewhere) == []


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_two_workspaces_share_a_folder_and_none_leaves_it(one, other):
    name = folder_name(one)
    assert name == name.strip("/.")
    assert not {"/", "\0"} & set(name)
    assert (name == folder_name(other)) == (one == other)


@pytest.mark.parametrize("team", ["../T1", "T1/../T2", "installation", "t1", "T" * 400, "\0"])
def test_an_odd_id_gets_a_folder_of_its_own(tmp_path, team):
    folder = workspace_folder(tmp_path, team)
    assert folder.parent == tmp_path
    assert folder.name not in ("T1", "T2", "installation")
