"""Removes files of workspaces that the store does not know any more, in one data folder.

Folders that are known when a workspace leaves are told so (`folder_erasure`). This finds what they
missed: a folder that was away for long, and files of older releases. All of them are copies, or
are made again when they are missing.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from router.log import get_log
from router.store import Store
from router.workspace_folders import FOLDERS, INSTALLATION_FOLDER, folder_name

INTERVAL_SECONDS = 60.0
"""How often a process looks for files of workspaces that left."""


def remove_files_of_others(store: Store, data: Path) -> list[str]:
    """Removes what belongs to no workspace that the store knows; returns what was removed.

    That includes what older releases wrote, which does not say whose it is.
    """
    kept = {INSTALLATION_FOLDER, *map(folder_name, store.known_teams.with_rollouts())}
    removed = []
    for name in FOLDERS:
        for path in _entries(data / name, kept):
            # A terminal may work for a workspace that has asked, and has no rollout yet.
            if store.known_teams.has_requests(path.name):
                continue

            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

            removed.append(f"{name}/{path.name}")

    if removed:
        get_log(part="housekeeping").info("workspace_files_removed", paths=removed)

    return removed


def _entries(folder: Path, kept: Collection[str]) -> list[Path]:
    if not folder.is_dir():
        return []

    return [path for path in sorted(folder.iterdir()) if path.name not in kept]
