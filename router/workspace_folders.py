"""Where a workspace's own files are below the data folder: in folders of its own, by its id.

Each of `FOLDERS` has one sub-folder for each workspace, and one for the installation. So nothing of
one workspace is read for another, and all of it can be removed with the workspace.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

FOLDERS = ("artefacts", "optimise", "training")
"""Folders in the data folder that hold what rollouts make, all of it made again when missing."""
INSTALLATION_FOLDER = "installation"
SLACK_ID = re.compile(r"[A-Z0-9]{1,32}")


def folder_name(team: str) -> str:
    """Returns the name of the workspace's folder: its Slack id, a hash of any other text.

    Two workspaces never share a name, and no name leaves its folder.
    """
    if not team:
        return INSTALLATION_FOLDER
    if SLACK_ID.fullmatch(team):
        return team

    # In lower case, which no Slack id is.
    return f"x{hashlib.sha256(team.encode()).hexdigest()[:32]}"


def workspace_folder(folder: Path, team: str) -> Path:
    """Returns the workspace's folder in `folder`, which may not exist yet."""
    return folder / folder_name(team)
