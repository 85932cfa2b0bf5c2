"""Fixtures that tests of the encoder share."""

from __future__ import annotations

from tests.fixtures.router import examples, trigrams

__all__ = ["examples", "trigrams"]
