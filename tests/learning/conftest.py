"""Fixtures that tests of learning share."""

from __future__ import annotations

from tests.fixtures.router import examples, router, routes, trigrams

__all__ = ["examples", "router", "routes", "trigrams"]
