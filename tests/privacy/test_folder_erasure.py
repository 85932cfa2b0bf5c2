"""Every file of a data folder is known, and people's words leave the folders of all processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.dataset.rows import write_rows
from router.config import Settings
from router.store.privacy.erasures import FOLDER_SECONDS, Erasure
from router.store.privacy.sentences import Sentences, WrittenText
from router.store.weekly.datasets import StoredDataset
from router.workspace_folders import FOLDERS, workspace_folder
from workers.privacy.folder_erasure import FolderErasures, erase_in_folder, folder_id
from workers.privacy.places import PLACES, WORKSPACE_FOLDERS, place_of
from workers.privacy.workspace_purge import purge_workspace

WORDS = "the walrus at gate seventeen wants an umbrella"
OTHER = "nobody else wrote about the tide table"


def write(file: Path, text: str = WORDS) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def order():
    sentences = Sentences(b"k" * 16, [WrittenText(WORDS)])
    return Erasure("e1", "T1", "U1", sentences, ("d1",), 0.0)


@pytest.fixture
def process(store, clock, tmp_path):
    """Makes a process with a data folder of its own."""

    def make(name: str) -> FolderErasures:
        return FolderErasures(store, tmp_path / name, name, clock)

    return make


def test_recordings_and_trainings_go_whole(tmp_path, order):
    mine = workspace_folder(tmp_path / "optimise", "T1") / "a" / "calls.jsonl"
    dataset = workspace_folder(tmp_path / "training", "T1") / "d1-run" / "data" / "train.jsonl"
    other = workspace_folder(tmp_path / "training", "T1") / "d2-run" / "data" / "train.jsonl"
    for file in (mine, dataset, other):
        write(file, OTHER)

    assert erase_in_folder(tmp_path, order) == []

    assert [file.exists() for file in (mine, dataset, other)] == [False, False, True]


def test_a_file_goes_and_a_log_loses_lines(tmp_path, order):
    router = write(workspace_folder(tmp_path / "router", "T1") / "router-1.npz")
    log = write(tmp_path / "training" / "T1" / "d2-run" / "training.log", f"step\n{WORDS}\nend\n")

    assert erase_in_folder(tmp_path, order) == []

    assert not router.exists()
    assert log.read_text("utf-8") == "step\nend\n"


def test_another_workspace_s_files_are_not_touched(tmp_path, order):
    files = [workspace_folder(tmp_path / name, "T2") / "a" / "calls.jsonl" for name in FOLDERS]
    for file in files:
        write(file)

    assert erase_in_folder(tmp_path, order) == []
    assert all(file.exists() for file in files)


def test_a_file_that_nobody_entered_is_reported_and_stays(tmp_path, order):
    file = write(tmp_path / "new-cache" / "page.bin")

    assert erase_in_folder(tmp_path, order) == [file]
    assert file.exists()


def test_an_exported_file_goes_wherever_it_was_written(tmp_path, store, order):
    rows = [{"text": WORDS, "answer": "a", "user": "U1", "at": 1.0, "origin": "outcome"}]
    store.datasets.insert(StoredDataset("T1", "d1", None, "triage", rows, {}, 1.0))
    settings = Settings(_env_file=None, data=tmp_path / "data", database_url=str(store.engine.url))
    settings.data.mkdir()
    file = tmp_path / "elsewhere.jsonl"
    write_rows(settings, "d1", file)
    assert WORDS in file.read_text("utf-8")

    assert erase_in_folder(settings.data, order) == []
    assert not file.exists()


def test_every_process_erases_in_its_own_folder_and_confirms(store, process, order, clock):
    processes = [process(name) for name in ("bot", "worker-1", "worker-2")]
    for one in processes:
        one.run_once()
        write(workspace_folder(one.data / "optimise", "T1") / "a" / "calls.jsonl")

    store.erasures.start(order)
    for one in processes:
        assert not store.erasures.get("e1").confirmed
        assert one.run_once() == 1
        assert one.run_once() == 0

    assert store.erasures.get("e1").confirmed
    assert not list(processes[1].data.parent.rglob("calls.jsonl"))


def test_two_processes_in_one_folder_confirm_once(store, process, order):
    first, second = process("bot"), process("bot")
    first.run_once()
    second.run_once()
    store.erasures.start(order)

    assert [one.run_once() for one in (first, second)] == [1, 0]
    assert folder_id(first.data) == folder_id(second.data)


def test_a_folder_that_is_gone_for_a_month_is_not_waited_for(store, process, order, clock):
    process("gone").run_once()
    clock.forward(FOLDER_SECONDS + 1.0)
    process("bot").run_once()

    store.erasures.start(order)

    assert [folder.name for folder in store.erasures.get("e1").folders] == ["bot"]


def test_what_is_stored_for_other_processes_holds_no_word(store, order, tmp_path):
    store.erasures.start(order)
    store.close()

    assert not any(WORDS.encode() in file.read_bytes() for file in tmp_path.rglob("*.db*"))


def test_an_uninstalled_workspace_leaves_the_folders_of_every_process(store, process):
    processes = [process(name) for name in ("bot", "worker")]
    kept = []
    for one in processes:
        one.run_once()
        for name in WORKSPACE_FOLDERS:
            write(workspace_folder(one.data / name, "T1") / "a.bin")
            kept.append(write(workspace_folder(one.data / name, "T2") / "a.bin"))

    purge_workspace(store, "T1")
    for one in processes:
        one.run_once()

    assert not list(processes[0].data.parent.rglob("T1"))
    assert all(file.exists() for file in kept)


def test_the_places_name_every_folder_of_a_workspace():
    for name in WORKSPACE_FOLDERS:
        place = place_of(f"{name}/T1/x/y.bin")
        assert place is not None
        assert place.pattern != "*"

    assert place_of("something-new/file.bin") is None
    assert len({place.pattern for place in PLACES}) == len(PLACES)


def test_the_ledger_of_exports_holds_paths_only(tmp_path, store):
    settings = Settings(_env_file=None, data=tmp_path, database_url=str(store.engine.url))
    rows = [{"text": WORDS, "answer": "a", "user": "U1", "at": 1.0, "origin": "outcome"}]
    store.datasets.insert(StoredDataset("T1", "d1", None, "triage", rows, {}, 1.0))
    write_rows(settings, "d1", tmp_path / "rows.jsonl")

    lines = (tmp_path / "exports.jsonl").read_text("utf-8").splitlines()

    assert [json.loads(line) for line in lines] == [{"path": str(tmp_path / "rows.jsonl")}]
