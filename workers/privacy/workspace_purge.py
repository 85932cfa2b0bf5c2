"""Removes all data of a workspace that uninstalled Beagle."""

from __future__ import annotations

from collections.abc import Mapping

from router.store import Store


def purge_workspace(store: Store, team: str) -> Mapping[str, int]:
    """Deletes every row of the workspace and overwrites the bytes; returns how many rows, by table.

    Calling it twice is safe. Raises StoreError when the bytes could not be overwritten yet.
    """
    # The rows go first: if overwriting fails, at least nothing can be read through Beagle.
    rows = store.personal_data.delete_team(team)
    store.personal_data.overwrite_deleted()
    return rows
