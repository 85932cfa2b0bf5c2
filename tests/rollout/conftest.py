"""Fixtures that tests of the rollout share."""

from __future__ import annotations

from tests.fixtures.rollout import no_base_model, random_walk_store, rollout, settings

__all__ = ["no_base_model", "random_walk_store", "rollout", "settings"]
