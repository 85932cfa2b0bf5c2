"""What is known of the quality of routes' tiers, read from the store a little at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.store import Store
from router.store.versions.quality import JudgedRow
from workers.runtime.bounded import BoundedDict

FRESH_SECONDS = 2.0
"""Within so many seconds a decision relies on what the last one read."""
OVERLAP_SECONDS = 120.0
"""An opinion may be stored this long after the moment it carries: processes' clocks differ."""
MAX_ROWS = 1_500
"""Newest opinions of a route in memory; older ones count for next to nothing."""
MAX_ROUTES = 500
"""Routes of workspaces in memory."""
MEASURED_SECONDS = 60.0
"""Seconds after which it is looked up again whether a version has been measured."""


@dataclass(slots=True)
class _Loaded:
    read_at: float = float("-inf")
    newest: float = 0.0
    rows: dict[tuple[str, int, str], JudgedRow] = field(default_factory=dict)
    measured_at: float = float("-inf")
    measured: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    versions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RouteQuality:
    """The opinions on a route's answers, and the measurements of its versions by their ids."""

    rows: Sequence[JudgedRow]
    measured: Mapping[str, Mapping[str, Any]]


class QualityReader:
    """Reads what is new since the last time: a decision costs one small query at most.

    Safe for many threads.
    """

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._loaded: BoundedDict[tuple[str, str], _Loaded] = BoundedDict(MAX_ROUTES)

    def read(self, team: str, route: str, versions: Sequence[str]) -> RouteQuality:
        """Returns what is known of the route's versions in the workspace."""
        now = self._now()
        with self._lock:
            loaded = self._loaded.setdefault((team, route), _Loaded())
            if now - loaded.read_at >= FRESH_SECONDS or now < loaded.read_at:
                self._refresh(team, route, loaded, now)

            wanted = frozenset(versions)
            missing = wanted - loaded.measured.keys()
            is_due = missing and now - loaded.measured_at >= MEASURED_SECONDS
            if is_due or not wanted <= loaded.versions:
                loaded.measured = self._store.quality.measurements(team, route, sorted(wanted))
                loaded.measured_at, loaded.versions = now, wanted

            return RouteQuality(tuple(loaded.rows.values()), loaded.measured)

    def forget(self, team: str) -> None:
        """Removes what is known of a workspace that left."""
        with self._lock:
            for key in [key for key in self._loaded if key[0] == team]:
                self._loaded.pop(key, None)

    def _refresh(self, team: str, route: str, loaded: _Loaded, now: float) -> None:
        after = loaded.newest - OVERLAP_SECONDS if loaded.rows else 0.0
        for row in self._store.quality.recent(team, route, after, MAX_ROWS):
            loaded.rows[row.request, row.revision, row.version] = row
            loaded.newest = max(loaded.newest, row.judged_at)

        if len(loaded.rows) > 2 * MAX_ROWS:
            newest = sorted(loaded.rows.items(), key=lambda item: -item[1].judged_at)
            loaded.rows = dict(newest[:MAX_ROWS])

        loaded.read_at = now
