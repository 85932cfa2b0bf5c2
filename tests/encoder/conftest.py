"""Fixtures that tests of the encoder share."""

from __future__ import annotations

from tests.fixtures.router import trigrams

__all__ = ["trigrams"]
