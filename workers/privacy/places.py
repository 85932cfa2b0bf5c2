"""Every place in a data folder, what it holds, and how people's words leave it.

A test compares it with the folder of a whole installation: a new file has to be entered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from router.workspace_folders import FOLDERS, workspace_folder

Removal = Literal["file", "lines", "database", "none", "weights", "own"]
"""How words leave a file: `file` deletes it where it repeats a person, `lines` only those lines.

The `database` erases its rows itself. With `none` there are no words, and the proof searches it all
the same; `weights` are not searched, nor what is the operator's `own`.
"""

WORKSPACE_FOLDERS = (*FOLDERS, "router")
"""Folders with a sub-folder for each workspace."""


@dataclass(frozen=True, slots=True)
class Place:
    """Files in the data folder: `pattern` is their path, where `*` stands for any text."""

    pattern: str
    holds: str
    removal: Removal


PLACES: tuple[Place, ...] = (
    Place("beagle.db*", "the database with its write-ahead log", "database"),
    Place("router/installation/*", "the examples of the route files", "own"),
    Place("router/*", "examples that a router learned from; made again by training", "file"),
    Place("optimise/*", "recorded replies of models; paid again when missing", "file"),
    Place("training/*.log", "what a training process printed", "lines"),
    Place("training/*", "rows of datasets, checkpoints; made again by training", "file"),
    Place("artefacts/*", "trained weights, which cannot be searched", "weights"),
    Place("encoder/*", "the sentence encoder, as it was published", "weights"),
    Place("appendonlydir/*", "the queue's log: names of jobs and ids", "none"),
    Place("valkey.*", "the queue's socket, lock and log", "none"),
    Place("llama.json", "the address of the model server", "none"),
    Place("llama.*", "the log and the lock of the model server", "lines"),
    Place("checked-weights.*", "hashes of weights", "none"),
    Place("logs/*", "what the processes of a demo printed", "lines"),
    Place("exports.jsonl", "where commands wrote files with people's words", "none"),
    Place("reserve", "room that is given up when the disk is full", "none"),
    Place("clock", "the moment from which leases are timed", "none"),
    Place("folder.json", "the id of this data folder", "none"),
    Place("demo/*", "the data folder of the demo", "own"),
    Place("demo.*", "the lock of a demo, and where its emulator listens", "none"),
    Place("measure*", "what evaluations made from their own data", "own"),
)


def place_of(path: str) -> Place | None:
    """Returns the place of a path relative to the data folder; None where it is not known."""
    return next((place for place in PLACES if fnmatchcase(path, place.pattern)), None)


def searched_files(data: Path, team: str) -> Iterator[tuple[Path, Removal]]:
    """Yields the files that may hold words of the workspace's people, and how those leave them.

    A folder of another workspace holds only what was written there. A file that nobody entered
    here is searched, and never removed.
    """
    theirs = workspace_folder(data, team).name
    for path, place in files_in(data):
        removal: Removal = place.removal if place is not None else "none"
        parts = path.relative_to(data).parts
        is_foreign = parts[0] in WORKSPACE_FOLDERS and len(parts) > 2 and parts[1] != theirs
        if removal not in ("database", "weights", "own") and not is_foreign:
            yield path, removal


def files_in(data: Path) -> Iterator[tuple[Path, Place | None]]:
    """Yields every regular file of the data folder with its place."""
    for path in sorted(data.rglob("*")):
        # A link may lead out of the folder.
        if path.is_file() and not path.is_symlink():
            yield path, place_of(path.relative_to(data).as_posix())
