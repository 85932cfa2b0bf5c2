"""Fixtures that tests of mining share."""

from __future__ import annotations

from tests.fixtures.mining import (
    chatter_fixture,
    encode,
    no_map,
    now,
    repeated_requests_fixture,
)

__all__ = ["chatter_fixture", "encode", "no_map", "now", "repeated_requests_fixture"]
