"""Names of adapters on the local model server, which all workspaces share.

An adapter of a route's file has its own name. One that a workspace trained is known under the
workspace's id and its name, so that no request of another workspace can ask for it.
"""

from __future__ import annotations

from router.types import INSTALLATION

SEPARATOR = "/"


def adapter_key(team: str, name: str) -> str:
    """Returns the server's name of an adapter that the workspace, or the installation, has."""
    return name if team == INSTALLATION else f"{team}{SEPARATOR}{name}"


def parse_adapter_key(key: str) -> tuple[str, str]:
    """Returns the workspace and the adapter's own name. Names of adapters have no separator."""
    team, _, name = key.rpartition(SEPARATOR)
    return team, name
