"""Fixtures that tests of the router share."""

from __future__ import annotations

from tests.fixtures.rollout import random_walk_store
from tests.fixtures.router import examples, router, routes, trigrams

__all__ = ["examples", "random_walk_store", "router", "routes", "trigrams"]
