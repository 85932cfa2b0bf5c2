"""Fixtures that tests of the rollout share."""

from __future__ import annotations

from tests.fixtures.rollout import random_walk_store, settings

__all__ = ["random_walk_store", "settings"]
