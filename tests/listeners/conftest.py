"""Fixtures that tests of the listeners share."""

from __future__ import annotations

from tests.fixtures.knowledge import index

__all__ = ["index"]
