"""Notices changes in route folders on disk."""

from __future__ import annotations

from pathlib import Path

from router.catalog.catalog import load_routes, reload_routes


class RouteWatcher:
    """Polls route folders and holds the catalogue that they describe.

    `larger_model` is as in `load_routes`.
    """

    def __init__(self, *folders: Path, larger_model: bool = True) -> None:
        self._folders = folders
        self._larger_model = larger_model
        # Before the files are read: a change in between is then noticed by the next poll.
        self._snapshot = self._take_snapshot()
        self.catalog = load_routes(*folders, larger_model=larger_model)

    def poll(self) -> bool:
        """Returns whether a file was added, removed or written since the last call.

        If so, `catalog` is reloaded. A route that cannot be read keeps its last good version, and
        `catalog.problems` says why.
        """
        snapshot = self._take_snapshot()
        if snapshot == self._snapshot:
            return False

        self._snapshot = snapshot
        self.catalog = reload_routes(self.catalog, *self._folders, larger_model=self._larger_model)
        return True

    def _take_snapshot(self) -> frozenset[tuple[str, int, int]]:
        """Returns path, modification time (ns) and size of each file."""
        snapshot = set()
        for folder in self._folders:
            for file in folder.glob("*/*"):
                try:
                    stat = file.stat()
                except FileNotFoundError:
                    continue  # removed since it was listed; its absence is the change

                snapshot.add((str(file), stat.st_mtime_ns, stat.st_size))

        return frozenset(snapshot)
