"""Fixtures that tests of the classifier share."""

from __future__ import annotations

from tests.fixtures.router import examples, routes

__all__ = ["examples", "routes"]
