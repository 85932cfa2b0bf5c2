"""Notices when a route folder changed on disk."""

from __future__ import annotations

from pathlib import Path

from router.catalog.catalog import load_routes, reload


class Folders:
    """Route folders and what was last seen in them."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self._seen = self._look()
        self.catalog = load_routes(*folders)

    def changed(self) -> bool:
        """Whether a file came, went or was written since the last call; then `catalog` is the new one.

        A route that cannot be read stays as it was, and `catalog.problems` says why.
        """
        now = self._look()
        if now == self._seen:
            return False

        self._seen = now
        self.catalog = reload(self.catalog, *self._folders)
        return True

    def _look(self) -> frozenset[tuple[str, int, int]]:
        found = set()
        for folder in self._folders:
            for file in folder.glob("*/*"):
                try:
                    state = file.stat()
                except FileNotFoundError:
                    continue  # it went between the listing and the look; its absence is the change

                found.add((str(file), state.st_mtime_ns, state.st_size))

        return frozenset(found)
