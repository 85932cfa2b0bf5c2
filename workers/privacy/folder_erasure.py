"""Erases people and workspaces in the files of one data folder.

Every process does it in the folder that it has, because a container shares none with the bot. It
gets digests of the person's sentences, never their words.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from router.log import get_log
from router.store import Store
from router.store.privacy.erasures import Erasure
from router.store.privacy.sentences import Sentences
from router.workspace_folders import workspace_folder
from workers.privacy.exports import exported_files
from workers.privacy.places import WORKSPACE_FOLDERS, searched_files

ID_FILE = "folder.json"
RECORDINGS, TRAINING = "optimise", "training"


@dataclass(slots=True)
class FolderErasures:
    """Runs the erasures that this process's data folder has not confirmed yet.

    `name` is how people may call the folder: the machine's name.
    """

    store: Store
    data: Path
    name: str
    now: Callable[[], float]
    _folder: str = field(default="", init=False)

    def run_once(self) -> int:
        """Erases what is pending and confirms it; returns how many erasures it were."""
        if not self._folder:
            self._folder = folder_id(self.data)

        self.store.erasures.see_folder(self._folder, self.name, self.now())
        pending = self.store.erasures.pending(self._folder)
        for erasure in pending:
            left = erase_in_folder(self.data, erasure)
            self.store.erasures.confirm(erasure.id, self._folder, len(left), self.now())
            get_log(part="erasure").info(
                "folder_erased", erasure=erasure.id, left=[str(file) for file in left]
            )

        return len(pending)


def folder_id(data: Path) -> str:
    """Returns the id of a data folder, which all its processes share; makes it at first."""
    data.mkdir(parents=True, exist_ok=True)
    file = data / ID_FILE
    partial = data / f"{ID_FILE}.{os.getpid()}.partial"
    partial.write_text(json.dumps({"id": uuid.uuid4().hex}), "utf-8")
    try:
        # Unlike a rename it fails where another process was first.
        os.link(partial, file)
    except FileExistsError:
        pass
    finally:
        partial.unlink()

    return str(json.loads(file.read_text("utf-8"))["id"])


def erase_in_folder(data: Path, erasure: Erasure) -> list[Path]:
    """Erases the person, or the workspace, in the files; returns those that still repeat them."""
    if not erasure.user:
        for name in WORKSPACE_FOLDERS:
            shutil.rmtree(workspace_folder(data / name, erasure.team), ignore_errors=True)

        return []

    # A reply to the person's message may say the same in other words, so all of them go.
    shutil.rmtree(workspace_folder(data / RECORDINGS, erasure.team), ignore_errors=True)
    for dataset in erasure.datasets:
        for folder in workspace_folder(data / TRAINING, erasure.team).glob(f"{dataset}-*"):
            shutil.rmtree(folder, ignore_errors=True)

    left = []
    for file, removal in searched_files(data, erasure.team):
        if not _repeats(file, erasure.sentences):
            continue

        if removal == "file":
            file.unlink(missing_ok=True)
        elif removal == "lines":
            _remove_lines(file, erasure.sentences)
        else:
            left.append(file)

    return left + _erase_exports(exported_files(data), erasure.sentences)


def _erase_exports(files: Iterable[Path], sentences: Sentences) -> list[Path]:
    """Deletes the exported files that repeat the person; returns those that could not be."""
    left = []
    for file in files:
        try:
            if _repeats(file, sentences):
                file.unlink()
        except OSError:
            left.append(file)

    return left


def _repeats(file: Path, sentences: Sentences) -> bool:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return False

    return bool(sentences.found_in(data.decode("utf-8", "replace")))


def _remove_lines(file: Path, sentences: Sentences) -> None:
    """Removes the lines in place: a process may have the file open and go on writing to it."""
    lines = file.read_text("utf-8", errors="replace").splitlines(keepends=True)
    kept = [line for line in lines if not sentences.found_in(line)]
    file.write_text("".join(kept), "utf-8")
