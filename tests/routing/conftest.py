"""Fixtures that tests of the routing share."""

from __future__ import annotations

from tests.fixtures.delivery import make_context
from tests.fixtures.router import router

__all__ = ["make_context", "router"]
