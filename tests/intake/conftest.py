"""Fixtures that tests of intake share."""

from __future__ import annotations

from tests.fixtures.knowledge import index, page

__all__ = ["index", "page"]
