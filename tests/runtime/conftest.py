"""Fixtures that tests of the runtime share."""

from __future__ import annotations

from tests.fixtures.delivery import broker

__all__ = ["broker"]
