"""Removes all data of a workspace that uninstalled Beagle."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from router.store import Store
from router.store.privacy.erasures import Erasure
from router.store.privacy.sentences import Sentences


def purge_workspace(store: Store, team: str) -> Mapping[str, int]:
    """Deletes every row of the workspace and overwrites the bytes; returns how many rows, by table.

    Every process deletes the workspace's folders in its own data folder within a minute. Calling it
    twice is safe. Raises StoreError when the bytes could not be overwritten yet.
    """
    # The rows go first: if overwriting fails, at least nothing can be read through Beagle.
    rows = store.personal_data.delete_team(team)
    # Nothing is searched for: whole folders are the workspace's.
    store.erasures.start(Erasure(uuid.uuid4().hex, team, "", Sentences(b""), (), at=0.0))
    # What was deleted is an event, too; counting leaves none, and makes its hours empty.
    store.usage_counts.count_events()
    store.personal_data.overwrite_deleted()
    return rows
