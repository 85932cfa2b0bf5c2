"""Fixtures that tests of the listeners share."""

from __future__ import annotations

from tests.fixtures.knowledge import index, page

__all__ = ["index", "page"]
